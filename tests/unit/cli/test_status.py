"""What does `ostiary status` say of a gateway that runs?"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.unit.cli.test_admin import TOKEN, Listener

from ostiary.cli.documents import schema_of
from ostiary.cli.run import run
from ostiary.cli.status_show import shown

FACTS: dict[str, Any] = {
    "version": "1.2.3",
    "state": "ready",
    "at": 1_800_000_000.0,
    "started": 1_800_000_000.0 - 7_300,
    "configuration": {"file": "gateway.yaml", "digest": "f9c72a", "read": 1_799_999_940.0, "last_change_taken": True},
    "degraded": [{"kind": "issuer", "name": "bank", "condition": "stale", "reason": "keys.unavailable"}],
    "workers": [],
    "requests": {"allow": 1240.0, "deny": 3.0, "error": 0, "under_way": 1.0, "connections": 2.0},
    "refused": [{"reason": "token.expired", "count": 3.0}],
    "routes": [
        {"name": "accounts", "match": {"path": "/a/**"}, "requests": 1243.0, "2xx": 1240.0, "3xx": 0, "4xx": 3.0,
         "5xx": 0, "p99_seconds": 0.025},
    ],
    "issuers": [{"name": "bank", "keys": 2.0, "fetched": 1_799_990_000.0, "stale": True, "void": False}],
    "credentials": [],
    "keys": [],
    "upstreams": [{"name": "accounts", "endpoint": "http://10.0.0.5:9000", "up": False}],
    "certificates": [{"role": "server", "name": "public", "ends": 1_800_000_000.0 + 3 * 86_400}],
}  # fmt: skip


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    running = Listener()
    running.content = json.dumps(FACTS).encode()
    thread = threading.Thread(target=running.server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("OSTIARY_ADMIN_TOKEN", TOKEN)
    yield running
    running.server.shutdown()
    running.server.server_close()
    thread.join()


def test_it_says_what_the_status_page_says(listener: Listener, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--admin", listener.url]) == 0
    told = capsys.readouterr().out
    assert told.startswith("Ostiary 1.2.3 is degraded\nup 2 h 1 min")
    for line in (
        "1,240 allowed, 3 denied, 0 failed, 1 under way, 2 connections",
        "! issuer bank is stale: keys.unavailable",
        "  token.expired  3",
        "  accounts  http://10.0.0.5:9000  could not be reached",
    ):
        assert f"\n{line}\n" in told
    assert "\x1b" not in told + TOKEN
    assert [(method, path) for method, path, *_ in listener.asked] == [("GET", "/status.json")]


def test_what_ends_soon_has_a_mark_and_not_only_a_colour() -> None:
    assert "\n! server  public  in 3 d 0 h" in shown(FACTS, colour=False)
    assert "\x1b[33m! server  public  in 3 d 0 h\x1b[0m" in shown(FACTS, colour=True)


def test_a_name_from_elsewhere_moves_no_cursor() -> None:
    facts = FACTS | {"refused": [{"reason": "\x1b[2J", "count": 1.0}]}
    assert "\x1b" not in shown(facts, colour=False)


def test_json_is_the_listeners_own_document(listener: Listener, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--admin", listener.url, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == FACTS
    Draft202012Validator(schema_of("status")).validate(document)


@pytest.mark.parametrize("state", ["starting", "draining"])
def test_who_takes_no_requests_is_a_no(state: str, listener: Listener, capsys: pytest.CaptureFixture[str]) -> None:
    listener.content = json.dumps(FACTS | {"state": state}).encode()
    assert run(["status", "--admin", listener.url]) == 1
    assert f"is {state}\n" in capsys.readouterr().out


def test_watching_shows_one_document_a_line_until_it_is_interrupted(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    naps = iter([None, None, KeyboardInterrupt])

    def nap(_: float) -> None:
        if ended := next(naps):
            raise ended

    monkeypatch.setattr(time, "sleep", nap)
    assert run(["status", "--admin", listener.url, "--json", "--watch"]) == 130
    assert [json.loads(line)["version"] for line in capsys.readouterr().out.splitlines()] == ["1.2.3"] * 3


def test_the_configuration_says_where_to_ask(
    listener: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    minimal = (
        "version: 1\nlisteners: {a: {bind: 127.0.0.1:8443, plaintext: accepted}}\n"
        "upstreams: {s: {endpoints: ['http://127.0.0.1:1']}}\n"
        "routes: [{name: r, match: {path: /**}, authenticate: {anonymous: {}}, authorize: anyone, upstream: s}]\n"
    )
    monkeypatch.delenv("OSTIARY_ADMIN", raising=False)
    file = tmp_path / "gateway.yaml"
    file.write_text(minimal)
    assert run(["status", "-c", str(file)]) == 1
    assert "names no admin listener" in capsys.readouterr().err
    file.write_text(f"{minimal}admin: {{bind: '{listener.url.removeprefix('http://')}'}}\n")
    assert run(["status", "-c", str(file)]) == 0


@pytest.mark.parametrize("content", [b"{}", b"[]", b"<html>"])
def test_an_answer_that_is_none_of_ours_is_not_shown(
    content: bytes, listener: Listener, capsys: pytest.CaptureFixture[str]
) -> None:
    listener.content = content
    assert run(["status", "--admin", listener.url, "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "status.admin"


def test_nobody_who_answers_is_no_no(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--admin", "http://127.0.0.1:1"]) == 3
    told = capsys.readouterr()
    assert "is the gateway running" in told.err
    assert told.out == ""


def test_a_file_without_the_authority_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, content in (("empty", b""), ("octets", bytes(range(256)))):
        (tmp_path / name).write_bytes(content)
        assert run(["status", "--admin", "https://127.0.0.1:1", "--admin-ca", str(tmp_path / name)]) == 3
        assert f"there is no certificate (PEM) in the file ({tmp_path / name})" in capsys.readouterr().err
    assert run(["status", "--admin", "https://127.0.0.1:1", "--admin-ca", str(tmp_path / "none")]) == 3
    assert f"No such file or directory ({tmp_path / 'none'})" in capsys.readouterr().err

"""Does `ostiary doctor gateway.yaml` say what is wrong with Redis?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.neighbours import free_port

from ostiary.cli.run import run

FILE = """
version: 1
listeners: {{public: {{bind: "127.0.0.1:8443", plaintext: accepted}}}}
upstreams: {{one: {{endpoints: ["http://127.0.0.1:9"]}}}}
routes: [{{name: all, match: {{path: /**}}, authenticate: {{anonymous: {{}}}}, authorize: anyone, upstream: one}}]
shared: {{redis: {{url: "redis://127.0.0.1:{port}"}}, key: "file:key"}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "key").write_text("a key of at least sixteen octets")
    (tmp_path / "key").chmod(0o600)
    written = tmp_path / "gateway.yaml"
    written.write_text(FILE.format(port=free_port()))
    return written


def codes(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    return {one["code"]: one["detail"] for one in json.loads(capsys.readouterr().out)}


def test_a_server_that_does_not_answer_is_found(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", str(file), "--only", "endpoint", "--json"]) == 1
    assert "Connection" in codes(capsys)["D613"]


def test_a_key_that_can_be_guessed_is_found(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (file.parent / "key").write_text("short")
    assert run(["doctor", str(file), "--only", "endpoint", "--json"]) == 1
    assert "16 octets" in codes(capsys)["D613"]


def test_nobody_is_asked_where_the_network_is_not_to_be_used(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["doctor", str(file), "--only", "installed", "--json"])
    assert "D613" not in codes(capsys)

"""What does `ostiary revoke` say when it cannot revoke?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.neighbours import free_port
from tests.support.tokens import Signer

from ostiary.cli.run import run

FILE = """
version: 1
listeners: {{public: {{bind: "127.0.0.1:8443", plaintext: accepted}}}}
upstreams: {{one: {{endpoints: ["http://127.0.0.1:9"]}}}}
routes: [{{name: all, match: {{path: /**}}, authenticate: {{anonymous: {{}}}}, authorize: anyone, upstream: one}}]
{shared}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "key").write_text("a key of at least sixteen octets")
    (tmp_path / "key").chmod(0o600)
    written = tmp_path / "gateway.yaml"
    shared = f'shared: {{redis: {{url: "redis://127.0.0.1:{free_port()}"}}, key: "file:key", revocation: {{}}}}'
    written.write_text(FILE.format(shared=shared))
    return written


def told(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, dict[str, Any]]:
    code = run(["revoke", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)["error"]


def test_a_server_that_is_away_is_said(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, error = told(capsys, "list", "--config", file)
    assert (code, error["code"]) == (3, "shared.unavailable")


def test_a_configuration_without_a_list_is_said(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(FILE.format(shared=""))
    code, error = told(capsys, "subject", "alice", "--issuer", "https://id", "--config", file)
    assert (code, error["code"]) == (1, "shared.none")
    assert "docs/shared-state.md" in error["hint"]


@pytest.mark.parametrize("words", [(), ("--issuer", "https://id"), ("--jti", "one")])
def test_a_token_needs_issuer_and_id(words: tuple[str, ...], file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, error = told(capsys, "token", *words, "--config", file)
    assert (code, error["code"]) == (2, "usage")


def test_a_token_without_an_id_cannot_be_revoked(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = file.parent / "token"
    shown.write_bytes(Signer("bank").token({"iss": "https://id", "sub": "canary"}))
    code, error = told(capsys, "token", shown, "--config", file)
    assert (code, error["code"]) == (2, "usage")
    assert "canary" not in json.dumps(error)


def test_what_is_no_token_is_said(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = file.parent / "token"
    shown.write_text("nonsense")
    code, error = told(capsys, "token", shown, "--config", file)
    assert (code, error["code"]) == (1, "token.malformed")


def test_what_is_no_certificate_is_said(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nothing = file.with_name("nothing.pem")
    nothing.write_text("nothing")
    code, said = told(capsys, "certificate", nothing, "--config", file)
    assert (code, said["code"]) == (1, "certs.refused")


def test_a_duration_needs_its_unit(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, error = told(capsys, "subject", "alice", "--issuer", "https://id", "--for", "30", "--config", file)
    assert (code, error["code"]) == (2, "usage")

"""What does `ostiary token` make, and what does it show?"""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.support.tokens import Signer

from ostiary.authn.api_key import digest_of
from ostiary.authn.password import is_right
from ostiary.cli.run import run
from ostiary.cli.token import away

Captured = pytest.CaptureFixture[str]


def test_a_key_comes_with_its_digest(capsys: Captured) -> None:
    assert run(["token", "key", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert digest_of(made["key"].encode()) == made["digest"]
    assert run(["token", "key"]) == 0
    assert re.fullmatch(r"key     \S{43}\ndigest  sha256:\S{43}\n", capsys.readouterr().out)


def test_a_password_becomes_a_hash_that_is_its_own(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "word").write_text("correct horse\n")
    assert run(["token", "password", "--secret-file", str(tmp_path / "word")]) == 0
    hashed = capsys.readouterr().out.strip()
    assert hashed.startswith("$argon2id$")
    assert is_right(b"correct horse", hashed)
    assert not is_right(b"correct horse\n", hashed)


def test_a_token_is_shown_without_its_signature_and_as_unverified(capsys: Captured, tmp_path: Path) -> None:
    token = Signer("one").token()
    (tmp_path / "token").write_bytes(b"Bearer " + token + b"\n")
    assert run(["token", "show", str(tmp_path / "token"), "--json"]) == 0
    out = capsys.readouterr().out
    shown = json.loads(out)
    assert (shown["verified"], shown["header"]["kid"], shown["claims"]["sub"]) == (False, "one", "alice")
    assert token.rsplit(b".", 1)[1].decode() not in out


def test_people_see_times_they_can_read(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    token = Signer("one").token()
    stdin = SimpleNamespace(buffer=io.BytesIO(token), isatty=lambda: False)
    monkeypatch.setattr("sys.stdin", stdin)
    assert run(["token", "show"]) == 0
    said = capsys.readouterr().err
    assert "not verified" in said
    assert re.search(r"exp       2027-01-15T08:05:00Z  \((in )?\d+ (s|min|h|d)( ago)?\)", said)


@pytest.mark.parametrize(("seconds", "told"), [(0, "  (0 s ago)"), (-3_599, "  (59 min ago)"), (90_000, "  (in 1 d)")])
def test_times_say_how_far_away_they_are(seconds: float, told: str) -> None:
    assert away(seconds) == told


@pytest.mark.parametrize("command", [["token", "show"], ["explain", "GET", "https://localhost/", "--token"]])
def test_a_token_among_the_arguments_is_refused_and_not_repeated(command: list[str], capsys: Captured) -> None:
    token = Signer("one").token().decode()
    assert run([*command, token]) == 2
    said = capsys.readouterr()
    assert token.rsplit(".", 1)[1] not in said.out + said.err
    assert "standard input" in said.err


def test_what_is_too_long_for_a_name_is_not_repeated(capsys: Captured) -> None:
    assert run(["token", "show", "s3cret" * 100]) == 3
    assert "s3cret" not in capsys.readouterr().err


def test_what_is_no_token_is_a_no(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"hello")
    assert run(["token", "show", str(tmp_path / "token"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "token.malformed"

"""How much of a file is read that a command is given?"""

from __future__ import annotations

import io
import os
from base64 import b64encode
from pathlib import Path
from types import SimpleNamespace

import pytest

from ostiary.cli import reading
from ostiary.cli.frame import Failure
from ostiary.cli.run import run

ENDLESS = Path("/dev/zero")
READERS = [
    ["certs", "inspect", "@"],
    ["certs", "check", "@"],
    ["certs", "sign", "@", "--yes"],
    ["doctor", "@"],
    ["doctor", "127.0.0.1:1", "--cert", "@", "--key", "@"],
    ["explain", "GET", "https://localhost/", "--cert", "@"],
    ["explain", "--har", "@"],
    ["keys", "trust", "out.pem", "@"],
    ["revoke", "certificate", "@"],
    ["token", "password", "--secret-file", "@"],
    ["vault", "put", "a", "--id", "b", "--secret-file", "@"],
    ["status", "--admin", "https://127.0.0.1:1", "--admin-ca", "@"],
]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reading, "LARGEST", 1 << 20)
    monkeypatch.chdir(tmp_path)
    Path("gateway.yaml").write_text("version: 1\nvaults: {local: {type: local, path: v.db, master_key: file:k}}\n")
    Path("k").write_bytes(b64encode(os.urandom(32)))
    Path("k").chmod(0o600)


@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_what_has_no_end_is_refused_and_named(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([word.replace("@", str(ENDLESS)) for word in words]) == 1
    assert "error: more than 1 MiB (/dev/zero)\n" in capsys.readouterr().err


def test_a_token_is_read_as_far_as_tokens_go(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "show", str(ENDLESS)]) == 1
    assert "three parts" in capsys.readouterr().err


def test_so_is_what_comes_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(bytes(reading.LARGEST + 1))))
    with pytest.raises(Failure, match="more than 1 MiB"):
        reading.read_octets(None)


def test_the_largest_that_is_allowed_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(os.urandom(reading.LARGEST))
    assert reading.read_octets(tmp_path / "file") == (tmp_path / "file").read_bytes()

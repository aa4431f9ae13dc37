"""Does `ostiary init` write a gateway that starts? (UX-2)"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import get_args

import pytest

from ostiary.cli.init.text import PRESETS
from ostiary.cli.run import run
from ostiary.config.schema import PresetName

Captured = pytest.CaptureFixture[str]


def put(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Store the one thing that cannot be made: what the service wants to be shown."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"the password")))
    return run(["vault", "put", "service", "-c", str(folder / "gateway.yaml"), "--id", "gateway", "--secret-stdin"])


@pytest.mark.parametrize("preset", [None, *PRESETS])
def test_all_that_is_missing_is_the_password(
    preset: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    folder = tmp_path / "new" / "gateway"
    assert run(["init", str(folder), *(["--preset", preset] if preset else [])]) == 0
    capsys.readouterr()
    assert run(["check", str(folder / "gateway.yaml"), "--json"]) == 1
    assert [one["code"] for one in json.loads(capsys.readouterr().out)["problems"]] == ["C514"]
    assert put(folder, monkeypatch) == 0
    assert run(["check", str(folder / "gateway.yaml"), "--warn-as-error"]) == 0
    assert len((folder / "gateway.yaml").read_text().splitlines()) <= 60


def test_every_preset_of_the_language_can_be_asked_for() -> None:
    assert set(PRESETS) == set(get_args(PresetName))


def test_private_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    assert run(["init", str(tmp_path / "made")]) == 0
    private = [*(tmp_path / "made").rglob("*.key")]
    assert sorted(file.name for file in private) == ["alice.key", "ca.key", "master.key", "server.key"]
    assert {file.stat().st_mode & 0o077 for file in private} == {0}


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "mine").write_text("mine")
    assert run(["init", str(tmp_path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "init.exists"
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]

"""Which extras does `ostiary version` say are there?"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from ostiary.cli.extras import extras
from ostiary.cli.run import run


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder of distributions, each with what it needs."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    def install(name: str, *needed: str) -> None:
        folder = tmp_path / f"{name}-1.dist-info"
        folder.mkdir()
        offered = sorted({line.split("'")[-2] for line in needed if "extra ==" in line})
        lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1"]
        lines += [f"Requires-Dist: {line}" for line in needed] + [f"Provides-Extra: {one}" for one in offered]
        (folder / "METADATA").write_text("\n".join(lines) + "\n")

    return install


def test_one_is_there_when_all_that_it_needs_is(world):
    world("gate", "always>=1", "one>=1; extra == 'a'", "two; extra == 'a'", "one; extra == 'b'")
    world("one")
    assert extras("gate") == ["b"]
    world("two")
    assert extras("gate") == ["a", "b"]


def test_an_extra_of_what_it_needs_counts(world):
    world("gate", "server[h3]>=1; extra == 'http3'", "server; extra == 'asgi'")
    world("server", "quic<2,>=1; extra == 'h3'")
    assert extras("gate") == ["asgi"]
    world("quic")
    assert extras("gate") == ["asgi", "http3"]


def test_what_is_not_installed_has_none(world):
    assert extras("gate") == []
    world("gate", "always")
    assert extras("gate") == []


def test_the_command_names_them_in_both_forms(capsys: pytest.CaptureFixture[str]):
    assert run(["version"]) == 0
    assert f"extras: {', '.join(extras())}" in capsys.readouterr().out
    assert run(["version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["extras"] == ", ".join(extras())
    assert {"redis", "cel", "asgi"} <= set(extras())  # the tests need them

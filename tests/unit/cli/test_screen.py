"""What does a person see who types `ostiary`? (CL-3, CL-5)"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ostiary.cli.run import command, run
from ostiary.cli.screen import screen
from ostiary.cli.table import COMMANDS, GROUPS, installed
from ostiary.cli.terminal import colourful

HEAVY = (
    "typer",
    "rich",
    "click",
    "pydantic",
    "cryptography",
    "ruamel",
    "structlog",
    "httpx2",
    "jwt",
    "ssl",
    "asyncio",
    "json",
)


def loaded_by(*arguments: str) -> list[str]:
    """Every module that a run of the command line has loaded."""
    program = (
        "import sys, io; from ostiary.cli.run import run; out, sys.stdout = sys.stdout, io.StringIO();"
        f"run({list(arguments)!r}); sys.stdout = out; print(chr(10).join(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    return ended.stdout.split()


@pytest.mark.parametrize("arguments", [["--help"], [], ["-h"], ["help"]])
def test_the_help_loads_nothing_heavy(arguments: list[str]) -> None:
    modules = loaded_by(*arguments)
    assert [name for name in HEAVY if name in modules] == []
    assert not any(name.startswith("ostiary.config.") and name != "ostiary.config.nearest" for name in modules)


def test_the_version_loads_no_configuration_language() -> None:
    assert "ostiary.config.schema" not in loaded_by("version")


def test_the_help_is_one_screen_in_groups() -> None:
    lines = screen().splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 110
    places = [lines.index(group) for group in GROUPS if group in lines]
    assert places == sorted(places)
    for name, entry in installed().items():
        assert any(line.split() and line.split()[0] == name and entry.summary in line for line in lines)
    for code in ("0 yes", "1 the answer is no", "2 wrong usage", "3 cannot find out", "4 our bug", "130 interrupted"):
        assert code in screen()


def test_every_group_is_known() -> None:
    assert {entry.group for entry in COMMANDS} <= set(GROUPS)


@pytest.mark.parametrize("name", installed())
def test_every_command_has_its_help_in_plain_text(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"Usage: ostiary {name}")
    assert "\x1b" not in shown
    assert "╭" not in shown  # boxes are for terminals


@pytest.mark.parametrize("name", installed())
def test_no_list_of_commands_breaks_off(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run([name, "--help"]) == 0
    _, _, commands = capsys.readouterr().out.partition("\nCommands:\n")
    assert [line for line in commands.splitlines() if line.endswith("...")] == []


@pytest.mark.parametrize("name", installed())
def test_every_option_says_what_it_is_for(name: str) -> None:
    for parameter in command(installed()[name]).params:
        assert parameter.help, parameter.name


def test_version_says_which_in_both_forms(capsys: pytest.CaptureFixture[str]) -> None:
    from ostiary import __version__  # noqa: PLC0415

    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith(f"ostiary {__version__} ")
    assert run(["version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ostiary"] == __version__


class Terminal:
    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals_that_were_not_asked_to_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert colourful(Terminal())
    assert not colourful(Terminal(), ["--no-color"])
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colourful(Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not colourful(Terminal())

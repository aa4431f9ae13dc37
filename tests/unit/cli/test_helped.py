"""What does `ostiary COMMAND --help` teach? (CL-5)"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from ostiary.cli.examples import EXAMPLES
from ostiary.cli.helped import page
from ostiary.cli.run import command, run
from ostiary.cli.table import installed


def leaves(name: str, found: Any) -> Iterator[tuple[str, Any]]:
    below = getattr(found, "commands", {})
    if not below:
        yield name, found
    for key, one in below.items():
        yield from leaves(f"{name} {key}", one)


COMMANDS = dict(pair for name, entry in installed().items() for pair in leaves(name, command(entry)))
LINES = [(name, line) for name, lines in EXAMPLES.items() for line in lines]


def test_every_command_is_shown_as_it_is_typed_and_no_other() -> None:
    assert EXAMPLES.keys() == COMMANDS.keys()


def typed(line: str) -> list[str]:
    """The arguments of the one `ostiary` in a line of a shell, comments and redirections taken away."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|<>()")
    lexer.whitespace_split = True
    words = list(lexer)
    words = words[words.index("ostiary") + 1 :]
    ends = [words.index(mark) for mark in (")", ">", ">>", "2>>") if mark in words]
    return words[: min(ends, default=len(words))]


@pytest.mark.parametrize(("name", "line"), LINES, ids=[line for _, line in LINES])
def test_every_example_is_a_line_that_the_command_understands(name: str, line: str) -> None:
    """Options that were renamed, and arguments that are no more, show here."""
    words = typed(line)
    assert words[: len(name.split())] == name.split()
    if line.startswith("ostiary help vault put"):
        name, words = "vault put", [*words[1:], "any"]  # turned round before anything is parsed
    context = COMMANDS[name].make_context(name, words[len(name.split()) :])
    assert context.params


@pytest.mark.parametrize(("name", "line"), LINES, ids=[line for _, line in LINES])
def test_every_example_fits_on_a_terminal(name: str, line: str) -> None:
    assert len(line) <= 98


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("width", [0, 40, 80, 300])
def test_no_line_of_the_help_is_wider_than_the_terminal_and_no_word_is_lost(name: str, width: int) -> None:
    shown, _, _ = page(name, COMMANDS[name], width).partition("\nExamples:")
    limit = min(max(width, 40), 100)
    long = [line for line in shown.splitlines()[1:] if len(line) > limit and line.strip().count(" ") > 1]
    assert [line for line in long if not line.lstrip().startswith("-")] == []
    for parameter in COMMANDS[name].params:
        for word in str(parameter.help).split():
            assert word in shown
        if parameter.param_type_name == "option":
            assert all(option in shown for option in parameter.opts)


def test_what_may_be_left_out_stands_in_brackets_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--help"]) == 0
    assert capsys.readouterr().out.startswith("Usage: ostiary check [OPTIONS] [FILE]\n")
    assert run(["vault", "test", "--help"]) == 0
    assert capsys.readouterr().out.startswith("Usage: ostiary vault test [OPTIONS] [ALIAS]...\n")


def test_no_word_of_the_library_that_reads_arguments_is_shown() -> None:
    for name, found in COMMANDS.items():
        shown = page(name, found, 80)
        assert [word for word in ("<", "list[", "int range", "x>=") if word in shown.partition("Examples:")[0]] == []


def test_a_group_lists_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["vault", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Usage: ostiary vault COMMAND" in shown
    assert "\n  put      Store a credential" in shown

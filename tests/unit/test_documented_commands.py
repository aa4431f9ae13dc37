"""Is there every command and option that a page, a comment or a message tells somebody to type?"""

from __future__ import annotations

from enum import Enum
from typing import Any, get_args

import pytest
from tests.support.pages import Place, commands, words

from ostiary.cli.run import command
from ostiary.cli.table import installed

HELP = {"-h", "--help", "--version"}
PLACEHOLDERS = ("...", "COMMAND", "WORD")


def known(node: Any) -> dict[str, Any]:
    """The options of a command, by each of their spellings."""
    return {word: one for one in node.params for word in (*one.opts, *one.secondary_opts) if word.startswith("-")}


def passes(node: Any) -> bool:
    """Whether a command takes another program's options."""
    return bool(node.context_settings.get("ignore_unknown_options"))


def offered(option: Any) -> list[str]:
    """The values that an option takes, where they can be counted."""
    annotation = option.type_descriptor.annotation
    kinds = [one for one in (annotation, *get_args(annotation)) if isinstance(one, type) and issubclass(one, Enum)]
    return [str(one.value) for kind in kinds for one in kind]


def wrong(line: str) -> str:
    """What is wrong with a command line of ours; "" for nothing."""
    name, *rest = words(line)
    if name in (*PLACEHOLDERS, *HELP):
        return ""
    if name not in installed():
        return f"there is no command {name}"
    node = command(installed()[name])
    if name == "help":  # takes words of its own; another test asks for them
        return ""
    while hasattr(node, "commands") and rest and not rest[0].startswith("-"):
        if rest[0] in PLACEHOLDERS:
            return ""
        if rest[0] not in node.commands:
            return f"{name} has no command {rest[0]}"
        node, rest = node.commands[rest[0]], rest[1:]
    return misused(node, rest)


def misused(node: Any, rest: list[str]) -> str:
    """What is wrong with the words that follow a command."""
    options, given = known(node), 0
    waiting = list(reversed(rest))
    while waiting:
        word = waiting.pop()
        if not word.startswith("-") or word == "-":
            given += word != "..."
            continue
        option, _, value = word.partition("=")
        if option not in options and option not in HELP and not passes(node):
            return f"there is no option {option}"
        if option in options and not options[option].is_flag:
            value = value or (waiting.pop() if waiting else "")
            taken = offered(options[option])
            if taken and value not in taken and not value.isupper():
                return f"{option} takes {', '.join(taken)}, not {value!r}"
    places = [one.nargs for one in node.params if one.param_type_name == "argument"]
    return (
        ""
        if -1 in places or passes(node) or given <= sum(places)
        else f"{given} arguments, at most {sum(places)} are taken"
    )


NAMED = commands()


def test_there_are_many():
    assert len(NAMED) > 150
    assert len({one.page for one in NAMED}) > 40


@pytest.mark.parametrize("place", NAMED, ids=str)
def test_it_can_be_typed(place: Place):
    assert wrong(place.text) == "", place.text


@pytest.mark.parametrize(
    "line",
    [
        "ostiary chek FILE",
        "ostiary vault ptu service",
        "ostiary vault put service --idd gateway",
        "ostiary keys generate ours --kind dsa",
        "ostiary check one.yaml two.yaml three.yaml",
    ],
)
def test_what_cannot_be_typed_is_found(line: str):
    assert wrong(line)

"""The help of a command: what it does, what it takes, and how that looks when somebody types it."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ostiary.cli.examples import EXAMPLES
from ostiary.cli.parameters import bounds, is_argument, named, plain_default

_NARROWEST, _WIDEST, _COLUMN = 40, 100, 30
_HELP: Final = ("-h, --help", "Show this message.")

Row = tuple[str, str]


def helped(name: str, command: Any) -> Any:
    """Let a command, and those below it, show pages of ours. Return it.

    Args:
        name: its words, without the program's.
        command: as Typer makes it.
    """
    command.get_help = lambda _: page(name, command, shutil.get_terminal_size((80, 24)).columns)
    for key, below in _below(command).items():
        helped(f"{name} {key}", below)
    return command


def page(name: str, command: Any, width: int) -> str:
    """Return the help of a command.

    Args:
        name: its words.
        command: as Typer makes it.
        width: of the terminal, in columns.
    """
    width = min(max(width, _NARROWEST), _WIDEST)
    return "\n".join(_lines(name, command, width))


def _below(command: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = getattr(command, "commands", {})
    return found


def _lines(name: str, command: Any, width: int) -> Iterator[str]:
    arguments = [one for one in command.params if is_argument(one)]
    options = [one for one in command.params if not is_argument(one)]
    below = _below(command)
    usage = ["COMMAND [OPTIONS] [ARGUMENTS]"] if below else ["[OPTIONS]", *map(named, arguments)]
    yield f"Usage: ostiary {name} {' '.join(usage)}"
    yield ""
    yield from _paragraphs(command.help or "", width)
    yield from _table("Arguments", [(named(one), _text(one)) for one in arguments], width)
    yield from _table("Commands", [(key, (one.help or "").partition("\n")[0]) for key, one in below.items()], width)
    yield from _table("Options", [*((_option(one), _text(one)) for one in options), _HELP], width)
    if name in EXAMPLES:
        yield from ("", "Examples:", *(f"  {line}" for line in EXAMPLES[name]))


def _paragraphs(text: str, width: int) -> Iterator[str]:
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip())):
        if number:
            yield ""
        yield from _filled(" ".join(paragraph.split()), width - 2, "  ")


def _filled(text: str, width: int, indent: str) -> list[str]:
    lines = textwrap.wrap(text, max(width, 16), break_on_hyphens=False, break_long_words=False)
    return [indent + line for line in lines]


def _table(title: str, rows: Sequence[Row], width: int) -> Iterator[str]:
    """Yield rows of two columns; what is too wide for the first stands on a line of its own."""
    if not rows:
        return
    yield from ("", f"{title}:")
    limit = min(_COLUMN, width // 2)
    column = 2 + max((len(left) for left, _ in rows if len(left) + 4 <= limit), default=limit - 4) + 2
    for left, right in rows:
        filled = _filled(right, width - column, " " * column)
        if len(left) + 4 <= column and filled:
            yield f"  {left}".ljust(column) + filled.pop(0).lstrip()
        else:
            yield f"  {left}"
        yield from filled


def _option(parameter: Any) -> str:
    opts = ", ".join(sorted(parameter.opts, key=len))
    return opts if parameter.is_flag else f"{opts} {named(parameter)}"


def _text(parameter: Any) -> str:
    """Return what it is for, and what else there is to say."""
    default = plain_default(parameter)
    facts = [
        f"default: {default}" if default else "",
        bounds(parameter),
        f"or {parameter.envvar}" if parameter.envvar else "",
        "needed" if parameter.required and not is_argument(parameter) else "",
    ]
    said = "; ".join(fact for fact in facts if fact)
    return f"{parameter.help or ''}  [{said}]".strip() if said else str(parameter.help or "")

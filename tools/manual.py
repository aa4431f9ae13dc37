"""Manual pages and completions, from the command line itself: what is installed beside the program."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any, Final

from ostiary import __version__
from ostiary.cli.completion import script
from ostiary.cli.examples import EXAMPLES
from ostiary.cli.parameters import is_argument, named, plain_default
from ostiary.cli.run import command
from ostiary.cli.table import GROUPS, Entry, installed

_ENDS: Final = (
    ("0", "yes, or fine"),
    ("1", "the answer is no: findings, a refusal, something expired"),
    ("2", "wrong usage"),
    ("3", "it cannot be found out: the network, a vault, a permission"),
    ("4", "a bug of ours; the path of a report, without secrets, is printed"),
    ("130", "interrupted"),
    ("141", "nobody read on: the other end of a pipe was closed"),
)
_ENVIRONMENT: Final = (
    ("OSTIARY_CONFIG", "The configuration file, where none is named."),
    ("OSTIARY_OVERLAY", "Files that are laid over it, with a colon between them."),
    ("OSTIARY_ADMIN", "Where the admin listener of a gateway that runs is, for \\fBexplain\\fR."),
    ("OSTIARY_ADMIN_TOKEN", "Its token."),
    ("NO_COLOR", "No colours, whatever its value."),
)


def pages() -> dict[str, str]:
    """Return every file, by its path below `share/`."""
    entries = installed()
    made = {"man/man1/ostiary.1": _overview(entries)}
    made |= {f"man/man1/ostiary-{name}.1": _page(name, entry) for name, entry in entries.items()}
    return made | {
        "bash-completion/completions/ostiary": script("bash"),
        "zsh/site-functions/_ostiary": script("zsh"),
        "fish/vendor_completions.d/ostiary.fish": script("fish"),
    }


def _overview(entries: dict[str, Entry]) -> str:
    lines = [*_head("ostiary", "an async authentication gateway"), ".SH SYNOPSIS", ".B ostiary"]
    lines += [".I COMMAND", "[OPTIONS] [ARGUMENTS]", ".SH DESCRIPTION"]
    lines += ["TLS client certificates and tokens in, a vault's credential out, one YAML file.", ".SH COMMANDS"]
    for group in GROUPS:
        lines += [".SS " + _text(group)]
        for name, entry in entries.items():
            if entry.group == group:
                lines += [".TP", f".BR ostiary\\-{_text(name)} (1)", _text(entry.summary)]
    return "\n".join([*lines, *_tail()]) + "\n"


def _page(name: str, entry: Entry) -> str:
    whole = command(entry)
    inner: dict[str, Any] = getattr(whole, "commands", {})
    lines = [*_head(f"ostiary-{name}", entry.summary.rstrip(".")), ".SH SYNOPSIS"]
    for key, one in inner.items() or {"": whole}.items():
        lines += _synopsis(f"{name} {key}".strip(), one)
    lines += [".SH DESCRIPTION", *_paragraphs(whole.help or entry.summary)]
    if inner:
        lines.append(".SH COMMANDS")
        for key, one in inner.items():
            lines += [f".SS ostiary {_text(name)} {_text(key)}", *_paragraphs(one.help or ""), *_parameters(one)]
    else:
        lines += [".SH OPTIONS", *_parameters(whole)]
    return "\n".join([*lines, *_examples(name, inner), *_tail()]) + "\n"


def _examples(name: str, inner: Iterable[str]) -> Iterator[str]:
    """Return how the command looks when somebody types it."""
    lines = [line for key in inner or ("",) for line in EXAMPLES.get(f"{name} {key}".strip(), ())]
    if lines:
        yield from (".SH EXAMPLES", ".nf", *map(_text, lines), ".fi")


def _head(title: str, summary: str) -> list[str]:
    return [
        '.\\" made from the command line: make generate',
        f'.TH "{title.upper()}" "1" "" "ostiary {__version__}" "Ostiary"',
        ".SH NAME",
        f"{_text(title)} \\- {_text(summary[0].lower() + summary[1:])}",
    ]


def _tail() -> list[str]:
    lines = [".SH EXIT STATUS"]
    for code, meaning in _ENDS:
        lines += [".TP", f".B {code}", _text(meaning)]
    lines.append(".SH ENVIRONMENT")
    for name, meaning in _ENVIRONMENT:
        lines += [".TP", f".B {name}", meaning]
    return [*lines, ".SH SEE ALSO", ".BR ostiary (1)"]


def _synopsis(name: str, one: Any) -> list[str]:
    arguments = [named(p) for p in one.params if is_argument(p)]
    return [f".B ostiary {_text(name)}", "[OPTIONS]", *(f".I {_text(word)}" for word in arguments), ".br"]


def _parameters(one: Any) -> Iterator[str]:
    """Return arguments first, then options; both as the help has them."""
    for parameter in sorted(one.params, key=lambda p: not is_argument(p)):
        if is_argument(parameter):
            words = f".I {_text(named(parameter))}"
        else:
            value = "" if parameter.is_flag else f" \\fI{_text(named(parameter))}\\fR"
            words = ", ".join(f"\\fB{_text(option)}\\fR" for option in parameter.opts) + value
        yield from (".TP", words, _text(parameter.help or "") + _more(parameter))


def _more(parameter: Any) -> str:
    """Return what else there is to say: the default, the variable."""
    default = plain_default(parameter)
    facts = [
        f" Default: {default}." if default else "",
        f" Environment: {parameter.envvar}." if parameter.envvar else "",
    ]
    return _text("".join(facts))


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip())):
        if number:
            yield ".PP"
        yield _text(" ".join(textwrap.dedent(paragraph).split()))


def _text(text: str) -> str:
    """Return a text that roff takes as it is."""
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain

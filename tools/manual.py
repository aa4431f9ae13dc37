"""Manual pages and completions, from the command line itself: what is installed beside the program."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Any, Final, get_args, get_origin

from ostiary import __version__
from ostiary.cli.completion import script
from ostiary.cli.run import command
from ostiary.cli.table import GROUPS, Entry, installed

_ENDS: Final = (
    ("0", "yes, or fine"),
    ("1", "the answer is no: findings, a refusal, something expired"),
    ("2", "wrong usage"),
    ("3", "it cannot be found out: the network, a vault, a permission"),
    ("4", "a bug of ours; the path of a report, without secrets, is printed"),
    ("130", "interrupted"),
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
    return "\n".join([*lines, *_tail()]) + "\n"


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
    arguments = [_named(p) for p in one.params if p.param_type_name == "argument"]
    return [f".B ostiary {_text(name)}", "[OPTIONS]", *(f".I {_text(word)}" for word in arguments), ".br"]


def _parameters(one: Any) -> Iterator[str]:
    """Return arguments first, then options; both as the help has them."""
    for parameter in sorted(one.params, key=lambda p: p.param_type_name != "argument"):
        if parameter.param_type_name == "argument":
            words = f".I {_text(_named(parameter))}"
        else:
            value = "" if parameter.is_flag else f" \\fI{_text(_named(parameter))}\\fR"
            words = ", ".join(f"\\fB{_text(option)}\\fR" for option in parameter.opts) + value
        yield from (".TP", words, _text(parameter.help or "") + _more(parameter))


def _more(parameter: Any) -> str:
    """Return what else there is to say: the words that are allowed, the default, the variable."""
    words = [] if parameter.metavar else list(map(str, _words(parameter)))
    default = parameter.default
    plain = default not in (None, False, True) and not callable(default) and "Path" not in type(default).__name__
    facts = [
        f" One of: {', '.join(words)}." if words else "",
        f" Default: {default}." if plain and str(default) else "",
        f" Environment: {parameter.envvar}." if parameter.envvar else "",
    ]
    return _text("".join(facts))


def _words(parameter: Any) -> tuple[Any, ...]:
    annotation = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
    if get_origin(annotation) is not None and "Literal" in str(get_origin(annotation)):
        return get_args(annotation)
    return tuple(one.value for one in annotation) if hasattr(annotation, "__members__") else ()


def _named(parameter: Any) -> str:
    name = str(parameter.metavar or parameter.name.upper().replace("_", "-"))
    optional = parameter.param_type_name == "argument" and not parameter.required
    return f"[{name}]" if optional and not name.startswith("[") else name


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip())):
        if number:
            yield ".PP"
        yield _text(" ".join(textwrap.dedent(paragraph).split()))


def _text(text: str) -> str:
    """Return a text that roff takes as it is."""
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain

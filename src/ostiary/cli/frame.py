"""What a command is written with.

A command is a function with Typer annotations. It prints its result on stdout and its talk on stderr,
returns when the answer is yes, and calls `fail` otherwise; `run.py` does the rest. With `--json`, stdout
holds exactly one document, also when it failed: {"error": {"code", "message", "hint", "where"}}.

    def burn(name: Annotated[str, typer.Argument(help="Which one.")], *, as_json: Json = False) -> None:
        \"\"\"Burn a credential.\"\"\"
        if not found:
            fail("vault.not-found", f"there is no credential {name!r}", hint="`ostiary vault list` names them")
        emit({"name": name, "burnt": True}) if as_json else print(f"{name} is burnt")

Several commands under one name are a `group("...")`, a Typer app that looks like the rest. Either gets
its line in `table.py`. Import what is heavy inside the function: `ostiary --help` imports none of it.
Tests call `ostiary.cli.run.run([...])`, which returns the exit code.
"""

from __future__ import annotations

import json
import sys
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

if TYPE_CHECKING:
    from ostiary.config.problem import Problem, Source


class Exit(IntEnum):
    """What an exit code says. The same for every command."""

    YES = 0
    NO = 1
    USAGE = 2
    UNKNOWN = 3
    BUG = 4
    INTERRUPTED = 130


class Failure(Exception):
    """A command ends here, and says why. The words are for the user and never hold a secret.

    Attributes:
        code, message, hint, where, exit_code: as `fail` takes them.
        text: what people are shown in place of all that, when it needs more than a line.
        details: what programs get beside it.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str = "",
        where: str = "",
        exit_code: Exit = Exit.NO,
        text: str = "",
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.where = where
        self.exit_code = exit_code
        self.text = text
        self.details = details

    def as_json(self) -> dict[str, Any]:
        """Return the error document."""
        error: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "where": self.where,
        }
        return {"error": error | ({"details": self.details} if self.details else {})}


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Say also where settings come from.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="Print plain text; so does NO_COLOR.")]
ConfigFile = Annotated[Path, typer.Argument(metavar="[FILE]", envvar="OSTIARY_CONFIG", help="The configuration file.")]
ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", metavar="FILE", envvar="OSTIARY_CONFIG", help="The configuration file.")
]
Overlays = Annotated[
    list[Path] | None,
    typer.Option("--overlay", metavar="FILE", envvar="OSTIARY_OVERLAY", help="A file laid over it; may be repeated."),
]
DEFAULT_CONFIG: Final = Path("gateway.yaml")


def fail(code: str, message: str, *, hint: str = "", where: str = "", exit_code: Exit = Exit.NO) -> NoReturn:
    """End the command.

    Args:
        code: a stable word for programs, such as `vault.not-found`.
        message: what is the matter, for people.
        hint: what to do about it.
        where: the file, address or field that it is about.
        exit_code: NO when the answer is no, UNKNOWN when it cannot be found out (network, vault, permission).

    Raises:
        Failure: always.
    """
    raise Failure(code, message, hint=hint, where=where, exit_code=exit_code)


def unreadable(problem: Problem, source: Source) -> Failure | None:
    """Return how a command ends whose configuration is not there: not a no, but a `cannot find out`.

    Args:
        problem: the first of a configuration's problems.
        source: its files.
    """
    if problem.code != "C512":
        return None
    hint = "name the file, or set OSTIARY_CONFIG"
    where = source.of(problem.mark).name
    return Failure(problem.code, problem.message, hint=hint, where=where, exit_code=Exit.UNKNOWN)


def emit(result: Any) -> None:
    """Print the result as one JSON document on stdout."""
    print(json.dumps(result, indent=2, ensure_ascii=not _speaks_unicode()))


def say(*words: str) -> None:
    """Talk to the user, on stderr, beside the result."""
    print(*words, file=sys.stderr)


def group(summary: str) -> typer.Typer:
    """Return an app for several commands under one name."""
    return typer.Typer(
        help=summary,
        add_completion=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


def _speaks_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"

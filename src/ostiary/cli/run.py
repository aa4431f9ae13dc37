"""Find the command, run it, turn whatever it ends with into an exit code. The one place for those."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ostiary.cli.screen import screen
from ostiary.cli.table import Entry, installed
from ostiary.config.nearest import nearest

if TYPE_CHECKING:
    from ostiary.cli.frame import Failure


def run(arguments: Sequence[str]) -> int:
    """Run one command line, without the program's name. Return the exit code; nothing is raised."""
    name = arguments[0] if arguments else "--help"
    if name in ("--help", "-h") or list(arguments) == ["help"]:
        print(screen())
        return 0
    if name == "--version":
        name, arguments = "version", ["version", *arguments[1:]]
    return _guarded(name, arguments[1:])


def _guarded(name: str, arguments: Sequence[str]) -> int:
    """Run a command and look at how it ended."""
    try:
        code = _call(name, arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader had enough; so that Python does not complain at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the outermost place: every end gets its exit code
        return _tell(_failure(name, error), as_json=_wants_json(arguments))
    return code


def _call(name: str, arguments: Sequence[str]) -> int:
    """Import the command's module and hand the arguments to Typer."""
    result = command(_entry(name)).main(args=list(arguments), prog_name=f"ostiary {name}", standalone_mode=False)
    return result if isinstance(result, int) and not isinstance(result, bool) else 0


def command(entry: Entry) -> Any:
    """Return the command of an entry, ready to be called; this imports its module."""
    import typer.main

    from ostiary.cli.frame import group

    module, _, attribute = entry.where.partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    app = group(entry.summary)
    app.command()(found)
    return typer.main.get_command(app)


def _entry(name: str) -> Entry:
    """Return the entry of a command.

    Raises:
        Failure: there is no such command.
    """
    known = installed()
    if name not in known:
        from ostiary.cli.frame import Exit, fail

        guess = nearest(name, known)
        hint = f"did you mean `{guess}`?" if guess else "`ostiary --help` lists the commands"
        fail("usage", f"there is no command {name!r}", hint=hint, exit_code=Exit.USAGE)
    return known[name]


def _failure(name: str, error: Exception) -> Failure:
    """Return what to say, and the exit code, for whatever a command ended with."""
    import typer

    from ostiary.cli.frame import Exit, Failure
    from ostiary.errors import ConfigError

    match error:
        case Failure():
            return error
        case typer.TyperException():
            return _usage(name, error)
        case typer.Abort():
            return Failure("interrupted", "interrupted", exit_code=Exit.INTERRUPTED)
        case ConfigError():
            return Failure("config", str(error), hint="`ostiary check` says more", exit_code=Exit.NO)
        case OSError():
            text = error.strerror or type(error).__name__
            return Failure("system", text, where=str(error.filename or ""), exit_code=Exit.UNKNOWN)
    return _bug(name, error)


def _usage(name: str, error: Exception) -> Failure:
    """Return a mistake in the arguments, in our words, with a guess at what was meant."""
    from ostiary.cli.frame import Exit, Failure

    message = str(getattr(error, "message", "")).rstrip(".")
    show = getattr(error, "format_message", None)
    option = getattr(error, "option_name", None)
    if option and hasattr(error, "possibilities"):
        message = f"there is no option {option}"
        guess = nearest(option, error.possibilities or ())
    else:
        message = str(show()).rstrip(".") if show else message
        guess = _choice(error)
    hint = f"did you mean `{guess}`?" if guess else f"`ostiary {name} --help` says what is possible"
    return Failure("usage", message, hint=hint, exit_code=Exit.USAGE)


def _choice(error: Exception) -> str | None:
    """Return the allowed value that a refused one most likely stands for."""
    choices = getattr(getattr(getattr(error, "param", None), "type", None), "choices", ())
    refused = str(error).partition("'")[2].partition("'")[0]
    return nearest(refused, [str(getattr(choice, "value", choice)) for choice in choices])


def _bug(name: str, error: Exception) -> Failure:
    """Return our own failure, with a report that can be passed on."""
    from ostiary.cli import report
    from ostiary.cli.frame import Exit, Failure

    path = report.write(name, error)
    message = f"Ostiary failed ({type(error).__name__}); this is a bug of ours"
    return Failure("bug", message, hint=f"please pass this report on: {path}", where=path, exit_code=Exit.BUG)


def _wants_json(arguments: Sequence[str]) -> bool:
    head = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in head


def _tell(failure: Failure, *, as_json: bool) -> int:
    """Say how a command failed: a document on stdout, or words on stderr. Return the exit code."""
    from ostiary.cli.frame import emit, say

    if as_json:
        emit(failure.as_json())
    else:
        say(f"error: {failure.message}" + (f" ({failure.where})" if failure.where else ""))
        if failure.hint:
            say(f"  help: {failure.hint}")
    return int(failure.exit_code)

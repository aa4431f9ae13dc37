"""Whatever a command ended with, as what to say and an exit code. The one place that knows them all."""

from __future__ import annotations

import errno
import re
import sys
from typing import Any, Final

import typer

from ostiary.cli import report
from ostiary.cli.frame import Exit, Failure, unreadable
from ostiary.cli.parameters import bounds
from ostiary.cli.terminal import colourful, unicode, width
from ostiary.config.nearest import nearest
from ostiary.errors import ConfigError

_NOT_ONE_OF: Final = re.compile(r"'([^']*)' is not one of (.*)")
_QUOTED: Final = re.compile(r"'([^']*)'")


def failure(name: str, error: Exception) -> Failure:
    """Return what to say, and the exit code, for whatever a command ended with."""
    if isinstance(error, Failure):
        return error
    match error:
        case typer.TyperException():
            return _usage(name, error)
        case typer.Abort():
            return Failure("interrupted", "interrupted", exit_code=Exit.INTERRUPTED)
        case ConfigError():
            return _invalid(error)
        case OSError():
            text = error.strerror or type(error).__name__
            where = "" if error.errno == errno.ENAMETOOLONG else str(error.filename or "")  # that may be a secret
            return Failure("system", text, where=where, exit_code=Exit.UNKNOWN)
    return _bug(name, error)


def _invalid(error: Any) -> Failure:
    """Return a configuration with mistakes, all of them, as `ostiary check` shows them."""
    if not hasattr(error, "problems"):
        return Failure("config", str(error), hint="`ostiary check` says more")
    if missing := unreadable(error.problems[0], error.source):
        return missing
    from ostiary.config.render import Look, as_json, human

    look = Look(colour=colourful(sys.stderr), unicode=unicode(sys.stderr), width=width())
    text = human(error.problems, error.source, look)
    hint = f"`ostiary help {error.problems[0].code}` explains a code"
    details = as_json(error.problems, error.source)
    return Failure("config.invalid", str(error), hint=hint, where=error.source.name, text=text, details=details)


def _usage(name: str, error: Exception) -> Failure:
    """Return a mistake in the arguments, in our words, with a guess at what was meant."""
    message = str(getattr(error, "message", "")).rstrip(".")
    if message.startswith("Usage:"):  # a group without a command says what there is
        return Failure("usage", f"{name} needs a command", text=message, exit_code=Exit.USAGE)
    if "unexpected extra argument" in message:  # which may be a secret: it is not repeated
        message = "there are too many arguments"
        return Failure("usage", message, hint=f"`ostiary {name} --help` says what is possible", exit_code=Exit.USAGE)
    show = getattr(error, "format_message", None)
    option = getattr(error, "option_name", None)
    if option and hasattr(error, "possibilities"):
        message = f"there is no option {option}"
        guess = nearest(option, error.possibilities or ())
    else:
        message = _number(error) or (str(show()).rstrip(".").replace("Value error, ", "") if show else message)
        guess = _choice(message)
    hint = f"did you mean `{guess}`?" if guess else f"`ostiary {name} --help` says what is possible"
    return Failure("usage", message, hint=hint, exit_code=Exit.USAGE)


def _number(error: Exception) -> str:
    """Return what is wrong with a number, or nothing where no number is wanted."""
    parameter = getattr(error, "param", None)
    if "Input should be" not in str(getattr(error, "message", "")) or parameter is None:
        return ""
    return f"{parameter.opts[-1]} wants a number, {bounds(parameter)}".rstrip(", ")


def _choice(message: str) -> str | None:
    """Return the allowed word that a refused one most likely stands for."""
    refused = _NOT_ONE_OF.search(message)
    return nearest(refused[1], _QUOTED.findall(refused[2])) if refused else None


def _bug(name: str, error: Exception) -> Failure:
    """Return our own failure, with a report that can be passed on."""
    message = f"Ostiary failed ({type(error).__name__}); this is a bug of ours"
    try:
        path = report.write(name, error)
    except OSError as why:  # a full disk, a machine that may only be read
        hint = f"no report can be written ({why.strerror}); TMPDIR names another folder"
        return Failure("bug", message, hint=hint, exit_code=Exit.BUG)
    return Failure("bug", message, hint=f"please pass this report on: {path}", where=path, exit_code=Exit.BUG)

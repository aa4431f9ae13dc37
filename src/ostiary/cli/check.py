"""`ostiary check`: everything that is wrong with a configuration file. Nothing is fetched from anywhere."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from ostiary.cli.frame import DEFAULT_CONFIG, ConfigFile, Exit, Json, NoColor, Overlays, Verbose, emit, say, unreadable

Format = Literal["human", "json", "github", "sarif"]


def check(
    file: ConfigFile = DEFAULT_CONFIG,
    *,
    overlay: Overlays = None,
    form: Annotated[Format, typer.Option("--format", help="For people, programs, GitHub or code scanners.")] = "human",
    as_json: Json = False,
    warn_as_error: Annotated[bool, typer.Option("--warn-as-error", help="Let warnings count.")] = False,
    no_color: NoColor = False,
    verbose: Verbose = False,
) -> None:
    """Say everything that is wrong with a configuration file.

    Offline: files, environment and dates are looked at, nothing is fetched. `ostiary serve` refuses to
    start for the same reasons. FILE may be - for standard input.
    """
    if verbose:
        say(f"file: {file} ({_origin(file)})")
        for one in overlay or ():
            say(f"laid over it: {one}")
    files = (file, *(overlay or ()))
    wrong = _show(files, "json" if as_json else form, plain=no_color, warn_as_error=warn_as_error)
    if wrong:
        raise typer.Exit(int(Exit.NO))


def _origin(file: Path) -> str:
    if os.environ.get("OSTIARY_CONFIG") == str(file):
        return "from OSTIARY_CONFIG"
    return "the default" if file == DEFAULT_CONFIG else "as given"


def _show(files: tuple[Path, ...], form: Format, *, plain: bool, warn_as_error: bool) -> bool:
    """Print what is to be said of a file and its overlays. Return whether that is a no."""
    from ostiary.cli.terminal import colourful, show, unicode, width
    from ostiary.config.load import examine
    from ostiary.config.problem import errors
    from ostiary.config.render import Look, as_json, render

    examined = examine(files[0], files[1:])
    if examined.problems and (missing := unreadable(examined.problems[0], examined.source)):
        raise missing
    if form == "json":
        emit(as_json(examined.problems, examined.source))
    elif text := render(
        examined.problems,
        examined.source,
        form,
        Look(colour=colourful(sys.stdout) and not plain, unicode=unicode(sys.stdout), width=width()),
    ):
        show(text)
    return bool(errors(examined.problems) or (warn_as_error and examined.problems))

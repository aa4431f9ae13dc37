"""Versions of records and keys, as commands name them, and the question before one is destroyed."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from ostiary.cli.frame import Exit, fail

Number: TypeAlias = Annotated[int, typer.Option("--version", min=1, help="Which version.")]
Chosen: TypeAlias = Annotated[int | None, typer.Option("--version", min=1, help="This version.")]
Every: TypeAlias = Annotated[bool, typer.Option("--all", help="Every version.")]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def chosen(number: int | None, *, every: bool) -> str:
    """Return what was chosen, in words: one version, or every one.

    Raises:
        Failure: neither, or both.
    """
    if (number is None) is not every:
        fail("usage", "say which: --version N or --all", exit_code=Exit.USAGE)
    return "every version" if every else f"version {number}"


def sure(question: str, room: str, *, yes: bool) -> None:
    """Ask, unless that was answered beforehand.

    Args:
        question: what is about to be lost.
        room: its word in codes.
        yes: the answer is known.

    Raises:
        Failure: the answer is no.
    """
    if not yes and not typer.confirm(question, err=True):
        fail(f"{room}.kept", "nothing was destroyed")

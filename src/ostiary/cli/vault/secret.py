"""Secrets come in by stdin, a prompt or a file, never as an argument: arguments are seen by everybody."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ostiary.cli.frame import Exit, fail
from ostiary.cli.reading import read_octets
from ostiary.model import Secret

FromStdin = Annotated[bool, typer.Option("--secret-stdin", help="Read the secret from standard input.")]
FromFile = Annotated[Path | None, typer.Option("--secret-file", metavar="FILE", help="Read the secret from a file.")]
Id = Annotated[str | None, typer.Option("--id", metavar="ID", help="The public half, such as a user name.")]


def read_secret(*, from_stdin: bool, from_file: Path | None) -> Secret:
    """Return the secret that the user gives; one newline at its end is dropped."""
    if from_stdin and from_file:
        _usage("give either --secret-stdin or --secret-file")
    if from_file is not None:
        return _checked(read_octets(from_file))
    if from_stdin:
        return _checked(read_octets(None))
    if not sys.stdin.isatty():
        _usage("say where the secret comes from: --secret-stdin or --secret-file FILE")
    return _checked(typer.prompt("Secret", hide_input=True, confirmation_prompt=True, err=True).encode())


def _checked(octets: bytes) -> Secret:
    secret = octets.removesuffix(b"\n").removesuffix(b"\r")
    if not secret:
        _usage("the secret is empty")
    try:
        secret.decode()
    except UnicodeDecodeError:
        broken = True
    else:
        broken = False
    if broken:
        _usage("the secret is not UTF-8 text")
    return Secret(secret)


def _usage(message: str) -> NoReturn:
    fail("usage", message, exit_code=Exit.USAGE)

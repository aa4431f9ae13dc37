"""The options of `ostiary explain`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer


class Expected(StrEnum):
    """What the user says that should come out."""

    ALLOW = "allow"
    DENY = "deny"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    NOT_FOUND = "404"


Words: TypeAlias = Annotated[list[str] | None, typer.Argument(metavar="[METHOD] URL", help="The request line.")]
Field: TypeAlias = Annotated[list[str] | None, typer.Option("--header", "-H", metavar="'NAME: VALUE'", help="A field.")]
Token: TypeAlias = Annotated[Path | None, typer.Option(metavar="FILE", help="A file with a bearer token; - for stdin.")]
Cert: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The client's certificate (PEM), taken as verified.")
]
Source: TypeAlias = Annotated[str, typer.Option(metavar="ADDRESS", help="Where the caller connects from.")]
Curl: TypeAlias = Annotated[str | None, typer.Option(metavar="COMMAND", help="A curl command, as it was pasted.")]
Har: TypeAlias = Annotated[Path | None, typer.Option(metavar="FILE", help="A HAR file, as browsers save it.")]
Entry: TypeAlias = Annotated[int, typer.Option(min=0, help="Which request of the HAR file.")]
At: TypeAlias = Annotated[str | None, typer.Option(metavar="TIME", help="Judge as of then: 2026-01-31T08:00Z.")]
Online: TypeAlias = Annotated[bool, typer.Option("--online", help="Fetch key sets and open credentials.")]
Claims: TypeAlias = Annotated[bool, typer.Option("--claims", help="Show every claim of the token.")]
Expect: TypeAlias = Annotated[Expected | None, typer.Option(help="Exit 1 when something else comes out.")]
RequestId: TypeAlias = Annotated[
    str | None, typer.Option(metavar="ID", help="A request that was, by its id; with --log or --admin.")
]
Log: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The access log that it stands in; - for stdin.")
]
Admin: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="OSTIARY_ADMIN",
        help="Ask the gateway that runs, at its admin listener; the token is in OSTIARY_ADMIN_TOKEN.",
    ),
]
AdminCa: TypeAlias = Annotated[
    Path | None, typer.Option("--admin-ca", metavar="FILE", help="The authority of its certificate (PEM).")
]

"""`ostiary schema`: the JSON Schema of the configuration, for editors; and of what commands print, for programs."""

from __future__ import annotations

from typing import Annotated

import typer

from ostiary.cli.frame import Exit, Json, emit, fail


def schema(
    *,
    command: Annotated[
        str | None, typer.Option("--command", metavar="NAME", help='Of what a command prints: "vault list".')
    ] = None,
    as_json: Json = False,  # noqa: ARG001 - it is JSON in any case
) -> None:
    """Print the JSON Schema (2020-12) of the configuration, or of what a command prints with --json.

    An editor with YAML support completes and checks a file that begins with
    `# yaml-language-server: $schema=schema.json`.
    """
    if command is not None:
        emit(_of(command))
        return
    from ostiary.config.jsonschema import json_schema

    emit(json_schema())


def _of(command: str) -> object:
    from ostiary.cli.documents import DOCUMENTS, schema_of
    from ostiary.config.nearest import nearest

    name = " ".join(command.split()).removeprefix("ostiary ")
    if name not in DOCUMENTS:
        guess = nearest(name, DOCUMENTS)
        hint = f"did you mean `{guess}`?" if guess else f"there are: {', '.join(DOCUMENTS)}"
        fail("usage", f"{name[:64]!r} is no command that prints a document", hint=hint, exit_code=Exit.USAGE)
    return schema_of(name)

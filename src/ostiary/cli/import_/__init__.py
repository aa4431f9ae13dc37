"""`ostiary import`: a configuration from another program's. It is printed; nothing is read from the network.

cosmian.py  what a Cosmian KMS was started with
gateway.py  from that to a gateway that lets in whom it let in
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ostiary.cli.frame import Exit, Json, emit, fail, group, say
from ostiary.cli.import_.cosmian import Settings, from_flags, from_toml, from_variables, read_variables
from ostiary.cli.import_.gateway import Semantics, gateway
from ostiary.cli.reading import read_text

if TYPE_CHECKING:
    from ostiary.cli.import_.gateway import Imported

app = group("Write a configuration from another program's.")


@app.callback()
def _several() -> None:
    """One program is known, and more may be: its name stays."""


@app.command(context_settings={"ignore_unknown_options": True})
def cosmian(
    flags: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FLAGS]...", help="What the server was started with; all of its line."),
    ] = None,
    *,
    toml: Annotated[Path | None, typer.Option("--from-toml", metavar="FILE", help="Its configuration file.")] = None,
    env: Annotated[
        Path | None,
        typer.Option("--from-env", metavar="FILE", help="A file of KMS_* variables; - for this environment."),
    ] = None,
    semantics: Annotated[
        Semantics,
        typer.Option("--semantics", help="strict: everybody needs a certificate where any does. cascade: any will do."),
    ] = "strict",
    claim: Annotated[
        str, typer.Option("--user-claim", help="Which claim of a token is the user: sub or email.")
    ] = "sub",
    upstream: Annotated[
        str, typer.Option("--upstream", help="Where the server listens now.")
    ] = "http://127.0.0.1:9999",
    as_json: Json = False,
) -> None:
    """Write the gateway that lets in whom a Cosmian KMS let in.

    It is made of the KMS's flags, variables or TOML. The YAML goes to stdout. What could not be carried over,
    and what is left to do, is said beside it.
    """
    made = gateway(_settings(flags or [], toml, env), semantics=semantics, claim=claim, upstream=upstream)
    if as_json:
        emit({"configuration": made.document, "notes": made.notes})
        return
    print(_yaml(made), end="")
    for note in made.notes:
        say(f"note: {note}")


def _settings(flags: list[str], toml: Path | None, env: Path | None) -> Settings:
    settings = Settings()
    if toml is not None:
        try:
            from_toml(read_text(toml), settings)
        except ValueError as error:
            fail("import.unreadable", f"not TOML: {error}", where=str(toml))
    if env is not None:
        variables = dict(os.environ) if str(env) == "-" else read_variables(read_text(env))
        from_variables(variables, settings)
    from_flags(flags, settings)
    if not settings.values and not settings.lists and not settings.left:
        fail(
            "usage",
            "there is nothing to read",
            hint="give the server's flags, --from-toml or --from-env",
            exit_code=Exit.USAGE,
        )
    return settings


def _yaml(made: Imported) -> str:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 120
    out = io.StringIO()
    plain: dict[str, Any] = made.document
    yaml.dump(plain, out)
    return (
        "# Written by `ostiary import cosmian`. `ostiary check` says what is missing on this machine.\n"
        + out.getvalue()
    )

"""The options that the commands share, and what the authority's refusals mean to a user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from ostiary.cli.frame import Exit, Failure, fail
from ostiary.config.secrets import resolve
from ostiary.config.values import Refused, secret_ref
from ostiary.errors import ConfigError
from ostiary.model import Secret
from ostiary.pki.errors import PkiError
from ostiary.pki.folder import AuthorityFolder
from ostiary.pki.keys import KeyKind

DEFAULT: Final = Path("pki")

Ca = Annotated[Path, typer.Option("--ca", metavar="FOLDER", help="The folder of the authority.")]
Subject = Annotated[str, typer.Argument(help="/C=GB/O=Any Org/CN=John Doe, or CN=John Doe,O=Any Org, or John Doe.")]
Key = Annotated[KeyKind, typer.Option("--key", help="Kind of the new private key.")]
Password = Annotated[
    str | None, typer.Option("--password", metavar="env:NAME|file:PATH", help="Where the private key's password is.")
]
CrlDays = Annotated[float, typer.Option("--crl-days", min=0.01, help="Until the next revocation list is due.")]
Uri = Annotated[list[str] | None, typer.Option("--uri", help="A URI, such as spiffe://example.com/john.")]
Dns = Annotated[list[str] | None, typer.Option("--dns", help="A host name or an address.")]
Email = Annotated[list[str] | None, typer.Option("--email", help="A mail address.")]
Upn = Annotated[list[str] | None, typer.Option("--upn", help="A user principal name (otherName).")]


def password_of(reference: str | None) -> Secret | None:
    """Return the password that an option points at, or None.

    Raises:
        Failure: it is literal, or leads nowhere.
    """
    if reference is None:
        return None
    try:
        return resolve(secret_ref(reference), Path())
    except (Refused, ConfigError) as error:
        raise Failure("usage", str(error), exit_code=Exit.USAGE) from None


def authority(folder: Path, password: str | None = None) -> AuthorityFolder:
    """Return the authority of a folder, which is not looked at yet."""
    return AuthorityFolder(folder, password_of(password))


@contextmanager
def answers() -> Iterator[None]:
    """Turn what the authority refuses into the end of a command.

    Raises:
        Failure: with a code for programs and a hint for people.
    """
    try:
        yield
    except PkiError as error:
        message, hint = str(error), error.hint
    else:
        return
    fail("certs.refused", message, hint=hint)


def absent(*files: Path) -> None:
    """Return when none of the files is there: a key that is written over is lost.

    Raises:
        Failure: one is.
    """
    for file in files:
        if file.exists():
            fail("certs.exists", "there is such a file already; nothing was changed", where=str(file))

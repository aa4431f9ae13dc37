"""`ostiary token`: make what callers prove themselves with, and look at what they show."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ostiary.cli.frame import Exit, Json, emit, fail, group, say
from ostiary.cli.presented import LARGEST, read_token

if TYPE_CHECKING:
    from ostiary.authn.compact import Jws

app = group("Make API keys and password hashes, and look into tokens.")
_TIMES: Final = ("iat", "nbf", "exp", "auth_time")
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


@app.command()
def key(*, as_json: Json = False) -> None:
    """Make an API key, and the digest that its record holds.

    The key is for the caller, and is not kept anywhere. The digest goes into the caller's record:
    `ostiary vault put ALIAS --id NAME --secret-stdin`. Two digests, a line each, are both valid.
    """
    from ostiary.authn.api_key import new_key

    made, digest = new_key()
    if as_json:
        emit({"key": made, "digest": digest})
    else:
        print(f"key     {made}")
        print(f"digest  {digest}")


@app.command()
def digest(
    *,
    secret_stdin: Annotated[bool, typer.Option("--secret-stdin", help="Read it from standard input.")] = False,
    secret_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Read it from a file.")] = None,
    as_json: Json = False,
) -> None:
    """Print the digest of an API key that callers have already. It should be long and random."""
    from ostiary.authn.api_key import digest_of
    from ostiary.cli.vault.secret import read_secret

    made = digest_of(read_secret(from_stdin=secret_stdin, from_file=secret_file).reveal())
    emit({"digest": made}) if as_json else print(made)


@app.command()
def password(
    *,
    secret_stdin: Annotated[bool, typer.Option("--secret-stdin", help="Read it from standard input.")] = False,
    secret_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Read it from a file.")] = None,
    as_json: Json = False,
) -> None:
    """Hash a password (Argon2id), for the record of a user of `basic`."""
    from ostiary.authn.password import hash_of
    from ostiary.cli.vault.secret import read_secret

    hashed = hash_of(read_secret(from_stdin=secret_stdin, from_file=secret_file).reveal())
    emit({"hash": hashed}) if as_json else print(hashed)


@app.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file with a token; - for stdin.")] = Path("-"),
    *,
    as_json: Json = False,
) -> None:
    """Show what a token says, without believing it.

    `ostiary issuer check NAME --token FILE` judges. The signature is left out, so that what is shown is no token.
    """
    from ostiary.authn.compact import parse, read_claims
    from ostiary.errors import InvalidToken

    try:
        jws = parse(read_token(file), LARGEST)
        claims = read_claims(jws.payload)
    except InvalidToken as error:
        fail(error.reason.value, f"it cannot be read: {error.detail}", exit_code=Exit.NO)
    if as_json:
        emit({"verified": False, "header": _header(jws), "claims": claims})
        return
    say("not verified: anybody can write this")
    print(json.dumps(_header(jws), indent=2))
    print(json.dumps(claims, indent=2, ensure_ascii=True))
    for name in _TIMES:
        if isinstance(claims.get(name), int | float):
            say(f"{name:<9} {_moment(claims[name])}{away(claims[name] - time.time())}")


def _header(jws: Jws) -> dict[str, Any]:
    fields = {"alg": jws.algorithm, "kid": jws.kid, "typ": jws.type}
    return {name: value for name, value in fields.items() if value is not None}


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return "out of range"


def away(seconds: float) -> str:
    """Return how far away a moment is, in its largest unit: `  (in 5 min)`, `  (2 h ago)`."""
    size, unit = next((one for one in _UNITS if one[0] <= abs(seconds)), _UNITS[-1])
    count = f"{abs(seconds) // size:.0f} {unit}"
    return f"  (in {count})" if seconds > 0 else f"  ({count} ago)"

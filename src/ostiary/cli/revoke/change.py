"""Revoke, list, and take back."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ostiary.cli.frame import DEFAULT_CONFIG, ConfigOption, Exit, Json, Overlays, emit, fail
from ostiary.cli.reading import read_octets
from ostiary.cli.revoke.place import with_list

if TYPE_CHECKING:
    from ostiary.shared import Shared
    from ostiary.shared.entry import Entry, Kind
    from ostiary.shared.shelf import Shelf

Note = Annotated[str, typer.Option("--note", help="Written beside it, for whoever lists it. No secrets.")]
For = Annotated[str | None, typer.Option("--for", metavar="DURATION", help="How long it stays revoked, such as 30d.")]
_LEEWAY: Final = 86_400.0
"""Seconds that something stays on the list after it has ended by itself: clocks differ."""


def token(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A file with the token; - for stdin.")] = None,
    *,
    issuer: Annotated[str | None, typer.Option("--issuer", help="In place of FILE: its `iss`, to the letter.")] = None,
    jti: Annotated[str | None, typer.Option("--jti", help="In place of FILE: its `jti`.")] = None,
    keep: For = None,
    note: Note = "",
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    as_json: Json = False,
) -> None:
    """Refuse a token, known by `iss` and `jti`. Its signature is not looked at."""
    from ostiary.shared.entry import token_name

    claims: dict[str, Any] = {"iss": issuer, "jti": jti} if file is None else _claims(file)
    issuer, jti = claims.get("iss"), claims.get("jti")
    if not isinstance(issuer, str) or not isinstance(jti, str):
        fail("usage", "a token is known by `iss` and `jti`: give FILE, or --issuer and --jti", exit_code=Exit.USAGE)
    ends = claims.get("exp") if keep is None else None
    until = float(ends) + _LEEWAY if isinstance(ends, int | float) else time.time() + _seconds(keep or "7d")
    _revoke("token", token_name(issuer, jti), until, config, overlay, note=note, as_json=as_json)


def subject(
    name: Annotated[str, typer.Argument(metavar="SUBJECT", help="The principal's name.")],
    *,
    issuer: Annotated[str, typer.Option("--issuer", help="The `iss` of its tokens; or the authority's name.")],
    keep: For = None,
    note: Note = "",
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    as_json: Json = False,
) -> None:
    """Refuse everything that a subject was given until now. What is issued from now on counts."""
    from ostiary.shared.entry import subject_name

    now = time.time()
    until = now + _seconds(keep or "30d")
    _revoke("subject", subject_name(issuer, name), until, config, overlay, before=now, note=note, as_json=as_json)


def certificate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The certificate (PEM or DER).")],
    *,
    note: Note = "",
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    as_json: Json = False,
) -> None:
    """Refuse a client certificate until it ends.

    It takes no revocation list of its authority.
    """
    from ostiary.cli.certs.place import answers
    from ostiary.pki.certificate import describe
    from ostiary.pki.contents import read_contents

    with answers():
        found = read_contents(read_octets(file), None).certificates
    if not found:
        fail("certs.none", "there is no certificate in it", where=str(file))
    one = describe(found[0])
    until = one.not_after + _LEEWAY
    _revoke("certificate", one.thumbprint.encode(), until, config, overlay, note=note, as_json=as_json)


def undo(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="As `list` has it.")],
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    as_json: Json = False,
) -> None:
    """Take back what was revoked."""

    async def take_back(_: Shared, shelf: Shelf) -> int | None:
        for entry in await shelf.entries():
            if entry.id == identifier:
                await shelf.take_back(entry, time.time())
                return await shelf.advance()
        return None

    version = with_list(config, overlay, take_back)
    if version is None:
        fail("revoke.not-found", f"{identifier!r} is not on the list", hint="`ostiary revoke list`")
    emit({"id": identifier, "version": version}) if as_json else print(f"{identifier} counts again")


def listed(*, config: ConfigOption = DEFAULT_CONFIG, overlay: Overlays = None, as_json: Json = False) -> None:
    """List what is revoked. Names are not on the list, only digests of them: write a note when you revoke."""

    async def look(_: Shared, shelf: Shelf) -> list[Entry]:
        return await shelf.entries()

    entries = sorted(with_list(config, overlay, look), key=lambda one: one.made)
    if as_json:
        emit([_facts(one) for one in entries])
        return
    for one in entries:
        print(f"{one.id}  {_moment(one.made)}  until {_moment(one.until)}  {one.note}".rstrip())


def _revoke(
    kind: Kind,
    name: bytes,
    until: float,
    config: Path,
    overlay: list[Path] | None,
    *,
    before: float | None = None,
    note: str,
    as_json: bool,
) -> None:
    from ostiary.shared.entry import Entry

    async def put(shared: Shared, shelf: Shelf) -> tuple[Entry, int]:
        now = time.time()
        entry = Entry(kind, shared.digests.digest(kind, name), now, until, before, note[:200])
        await shelf.revoke(entry)
        await shelf.tidy(now)
        return entry, await shelf.advance()

    entry, version = with_list(config, overlay, put)
    facts = {**_facts(entry), "version": version}
    emit(facts) if as_json else print(f"{entry.id} is revoked until {_moment(entry.until)}")


def _facts(entry: Entry) -> dict[str, Any]:
    before = None if entry.before is None else _moment(entry.before)
    made, until = _moment(entry.made), _moment(entry.until)
    return {"id": entry.id, "kind": entry.kind, "made": made, "until": until, "before": before, "note": entry.note}


def _claims(file: Path) -> dict[str, Any]:
    from ostiary.authn.compact import parse, read_claims
    from ostiary.cli.presented import read_token
    from ostiary.errors import InvalidToken

    try:
        shown = read_token(file)
        return read_claims(parse(shown, len(shown)).payload)
    except InvalidToken as error:
        fail(error.reason.value, f"it cannot be read: {error.detail}", where=str(file))


def _seconds(text: str) -> float:
    from ostiary.config.values import Refused, duration

    try:
        return duration(text)
    except Refused as error:
        fail("usage", str(error), exit_code=Exit.USAGE)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

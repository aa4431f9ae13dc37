"""`ostiary certs list` and `inspect`."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ostiary.cli.certs.place import DEFAULT, Ca, Password, answers, authority, password_of
from ostiary.cli.frame import Exit, Json, emit
from ostiary.cli.reading import read_octets
from ostiary.config.values import Refused, duration
from ostiary.pki.register import Entry


def list_(
    *,
    ca: Ca = DEFAULT,
    within: Annotated[str | None, typer.Option(metavar="TIME", help="Only what expires in this time: 30d.")] = None,
    as_json: Json = False,
) -> None:
    """Show what an authority has issued. With --within, the exit code is 1 when something expires in that time."""
    now = time.time()
    limit = None if within is None else now + seconds(within)
    with answers():
        entries = list(authority(ca).register().entries.values())
    shown = [one for one in entries if limit is None or (one.state(now) == "valid" and one.not_after <= limit)]
    if as_json:
        emit([_facts(entry, now) for entry in shown])
    else:
        for entry in shown:
            print(_line(entry, now))
    if limit is not None and shown:
        raise typer.Exit(int(Exit.NO))


def inspect(
    file: Annotated[Path, typer.Argument(help="A certificate, chain, request, revocation list, key or key store.")],
    *,
    password: Password = None,
    as_json: Json = False,
) -> None:
    """Show what a file says, and as whom a gateway would know it.

    `ostiary doctor` judges it.
    """
    from ostiary.cli.certs.facts import facts

    with answers():
        found = facts(read_octets(file), password_of(password))
    if as_json:
        emit(found)
        return
    for number, one in enumerate(found):
        print("\n" * bool(number) + "\n".join(f"{name:<16} {_text(value)}" for name, value in one.items() if value))


def _text(value: Any) -> str:
    return ("\n" + " " * 17).join(str(one) for one in value) if isinstance(value, list) else str(value)


def seconds(text: str) -> float:
    """Return the seconds of a duration such as 30d, given as an option."""
    try:
        return duration(text)
    except Refused as refused:
        raise typer.BadParameter(str(refused)) from None


def _facts(entry: Entry, now: float) -> dict[str, Any]:
    return {
        "serial": f"{entry.serial:x}",
        "subject": entry.subject,
        "names": list(entry.names),
        "state": entry.state(now),
        "not_after": moment(entry.not_after),
        "revoked": None if entry.revoked is None else moment(entry.revoked),
        "reason": entry.why,
        "fingerprint": entry.fingerprint,
    }


def _line(entry: Entry, now: float) -> str:
    names = "".join(f" {name}" for name in entry.names)
    return f"{entry.serial:040x}  {entry.state(now):<7}  {moment(entry.not_after)}  {entry.subject}{names}"


def moment(seconds: float) -> str:
    """Return a time as RFC 3339 writes it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"

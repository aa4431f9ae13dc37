"""`ostiary certs check`: for a cron job, whoever has issued what it looks at."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ostiary.cli.certs.look import moment, seconds
from ostiary.cli.certs.place import Password, answers, password_of
from ostiary.cli.frame import Exit, Json, emit
from ostiary.cli.reading import read_octets
from ostiary.model import Secret
from ostiary.pki.contents import read_contents
from ostiary.pki.subject import show_subject

_DAY: Final = 86400


def check(
    files: Annotated[list[Path], typer.Argument(help="Certificates, chains, revocation lists, key stores.")],
    *,
    within: Annotated[str, typer.Option(metavar="TIME", help="What ends in this time counts as ended.")] = "30d",
    password: Password = None,
    as_json: Json = False,
) -> None:
    """Show when certificates and revocation lists end.

    The exit code is 1 when one has ended, or does within the time. `ostiary doctor` looks at everything else.
    """
    now = time.time()
    limit = now + seconds(within)
    with answers():
        known = [one for file in files for one in _endings(file, password_of(password))]
    found = [{**one, **_state(end, now, limit)} for one, end in known]
    if as_json:
        emit(found)
    else:
        for one in found:
            print(_line(one))
    if not found or any(one["state"] != "good" for one in found):
        raise typer.Exit(int(Exit.NO))


def _endings(file: Path, password: Secret | None) -> Iterator[tuple[dict[str, Any], datetime | None]]:
    """Yield what ends, and when."""
    contents = read_contents(read_octets(file), password)
    for one in contents.certificates:
        named = {"file": str(file), "kind": "certificate", "name": show_subject(one.subject)}
        yield named, one.not_valid_after_utc
    for crl in contents.crls:
        yield {"file": str(file), "kind": "revocation list", "name": show_subject(crl.issuer)}, crl.next_update_utc


def _state(end: datetime | None, now: float, limit: float) -> dict[str, Any]:
    """Return how long something lasts. A list without an end is overdue: nobody can tell how old it is."""
    ends = now if end is None else end.timestamp()
    state = "ended" if ends <= now else "soon" if ends <= limit else "good"
    return {"ends": moment(ends), "days": int((ends - now) // _DAY), "state": state}


def _line(one: dict[str, Any]) -> str:
    return f"{one['state']:<5}  {one['days']:>5} d  {one['ends']}  {one['kind']} {one['name']}  ({one['file']})"

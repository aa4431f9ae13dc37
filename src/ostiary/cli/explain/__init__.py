"""`ostiary explain`: what would become of a request, and which line of the file decides.

options.py  what the command is asked with
request.py  the request: from flags, a pasted curl command, or a HAR file
log.py      a request that was, from its line in the access log
show.py     how the explanation is shown
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from ostiary.cli.explain import options
from ostiary.cli.explain.request import asked_of
from ostiary.cli.frame import DEFAULT_CONFIG, ConfigOption, Exit, Json, Overlays, fail

if TYPE_CHECKING:
    from pathlib import Path

    from ostiary.cli.admin import Place
    from ostiary.explain.question import Question


def explain(
    words: options.Words = None,
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    header: options.Field = None,
    token: options.Token = None,
    cert: options.Cert = None,
    source: options.Source = "127.0.0.1",
    curl: options.Curl = None,
    har: options.Har = None,
    entry: options.Entry = 0,
    at: options.At = None,
    online: options.Online = False,
    claims: options.Claims = False,
    expect: options.Expect = None,
    request_id: options.RequestId = None,
    log: options.Log = None,
    admin: options.Admin = None,
    admin_ca: options.AdminCa = None,
    as_json: Json = False,
) -> None:
    """Say, step by step, what would become of a request, and why.

    With the objects that live traffic goes through; nothing is forwarded. Offline, unless --online or --admin:
    keys are those on disk, and what cannot be known is said to be unknown.
    """
    running = _running(admin, admin_ca, at)
    if request_id is not None:
        _past(running, log, request_id, as_json=as_json)
        return
    question = asked_of(words or [], header or [], curl=curl, har=har, entry=entry, token=token).question(source, cert)
    if running is not None:
        told = running.explain(question, claims=claims)
    else:
        told = _here((config, *(overlay or ())), question, _moment(at), online=online, claims=claims)
    _end(told, expect, as_json=as_json, running=running is not None)


def _running(admin: str | None, authority: Path | None, at: str | None) -> Place | None:
    """Return the gateway that is to be asked, or None when the file is."""
    if admin is None:
        return None
    if at is not None:
        fail("usage", "--at needs a file: the gateway that runs judges as of now", exit_code=Exit.USAGE)
    from ostiary.cli.admin import Place

    return Place(admin, authority)


def _past(running: Place | None, log: Path | None, request_id: str, *, as_json: bool) -> None:
    from ostiary.cli.explain.log import find, show_line

    if log is not None:
        facts, where = find(log, request_id), str(log)
    elif running is not None:
        facts, where = running.decision(request_id), running.url
    else:
        hint = "the access log is what `serve` prints; --admin asks the gateway that runs"
        fail("usage", "--request-id needs --log or --admin", hint=hint, exit_code=Exit.USAGE)
    if facts is None:
        hint = "only so many of the last are kept" if log is None else ""
        message = f"there is no request {request_id[:64]!r}"
        fail("explain.unknown", message, hint=hint, where=where, exit_code=Exit.UNKNOWN)
    show_line(facts, as_json=as_json)


def _moment(text: str | None) -> float:
    if text is None:
        return time.time()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail("usage", f"{text[:40]!r} is no time", hint="2026-01-31T08:00Z", exit_code=Exit.USAGE)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _here(files: tuple[Path, ...], question: Question, moment: float, *, online: bool, claims: bool) -> dict[str, Any]:
    """Return what the file would do."""
    from ostiary.explain.explanation import facts

    told = asyncio.run(_explained(files, question, moment, online=online))
    return facts(told, moment, claims=claims)


async def _explained(files: tuple[Path, ...], question: Question, moment: float, *, online: bool) -> Any:
    from ostiary.build import compile_gateway
    from ostiary.config.load import load
    from ostiary.explain.noting import Withheld
    from ostiary.explain.walk import Explainer
    from ostiary.model import CredentialSource
    from ostiary.observe.log import silent

    loaded = load(files[0], files[1:])
    withheld: dict[str, CredentialSource] | None = None
    if not online:
        withheld = {alias: Withheld(alias) for alias in loaded.spec.credentials}
    with silent():
        gateway = compile_gateway(loaded, clock=lambda: moment, sources=withheld)
        explainer = Explainer(loaded, gateway)
        if online:
            await gateway.start()
        else:
            explainer.stay_offline()
        try:
            return await explainer.answer(question)
        finally:
            await gateway.aclose()


def _end(told: dict[str, Any], expect: options.Expected | None, *, as_json: bool, running: bool) -> None:
    """Show it, and end with the exit code that it has."""
    from ostiary.cli.explain.show import show_told

    show_told(told, as_json=as_json, running=running)
    if expect is not None and not _as_expected(told, expect):
        raise typer.Exit(int(Exit.NO))
    if told["verdict"] == "unknown":
        raise typer.Exit(int(Exit.UNKNOWN))


def _as_expected(told: dict[str, Any], expected: options.Expected) -> bool:
    if expected in (options.Expected.ALLOW, options.Expected.DENY):
        return bool(told["verdict"] == expected.value)
    return bool(told["status"] == int(expected))

"""`ostiary explain`: what would become of a request, and which line of the file decides."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ostiary.cli.explain_asked import Asked, Unreadable, add_field, from_curl, from_har
from ostiary.cli.frame import DEFAULT_CONFIG, ConfigOption, Exit, Json, Overlays, emit, fail

if TYPE_CHECKING:
    from ostiary.cli.explain_walk import Explanation
    from ostiary.model import Certificate, Headers, Peer

_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class Expected(StrEnum):
    """What the user says that should come out."""

    ALLOW = "allow"
    DENY = "deny"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    NOT_FOUND = "404"


def explain(
    words: Annotated[list[str] | None, typer.Argument(metavar="[METHOD] URL", help="The request line.")] = None,
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", metavar="'NAME: VALUE'", help="A field.")
    ] = None,
    token: Annotated[Path | None, typer.Option(metavar="FILE", help="A file with a bearer token; - for stdin.")] = None,
    cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The client's certificate (PEM), taken as verified.")
    ] = None,
    source: Annotated[str, typer.Option(metavar="ADDRESS", help="Where the caller connects from.")] = "127.0.0.1",
    curl: Annotated[str | None, typer.Option(metavar="COMMAND", help="A curl command, as it was pasted.")] = None,
    har: Annotated[Path | None, typer.Option(metavar="FILE", help="A HAR file, as browsers save it.")] = None,
    entry: Annotated[int, typer.Option(min=0, help="Which request of the HAR file.")] = 0,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="Judge as of then: 2026-01-31T08:00Z.")] = None,
    online: Annotated[bool, typer.Option("--online", help="Fetch key sets and open credentials.")] = False,
    claims: Annotated[bool, typer.Option("--claims", help="Show every claim of the token.")] = False,
    expect: Annotated[Expected | None, typer.Option(help="Exit 1 when something else comes out.")] = None,
    request_id: Annotated[
        str | None, typer.Option(metavar="ID", help="A request that was, by its id; with --log.")
    ] = None,
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The access log that it stands in; - for stdin.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say, step by step, what would become of a request, and why.

    With the objects that live traffic goes through; nothing is forwarded. Offline, unless --online: keys are
    those on disk, and what cannot be known is said to be unknown.
    """
    if request_id is not None:
        _past(log, request_id, as_json=as_json)
        return
    asked = _whole(words or [], curl, har, entry, header or [])
    if token is not None:
        asked.headers.append(("Authorization", f"Bearer {_token(token)}"))
    moment = _moment(at)
    told = asyncio.run(
        _explained((config, *(overlay or ())), asked, cert or asked.certificate, source, moment, online=online)
    )
    _show(told, moment, claims=claims, as_json=as_json)
    if expect is not None and not _as_expected(told, expect):
        raise typer.Exit(int(Exit.NO))
    if told.status is None:
        raise typer.Exit(int(Exit.UNKNOWN))


def _past(log: Path | None, request_id: str, *, as_json: bool) -> None:
    from ostiary.cli.explain_log import explain_line

    if log is None:
        fail("usage", "--request-id needs --log", hint="the access log is what `serve` prints", exit_code=Exit.USAGE)
    explain_line(log, request_id, as_json=as_json)


def _whole(words: list[str], curl: str | None, har: Path | None, entry: int, fields: list[str]) -> Asked:
    try:
        asked = _asked(words, curl, har, entry)
        for line in fields:
            add_field(asked, line)
    except Unreadable as error:
        fail("usage", str(error), exit_code=Exit.USAGE)
    return asked


def _asked(words: list[str], curl: str | None, har: Path | None, entry: int) -> Asked:
    asked = Asked()
    if curl is not None:
        from_curl(curl, asked)
    if har is not None:
        from_har(har.read_text(), entry, asked)
    if len(words) > 2:  # noqa: PLR2004 - a method and a URL
        raise Unreadable("a method and a URL are wanted, no more")
    for word in words:
        if word.upper() in _METHODS:
            asked.method = word.upper()
        else:
            asked.url = word
    asked.target()
    return asked


def _token(path: Path) -> str:
    data = sys.stdin.buffer.read(1 << 20) if str(path) == "-" else path.read_bytes()
    return data.strip().removeprefix(b"Bearer ").decode("ascii", "replace")


def _moment(text: str | None) -> float:
    if text is None:
        return time.time()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail("usage", f"{text[:40]!r} is no time", hint="2026-01-31T08:00Z", exit_code=Exit.USAGE)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


async def _explained(
    files: tuple[Path, ...], asked: Asked, cert: Path | None, source: str, moment: float, *, online: bool
) -> Explanation:
    from ostiary.build import compile_gateway
    from ostiary.cli.explain_walk import Explainer, Withheld
    from ostiary.config.load import load
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
            scheme, authority, target = asked.target()
            return await explainer.explain(
                method=asked.method or "GET",
                target=target,
                headers=_fields(asked, authority),
                peer=_peer(source, cert),
                scheme=scheme,
            )
        finally:
            await gateway.aclose()


def _fields(asked: Asked, authority: str) -> Headers:
    from ostiary.model import Headers

    named = any(name.lower() == "host" for name, _ in asked.headers)
    fields = asked.headers if named else [("Host", authority), *asked.headers]
    return Headers.of([(name.encode(), value.encode()) for name, value in fields])


def _peer(source: str, cert: Path | None) -> Peer:
    from ostiary.model import Peer

    return Peer(source, None if cert is None else _certificate(cert))


def _certificate(path: Path) -> Certificate:
    from cryptography import x509

    from ostiary.pki.certificate import describe

    try:
        return describe(x509.load_pem_x509_certificate(path.read_bytes()))
    except ValueError:
        fail("explain.certificate", "there is no certificate in the file", where=str(path))


def _as_expected(told: Explanation, expected: Expected) -> bool:
    if told.status is None:
        return False
    if expected is Expected.ALLOW:
        return told.status == 0
    return told.status != 0 if expected is Expected.DENY else told.status == int(expected)


def _show(told: Explanation, moment: float, *, claims: bool, as_json: bool) -> None:
    from ostiary.cli.explain_walk import lines
    from ostiary.cli.reasons import CAUSES
    from ostiary.cli.terminal import show

    cause, remedy = CAUSES[told.reason]
    if as_json:
        emit(_facts(told, moment, remedy, claims=claims))
        return
    text = list(lines(told))
    if claims and told.principal is not None:
        text += [f"    claim {name}: {value!r}" for name, value in sorted(told.principal.claims.items())]
    text.append("")
    if told.status == 0:
        text.append(f"allowed: {told.route} would forward it")
    else:
        text.append(f"{told.status or 'unknown'} {told.reason}: {cause}")
        text.append(f"to allow: {remedy}" if told.status else "to know: --online fetches keys and opens credentials")
    show("\n".join(text))


def _facts(told: Explanation, moment: float, remedy: str, *, claims: bool) -> dict[str, Any]:
    principal = told.principal
    return {
        "verdict": "unknown" if told.status is None else "allow" if told.status == 0 else "deny",
        "status": told.status or None,
        "reason": str(told.reason),
        "route": told.route,
        "at": datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z"),
        "principal": None if principal is None else {
            "subject": principal.subject, "issuer": principal.issuer, "method": principal.method,
            "tenant": principal.tenant, "environment": principal.environment,
            **({"claims": dict(principal.claims)} if claims else {}),
        },
        "steps": [
            {"step": one.step, "what": one.what, "verdict": one.verdict, "text": one.text, "where": one.where}
            for one in told.notes
        ],
        "to_allow": "" if told.status == 0 else remedy,
    }  # fmt: skip

"""`ostiary doctor`: what is wrong with certificates, keys, lists, stores, endpoints and gateways, and what mends it."""

from __future__ import annotations

import re
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from ostiary.cli.certs.place import Password, password_of
from ostiary.cli.frame import Exit, Json, NoColor, emit, fail
from ostiary.cli.reading import read_octets
from ostiary.cli.surroundings import around, is_configuration
from ostiary.pki.diagnosis.codes import GROUPS, Severity

if TYPE_CHECKING:
    from ostiary.pki.diagnosis.endpoint import Visit
    from ostiary.pki.diagnosis.finding import Finding, Patient

Profile = Literal["strict", "compat"]
Told = tuple[str, "Finding", Severity]

_ENDPOINT: Final = re.compile(r"(?:https://)?(\[[0-9a-fA-F:]+\]|[^/:\[\]]+):(\d{1,5})/?")
_COLOURS: Final = {"error": "31", "warning": "33", "note": "36"}


def doctor(
    what: Annotated[
        list[str], typer.Argument(metavar="FILE|HOST:PORT...", help="Looked at together. FILE.yaml: a gateway.")
    ],
    *,
    purpose: Annotated[
        Literal["client", "server"], typer.Option("--for", help="What certificates are for.")
    ] = "client",
    profile: Annotated[Profile, typer.Option(help="As the listener's `profile`.")] = "strict",
    only: Annotated[list[str] | None, typer.Option(help="Only this group of findings.")] = None,
    skip: Annotated[list[str] | None, typer.Option(help="Not this group of findings.")] = None,
    cert: Annotated[Path | None, typer.Option("--cert", metavar="FILE", help="Client certificate to show.")] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="Its private key.")] = None,
    password: Password = None,
    as_json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Say in plain words what is wrong, and which command mends it.

    Name what belongs together at once: a certificate, its key, its authority, the revocation list. A
    configuration (FILE.yaml) stands for what is around its gateway: the machine, how its files lie there, the
    servers that it names. The network is used for HOST:PORT, and for the groups endpoint, clock and running of
    a configuration. The exit code is 1 when there is an error.
    """
    _known([*(only or ()), *(skip or ())])
    wanted = [group for group in GROUPS if (not only or group in only) and group not in (skip or ())]
    found = [one for name in filter(is_configuration, what) for one in around(name, wanted)]
    found += _judged([name for name in what if not is_configuration(name)], purpose, password, cert, key)
    told = [(name, one, _severity(one, profile)) for name, one in found if one.code.group in wanted]
    if as_json:
        emit([_facts(*one) for one in told])
    else:
        _show(told, what, plain=no_color)
    if any(severity == "error" for _, _, severity in told):
        raise typer.Exit(int(Exit.NO))


def _known(groups: Sequence[str]) -> None:
    """Return when these are groups of findings."""
    for group in groups:
        if group not in GROUPS:
            fail("usage", f"there is no group {group!r}", hint=", ".join(GROUPS), exit_code=Exit.USAGE)


def _judged(
    what: Sequence[str], purpose: str, password: str | None, cert: Path | None, key: Path | None
) -> list[tuple[str, Finding]]:
    from datetime import UTC, datetime

    from ostiary.pki.diagnosis.exam import examine
    from ostiary.pki.diagnosis.finding import is_authority, readable

    now = datetime.now(UTC)
    endpoints = [match for match in map(_endpoint, what) if match is not None]
    found: list[tuple[str, Finding]] = []
    patients = [patient for one in what if _endpoint(one) is None for patient in _patient(one, password, found)]
    found += examine(patients, purpose, now)
    certificates = [one for patient in patients for one in patient.contents.certificates]
    authorities = [one for one in certificates if readable(one) and is_authority(one)]
    for host, port in endpoints:
        visit = _visit(host, port, authorities, (cert, key), password)
        shown, findings = visit.look()
        found += [(visit.name, finding) for finding in findings]
        found += [one for one in examine([shown, *patients], "server", now) if one[0] == shown.name and _live(one[1])]
    return found


def _live(finding: Finding) -> bool:
    """Whether a finding about files says something about an endpoint, too."""
    return finding.code.group != "file"


def _endpoint(text: str) -> tuple[str, int] | None:
    """Return host and port, or None when a file is meant."""
    match = _ENDPOINT.fullmatch(text)
    if match is None or Path(text).exists():
        return None
    return match[1].strip("[]"), int(match[2])


def _visit(
    host: str, port: int, authorities: Sequence[Any], identity: tuple[Path | None, Path | None], password: str | None
) -> Visit:
    from ostiary.pki.diagnosis.endpoint import Visit

    cert, key = identity
    if (cert is None) is not (key is None):
        fail("usage", "a client certificate needs both --cert and --key", exit_code=Exit.USAGE)
    visit = Visit(host, port, authorities, cert, key, password=password_of(password))
    if cert is not None and key is not None:
        _presentable(visit, cert, key)
    return visit


def _presentable(visit: Visit, cert: Path, key: Path) -> None:
    """Return when certificate and key can be shown: what is wrong with them says nothing of the endpoint."""
    for file in (cert, key):
        read_octets(file)  # whose errors name the file
    try:
        visit.prepare()
    except ssl.SSLError:
        message = "it cannot be shown: it is no PEM, the key is not its own, or the key wants another password"
        fail("doctor.identity", message, hint=f"ostiary doctor {cert} {key}", where=str(cert))


def _patient(name: str, password: str | None, found: list[tuple[str, Finding]]) -> list[Patient]:
    """Return what a file holds; what cannot be opened is a finding of its own."""
    from ostiary.pki.contents import read_contents
    from ostiary.pki.diagnosis.finding import Finding, Patient
    from ostiary.pki.errors import PkiError

    path = Path(name)
    data = read_octets(path)  # a file that is not there is no finding: run.py says so, and exits 3
    try:
        contents = read_contents(data, password_of(password))
    except PkiError as error:
        found.append((name, Finding("D501", "", error.hint or f"ostiary certs inspect {name}", str(error))))
        return []
    beside = any(one.suffix in (".pem", ".crt") and one != path for one in path.parent.iterdir())
    return [Patient(name, contents, path.stat().st_mode, public=beside)]


def _severity(finding: Finding, profile: Profile) -> Severity:
    return "warning" if finding.code.forgiven and profile == "compat" else finding.code.severity


def _facts(name: str, finding: Finding, severity: Severity) -> dict[str, str]:
    return {
        "code": finding.name,
        "severity": severity,
        "group": finding.code.group,
        "where": name,
        "about": finding.about,
        "message": finding.code.text,
        "detail": finding.detail,
        "remedy": finding.remedy,
    }


def _show(told: Sequence[Told], what: Sequence[str], *, plain: bool) -> None:
    from ostiary.cli.terminal import colourful, show

    colour = colourful(sys.stdout) and not plain
    for name, finding, severity in told:
        word = f"\x1b[{_COLOURS[severity]}m{severity}\x1b[0m" if colour else severity
        show(f"{word} {finding.name}: {finding.code.text}{f' ({finding.detail})' if finding.detail else ''}")
        show(f"  {name}{f': {finding.about}' if finding.about else ''}")
        if finding.remedy:
            show(f"  help: {finding.remedy}")
    errors = sum(severity == "error" for _, _, severity in told)
    if not errors:
        show(f"{', '.join(what)}: nothing is wrong" if not told else "no error")

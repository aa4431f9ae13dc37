"""Can anything be verified with these authorities, and are their revocation lists of today?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cryptography import x509

from ostiary.config.checks import pem
from ostiary.config.checks.outside import Findings
from ostiary.config.checks.pem import Unusable
from ostiary.config.crls import delta_of, incomplete, number_of
from ostiary.config.problem import Path, Problem, Severity
from ostiary.config.schema import ClientSpec, RevocationSpec

_KEYS: Final = frozenset(("authorities", "trusted"))


def authorities(findings: Findings) -> Iterator[Problem]:
    """Judge every list of authorities. One that has expired may stand beside its successor."""
    lists: dict[Path, list[Path]] = {}
    for path in findings.found:
        if _KEYS.intersection(path):
            lists.setdefault(path[:-1], []).append(path)
    for paths in lists.values():
        yield from _list(findings, paths)


def _list(findings: Findings, paths: list[Path]) -> Iterator[Problem]:
    held: list[tuple[Path, x509.Certificate]] = []
    for path in paths:
        try:
            held += [(path, certificate) for certificate in pem.certificates(findings.found[path])]
        except Unusable as wrong:
            yield findings.draft.problem(wrong.code, f"{findings.shown(path)} {wrong.sentence}", path)
    some_hold = any(pem.out_of_date(certificate, findings.now) is None for _, certificate in held)
    for path, certificate in held:
        may_issue = pem.is_authority(certificate)
        useless = may_issue is False or (may_issue is None and not _lenient(findings, path))
        if useless and not _pinned(path):
            message = f"{pem.name_of(certificate)} is not an authority: it may issue nothing"
            yield findings.draft.problem("C506", message, path)
        elif wrong_date := pem.out_of_date(certificate, findings.now):
            what = "certificate" if useless else "authority"
            message = f"the {what} {pem.name_of(certificate)} {wrong_date}"
            yield findings.draft.problem("C505", message, path, severity="warning" if some_hold else "error")


def _pinned(path: Path) -> bool:
    """Whether certificates of servers themselves may stand at a path, to be trusted and no others."""
    return path[0] == "upstreams" and "trusted" in path


def _lenient(findings: Findings, path: Path) -> bool:
    """Whether authorities that cannot say what they are, as X.509 v1 cannot, are accepted at a path."""
    asked = [spec for place, spec in _clients(findings) if path[: len(place)] == place]
    return path[0] not in ("listeners", "admin") or any(spec.profile == "compat" for spec in asked)


def _clients(findings: Findings) -> Iterator[tuple[Path, ClientSpec]]:
    """Return every place where it is said what client certificates must be."""
    draft = findings.draft
    for name, listener in draft.listeners.items():
        if listener.tls is not None:
            yield ("listeners", name, "tls", "client"), listener.tls.client
        if listener.forwarded is not None:
            yield ("listeners", name, "forwarded", "client"), listener.forwarded.client
    if draft.admin is not None and draft.admin.tls is not None:
        yield ("admin", "tls", "client"), draft.admin.tls.client


def revocation(findings: Findings) -> Iterator[Problem]:
    """Judge every list of revoked certificates: of one of the authorities each, of today, and none missing."""
    for path, spec in _clients(findings):
        if spec.revocation is not None:
            yield from _revocation(findings, path, spec.revocation)


def _revocation(findings: Findings, path: Path, spec: RevocationSpec) -> Iterator[Problem]:
    trusted = _held(findings, (*path, "authorities"))
    listed: set[x509.Name] = set()
    numbers: dict[x509.Name, int] = {}
    deltas: list[tuple[Path, x509.CertificateRevocationList]] = []
    places = list(findings.below((*path, "revocation", "crls")))
    for place, data in places:
        try:
            for crl in pem.revocation_lists(data):
                listed.add(crl.issuer)
                if delta_of(crl) is None:
                    numbers[crl.issuer] = max(numbers.get(crl.issuer, -1), number_of(crl))
                else:
                    deltas.append((place, crl))
                yield from _crl(findings, place, crl, trusted, hard=spec.mode == "hard")
        except Unusable as wrong:
            listed |= {certificate.subject for certificate in trusted}  # it may be the one that is missed
            yield findings.draft.problem(wrong.code, f"{findings.shown(place)} {wrong.sentence}", place)
    elsewhere = spec.urls or spec.distribution_points
    if spec.mode == "hard" and spec.crls and not elsewhere and len(places) == len(spec.crls):
        yield from _missing(findings, (*path, "revocation", "crls"), trusted, listed)
        yield from _alone(findings, deltas, numbers)


def _held(findings: Findings, path: Path) -> list[x509.Certificate]:
    held: list[x509.Certificate] = []
    for _, data in findings.below(path):
        try:
            held += pem.certificates(data)
        except Unusable:
            continue  # told as what it is, by `authorities`
    return held


def _crl(
    findings: Findings,
    path: Path,
    crl: x509.CertificateRevocationList,
    trusted: list[x509.Certificate],
    *,
    hard: bool,
) -> Iterator[Problem]:
    if trusted and not any(pem.signed_by(crl, authority) for authority in trusted):
        message = f"this list of {crl.issuer.rfc4514_string()!r} is not signed by one of `authorities`"
        yield findings.draft.problem("C510", message, path)
    elif (what := incomplete(crl)) is not None:
        yield findings.draft.problem("C522", f"this list is {what}", path)
    elif crl.next_update_utc is None or crl.next_update_utc.timestamp() < findings.now:
        due = f"was to be replaced by {crl.next_update_utc:%Y-%m-%d %H:%M} UTC" if crl.next_update_utc else "has no end"
        severity: Severity = "error" if hard else "warning"
        help_ = "fetch the authority's current one"
        yield findings.draft.problem("C511", f"this list {due}", path, severity=severity, help=help_)


def _alone(
    findings: Findings,
    deltas: Iterable[tuple[Path, x509.CertificateRevocationList]],
    numbers: Mapping[x509.Name, int],
) -> Iterator[Problem]:
    """With `hard`, a delta without a list that it builds on lets nobody in."""
    for place, crl in deltas:
        base = delta_of(crl)
        if base is not None and incomplete(crl) is None and numbers.get(crl.issuer, -1) < base:
            message = f"this delta builds on list {base} of {crl.issuer.rfc4514_string()!r}, which is not there"
            yield findings.draft.problem("C522", message, place, help="add it, or a later one")


def _missing(
    findings: Findings, path: Path, trusted: list[x509.Certificate], listed: set[x509.Name]
) -> Iterator[Problem]:
    """With `hard`, an authority that no list speaks of lets nobody in. A list of somebody else is told above."""
    names = {certificate.subject for certificate in trusted}
    if not listed <= names:
        return
    for certificate in trusted:
        if certificate.subject not in listed and pem.out_of_date(certificate, findings.now) is None:
            message = f"there is no revocation list of {pem.name_of(certificate)}, so nobody gets in by it"
            yield findings.draft.problem("C513", message, path, key=True, help="add it, or write `mode: soft`")

"""Is a server's certificate one that clients will accept, and is the key its own?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cryptography import x509

from ostiary.config.checks import pem
from ostiary.config.checks.outside import Findings
from ostiary.config.checks.pem import Unusable
from ostiary.config.oauth import CertificateClientSpec, TokenSpec
from ostiary.config.problem import Path, Problem
from ostiary.config.schema import ListenerTlsSpec, ShownCertificateSpec

SOON: Final = 30
"""Days before its end at which a certificate is warned about."""


def identities(findings: Findings) -> Iterator[Problem]:
    """Judge what every listener shows to its callers."""
    for name, listener in findings.draft.listeners.items():
        if listener.tls is not None:
            yield from _shown(findings, ("listeners", name, "tls"), listener.tls)
    admin = findings.draft.admin
    if admin is not None and admin.tls is not None:
        yield from _shown(findings, ("admin", "tls"), admin.tls)
    for name, upstream in findings.draft.upstreams.items():
        if upstream.tls.client is not None:
            yield from _identity(findings, ("upstreams", name, "tls", "client"), upstream.tls.client)
    for path, client in _clients(findings):
        shown = ShownCertificateSpec.model_construct(certificate=client.certificate, private_key=client.private_key)
        yield from _identity(findings, path, shown)


def _clients(findings: Findings) -> Iterator[tuple[Path, CertificateClientSpec]]:
    """Return what the gateway proves itself with where it asks for tokens."""
    for index, route in findings.draft.routes.items():
        for position, injector in enumerate(route.inject):
            client = injector.value.client.certificate if isinstance(injector.value, TokenSpec) else None
            if client is not None and client.certificate is not None:
                yield ("routes", index, "inject", position, injector.kind, "client", "certificate"), client


def _shown(findings: Findings, path: Path, tls: ListenerTlsSpec) -> Iterator[Problem]:
    yield from _identity(findings, path, tls)
    for number, one in enumerate(tls.also):
        yield from _identity(findings, (*path, "also", number), one)


def _identity(findings: Findings, path: Path, tls: ShownCertificateSpec) -> Iterator[Problem]:
    key = "certificate" if tls.pkcs12 is None else "pkcs12"
    try:
        leaf = _leaf(findings, path, tls)
    except Unusable as wrong:
        place = (*path, "private_key" if wrong.code in ("C503", "C515") else key)
        subject = "" if wrong.code == "C503" else f"{findings.shown(place)} "
        yield findings.draft.problem(wrong.code, f"{subject}{wrong.sentence}", place)
        return
    if leaf is not None:
        yield from _dates(findings, (*path, key), leaf)


def _dates(findings: Findings, path: Path, leaf: x509.Certificate) -> Iterator[Problem]:
    name = pem.name_of(leaf)
    if wrong := pem.out_of_date(leaf, findings.now):
        yield findings.draft.problem("C504", f"the certificate {name} {wrong}", path)
    elif (days := pem.days_left(leaf, findings.now)) < SOON:
        message = f"the certificate {name} expires in {days} days"
        yield findings.draft.problem("C408", message, path, severity="warning")


def _leaf(findings: Findings, path: Path, tls: ShownCertificateSpec) -> x509.Certificate | None:
    """Return the server's certificate, or None when something of it was not found.

    Raises:
        Unusable: it cannot be read, or the key is another one's.
    """
    if tls.jks is not None:
        return None  # opened when the gateway starts
    password = findings.found.get((*path, "password"))
    if tls.password is not None and password is None:
        return None
    password = password.removesuffix(b"\n").removesuffix(b"\r") if password is not None else None
    if tls.pkcs12 is not None:
        data = findings.found.get((*path, "pkcs12"))
        return None if data is None else pem.bundle(data, password)
    chain, key = findings.found.get((*path, "certificate")), findings.found.get((*path, "private_key"))
    leaf = None if chain is None else pem.certificates(chain)[0]
    opened = None if key is None else pem.private_key(key, password)
    if leaf is not None and opened is not None and not pem.belongs(leaf, opened):
        raise Unusable("C503", f"this key is not the key of the certificate {pem.name_of(leaf)}")
    return leaf

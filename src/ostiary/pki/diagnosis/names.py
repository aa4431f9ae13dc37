"""Whom does a certificate speak of, and is that one name and the whole of it?"""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.oid import NameOID

from ostiary.errors import InvalidCertificate
from ostiary.pki.certificate import describe
from ostiary.pki.diagnosis.finding import Finding, anew, called, extension
from ostiary.pki.spiffe import is_spiffe_id


def names(leaf: x509.Certificate, purpose: str) -> Iterator[Finding]:
    """Look at the names of a leaf."""
    about, remedy = called(leaf), anew(leaf, purpose)
    alternative = extension(leaf, x509.SubjectAlternativeName)
    if alternative is None and not list(leaf.subject):
        yield Finding("D113", about, remedy)
    elif alternative is None and purpose == "client" and leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
        yield Finding("D114", about, f"{remedy} --uri spiffe://example.com/NAME")
    if alternative is not None:
        yield from _alternative(leaf, alternative, remedy)
    if purpose == "server" and not _hosts(alternative):
        yield Finding("D122", about, f"{remedy} --dns HOST")
    try:
        describe(leaf)
    except (InvalidCertificate, ValueError):
        yield Finding("D117", repr(about), remedy)


def _alternative(
    leaf: x509.Certificate, alternative: x509.Extension[x509.SubjectAlternativeName], remedy: str
) -> Iterator[Finding]:
    if not list(leaf.subject) and not alternative.critical:
        yield Finding("D118", called(leaf), remedy)
    uris = alternative.value.get_values_for_type(x509.UniformResourceIdentifier)
    if len(uris) > 1:
        yield Finding("D115", called(leaf), f"{remedy} --uri {uris[0]}", ", ".join(uris))
    for uri in uris:
        if uri.lower().startswith("spiffe:") and not is_spiffe_id(uri):
            yield Finding("D116", called(leaf), remedy, uri)


def _hosts(alternative: x509.Extension[x509.SubjectAlternativeName] | None) -> bool:
    return alternative is not None and any(
        isinstance(name, x509.DNSName | x509.IPAddress) for name in alternative.value
    )

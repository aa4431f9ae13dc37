"""From a certificate that was shown by a header up to one of our authorities (RFC 5280, section 6.1).

In a handshake OpenSSL does this. A header brings no handshake, and Python's `ssl` verifies nothing outside of
one, so that it is done here, and only what is needed: signatures, dates, what each authority may do, how many
may stand below it, which names it may give. What is not understood is refused. That the caller holds the key is
the word of the proxy, and of nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID

from ostiary.errors import InvalidCertificate
from ostiary.pki.certificate import unsuitable
from ostiary.pki.permitted import forbidden
from ostiary.reasons import Reason

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
_UNDERSTOOD: Final = (
    x509.BasicConstraints,
    x509.KeyUsage,
    x509.ExtendedKeyUsage,
    x509.SubjectAlternativeName,
    x509.NameConstraints,
    x509.AuthorityKeyIdentifier,
    x509.SubjectKeyIdentifier,
    x509.CRLDistributionPoints,
    x509.AuthorityInformationAccess,
    x509.CertificatePolicies,
)
_MOST: Final = 64
"""Signatures that are checked for one header."""


def build(
    leaf: x509.Certificate, shown: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate], depth: int
) -> tuple[x509.Certificate, ...]:
    """Return the chain of a certificate: leaf first, trust anchor last.

    Dates and revocation are not looked at: they depend on the time, and the chain does not.

    Args:
        leaf: whose it is.
        shown: authorities that came with it; believed only as far as one of the anchors vouches for them.
        anchors: our authorities.
        depth: how many may stand above the leaf.

    Raises:
        InvalidCertificate: there is no such chain.
    """
    budget = iter(range(_MOST))
    for chain in _chains((leaf,), shown, anchors, depth, budget):
        _check(chain)
        return chain
    raise InvalidCertificate("issued by none of the authorities", reason=Reason.CERTIFICATE_UNTRUSTED)


def _chains(
    below: tuple[x509.Certificate, ...],
    shown: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    depth: int,
    budget: Iterator[int],
) -> Iterator[tuple[x509.Certificate, ...]]:
    """Yield every chain up to an anchor; our own authorities are tried first."""
    last = below[-1]
    if len(below) > 1 and last in anchors and not _vouched_for(last, anchors):
        yield below
        return
    if len(below) > depth:
        return
    for above in (*anchors, *shown):
        named = above.subject == last.issuer and above not in below
        if named and next(budget, None) is not None and _signed(last, above):
            yield from _chains((*below, above), shown, anchors, depth, budget)


def _vouched_for(authority: x509.Certificate, anchors: Sequence[x509.Certificate]) -> bool:
    """Whether another of our authorities stands above one: then it may also have revoked it, and the chain goes on."""
    above = (one for one in anchors if one != authority and one.subject == authority.issuer)
    return any(_signed(authority, one) for one in above)


def _signed(below: x509.Certificate, above: x509.Certificate) -> bool:
    try:
        below.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _check(chain: Sequence[x509.Certificate]) -> None:
    for certificate in chain:
        for one in certificate.extensions:
            if one.critical and not isinstance(one.value, _UNDERSTOOD):
                raise unsuitable(f"a critical extension is not understood: {one.oid.dotted_string}")
    for between, authority in enumerate(chain[1:]):
        _check_authority(authority, between)
        for certificate in chain[: between + 1]:
            if (name := next(forbidden(certificate, authority), None)) is not None:
                raise unsuitable(f"an authority may not vouch for {name}")


def _check_authority(authority: x509.Certificate, between: int) -> None:
    """Return when an authority may have issued what is below it (sections 4.2.1.3, 4.2.1.9 and 4.2.1.12).

    Raises:
        InvalidCertificate: it may not.
    """
    constraints, usage = _value(authority, x509.BasicConstraints), _value(authority, x509.KeyUsage)
    v1_root = authority.version is x509.Version.v1 and authority.issuer == authority.subject
    if not v1_root and (constraints is None or not constraints.ca):
        raise unsuitable("a certificate of the chain is not an authority's")
    if constraints is not None and constraints.path_length is not None and constraints.path_length < between:
        raise unsuitable("more authorities than the one above them allows")
    if usage is not None and not usage.key_cert_sign:
        raise unsuitable("an authority of the chain may not sign certificates")
    purposes = _value(authority, x509.ExtendedKeyUsage)
    if purposes is not None and ExtendedKeyUsageOID.CLIENT_AUTH not in purposes:  # it is a limit there, as for OpenSSL
        raise unsuitable("an authority of the chain is for other purposes than clients")


def _value(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None

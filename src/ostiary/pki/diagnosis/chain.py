"""Do certificates belong together, and in this order?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from ostiary.pki.diagnosis.finding import Finding, anew, authority_anew, called, extension, is_authority
from ostiary.pki.permitted import forbidden


def chain(leaf: x509.Certificate, known: Sequence[x509.Certificate]) -> Iterator[Finding]:
    """Follow a certificate upwards through the known authorities."""
    below: x509.Certificate | None = leaf
    path: list[x509.Certificate] = []
    while below is not None and below.issuer != below.subject and len(path) <= len(known):
        named = [one for one in known if one.subject == below.issuer and one not in path]
        if not named:
            yield Finding(
                "D226", called(below), "name the file of its authority as well", f"issued by {_issuer(below)}"
            )
            return
        above = next((one for one in named if signed(below, one)), None)
        if above is None:
            remedy = "find the authority's certificate of the time when it was issued, or: " + anew(below)
            yield Finding("D222", called(below), remedy, f"of {_issuer(below)}")
            return
        yield from _pair(below, above, len(path))
        yield from _constraints(leaf, above)
        path.append(above)
        below = above


def _pair(below: x509.Certificate, above: x509.Certificate, between: int) -> Iterator[Finding]:
    constraints = extension(above, x509.BasicConstraints)
    if (
        constraints is not None
        and constraints.value.path_length is not None
        and constraints.value.path_length < between
    ):
        allowed = f"{constraints.value.path_length} allowed, {between} there"
        yield Finding("D224", called(above), f"{authority_anew(above)} --path-length {between}", allowed)
    if below.not_valid_after_utc > above.not_valid_after_utc:
        yield Finding("D225", called(below), f"renew {called(above)}: {authority_anew(above)}")


def _constraints(leaf: x509.Certificate, above: x509.Certificate) -> Iterator[Finding]:
    for name in forbidden(leaf, above):
        yield Finding("D228", called(leaf), f"have it issued by another authority than {called(above)}", name)


def order(certificates: Sequence[x509.Certificate]) -> Iterator[Finding]:
    """Look at a file that holds a leaf and its chain (RFC 8446, section 4.4.2)."""
    leaves = [one for one in certificates if not is_authority(one)]
    if len(leaves) != 1 or len(certificates) == 1:
        return
    issuers = {one.issuer for one in certificates if one.issuer != one.subject}
    if not _in_order([one for one in certificates if one in leaves or one.subject in issuers]):
        yield Finding("D221", called(leaves[0]), "write the file anew: cat LEAF.crt INTERMEDIATE.pem > CHAIN.pem")
    for place, one in enumerate(certificates):
        if one in certificates[:place]:
            yield Finding("D507", called(one), "leave one of them out")
        elif is_authority(one) and one.subject not in issuers:
            yield Finding("D227", called(one), "leave it out")
        elif is_authority(one) and one.issuer == one.subject:
            yield Finding("D223", called(one), "leave it out of what a server or client sends")


def _in_order(certificates: Sequence[x509.Certificate]) -> bool:
    once = list(dict.fromkeys(certificates))
    return not is_authority(once[0]) and all(below.issuer == above.subject for below, above in pairwise(once))


def signed(below: x509.Certificate, above: x509.Certificate) -> bool:
    """Whether the key of one certificate has signed the other."""
    try:
        below.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _issuer(certificate: x509.Certificate) -> str:
    return certificate.issuer.rfc4514_string()

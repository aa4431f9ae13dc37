"""Which revocation lists are understood (RFC 5280, section 5): complete ones, about all that their signer has issued.

What a list leaves out would pass for not revoked, so the others are refused and not read in part: deltas (section
5.2.4), indirect lists, and those for some certificates or some reasons only (section 5.2.5).
"""

from __future__ import annotations

from typing import Final

from cryptography import x509

_UNDERSTOOD: Final = (x509.AuthorityKeyIdentifier, x509.CRLNumber, x509.IssuingDistributionPoint, x509.FreshestCRL)


def incomplete(crl: x509.CertificateRevocationList) -> str | None:
    """Return what a list is instead of complete, in words, or None when it is complete."""
    for one in crl.extensions:
        if isinstance(one.value, x509.DeltaCRLIndicator):
            return "a delta: what has changed since another list"
        if isinstance(one.value, x509.IssuingDistributionPoint) and (part := _part(one.value)) is not None:
            return part
        if one.critical and not isinstance(one.value, _UNDERSTOOD):
            return f"more than is understood: its extension {one.oid.dotted_string} is critical"
    return None


def _part(point: x509.IssuingDistributionPoint) -> str | None:
    """Return which part of an issuer's certificates, or of the reasons, a list is about; None for all."""
    if point.indirect_crl:
        return "indirect: it speaks of certificates that others have issued"
    if point.only_some_reasons:
        return "for some reasons of revocation only"
    kinds = {
        "users": point.only_contains_user_certs,
        "authorities": point.only_contains_ca_certs,
        "attributes": point.only_contains_attribute_certs,
    }
    return next((f"about certificates of {kind} only" for kind, said in kinds.items() if said), None)

"""Which revocation lists are understood (RFC 5280, section 5): those about all that their signer has issued.

What a list leaves out would pass for not revoked, so the others are refused and not read in part: indirect lists, and
those for some certificates or some reasons only (section 5.2.5). A delta (section 5.2.4) counts beside a complete list.
"""

from __future__ import annotations

from typing import Final

from cryptography import x509

_UNDERSTOOD: Final = (
    x509.AuthorityKeyIdentifier,
    x509.CRLNumber,
    x509.DeltaCRLIndicator,
    x509.IssuingDistributionPoint,
    x509.FreshestCRL,
)


def delta_of(crl: x509.CertificateRevocationList) -> int | None:
    """Return the number of the complete list that a delta builds on; None: it is no delta."""
    try:
        return crl.extensions.get_extension_for_class(x509.DeltaCRLIndicator).value.crl_number
    except x509.ExtensionNotFound:
        return None


def number_of(crl: x509.CertificateRevocationList) -> int:
    """Return the number of a list (section 5.2.3); -1: it has none."""
    try:
        return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        return -1


def incomplete(crl: x509.CertificateRevocationList) -> str | None:
    """Return what a list is that is not understood, in words, or None when it is."""
    if delta_of(crl) is not None and number_of(crl) < 0:
        return "a delta without a number of its own"
    for one in crl.extensions:
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

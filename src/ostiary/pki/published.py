"""Where a certificate says that lists of revoked certificates are published (RFC 5280, sections 4.2.1.13 and 5.2.5)."""

from __future__ import annotations

from collections.abc import Iterable

from cryptography import x509


def lists_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the URLs of the complete lists that a certificate names, over HTTP.

    Lists for some reasons only, and those of somebody else than the issuer, are not understood and left out.
    """
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return ()
    whole = [one for one in points if one.reasons is None and not one.crl_issuer]
    found = [url for one in whole for url in _urls(one.full_name)]
    return tuple(dict.fromkeys(url for url in found if url.startswith(("http://", "https://"))))


def scope_of(crl: x509.CertificateRevocationList) -> frozenset[str] | None:
    """Return for which distribution points a list is, or None when it is for all certificates of its signer."""
    try:
        point = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return None
    if point.full_name is None and point.relative_name is None:
        return None
    return frozenset(_urls(point.full_name))


def _urls(names: Iterable[x509.GeneralName] | None) -> list[str]:
    return [name.value for name in names or () if isinstance(name, x509.UniformResourceIdentifier)]

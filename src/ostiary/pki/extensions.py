"""Which extensions a certificate of each kind carries (RFC 5280, section 4.2)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import TypeAlias

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from ostiary.pki.keys import PublicKey

Extension: TypeAlias = tuple[x509.ExtensionType, bool]
"""An extension, and whether it is critical."""


def key_usage(*, digital_signature: bool = False, certificates: bool = False) -> Extension:
    """Return keyUsage: signatures for a leaf; certificates and CRLs for an authority."""
    usage = x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )
    return usage, True


def authority(path_length: int | None) -> list[Extension]:
    """Return what makes a certificate an authority's.

    Args:
        path_length: how many authorities may stand below it; None for any number.
    """
    return [(x509.BasicConstraints(ca=True, path_length=path_length), True), key_usage(certificates=True)]


def leaf(purpose: x509.ObjectIdentifier) -> list[Extension]:
    """Return what makes a certificate a leaf for one purpose."""
    return [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        key_usage(digital_signature=True),
        (x509.ExtendedKeyUsage([purpose]), False),
    ]


SERVER = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH


def host_names(names: Iterable[str]) -> list[x509.GeneralName]:
    """Return alternative names for hosts: addresses where they are addresses, DNS names otherwise."""
    return [_host_name(name) for name in names]


def _host_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def alternative_names(names: Iterable[x509.GeneralName], *, subject_empty: bool) -> list[Extension]:
    """Return subjectAltName, critical when it is the only name (section 4.2.1.6); nothing without names."""
    listed = list(names)
    return [(x509.SubjectAlternativeName(listed), subject_empty)] if listed else []


def key_identifiers(subject: PublicKey, issuer: PublicKey) -> list[Extension]:
    """Return the identifiers by which a chain is put together (sections 4.2.1.1 and 4.2.1.2)."""
    return [
        (x509.SubjectKeyIdentifier.from_public_key(subject), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), False),
    ]


def published(crl_url: str | None, ocsp_url: str | None) -> list[Extension]:
    """Return where a certificate's revocation can be looked up (sections 4.2.1.13 and 4.2.2.1)."""
    found: list[Extension] = []
    if crl_url is not None:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl_url)], None, None, None)
        found.append((x509.CRLDistributionPoints([point]), False))
    if ocsp_url is not None:
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp_url))
        found.append((x509.AuthorityInformationAccess([access]), False))
    return found

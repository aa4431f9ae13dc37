"""What `inspect` says of each kind of file."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from ostiary.cli.certs.look import moment
from ostiary.model import Secret
from ostiary.pki.contents import read_contents
from ostiary.pki.names import show_name
from ostiary.pki.prints import spki_pin, thumbprint
from ostiary.pki.subject import show_subject


def facts(data: bytes, password: Secret | None) -> list[dict[str, Any]]:
    """Return what a file says, one entry for each thing in it. A private key is named, and never shown.

    Raises:
        PkiError: there is nothing in it that can be read.
    """
    contents = read_contents(data, password)
    return [
        *(_certificate(one) for one in contents.certificates),
        *(_request(one) for one in contents.requests),
        *(_crl(one) for one in contents.crls),
        *({"kind": "private key", "key": key_kind(one)} for one in contents.keys),
        *({"kind": "private key", "key": "encrypted"} for _ in range(contents.locked)),
        *({"kind": "cannot be read", "block": label} for label in contents.broken),
    ]


def _certificate(one: x509.Certificate) -> dict[str, Any]:
    return {
        "kind": "certificate",
        "subject": show_subject(one.subject),
        "names": _alternative(one),
        "issuer": show_subject(one.issuer),
        "serial": f"{one.serial_number:x}",
        "version": one.version.name,
        "not before": moment(one.not_valid_before_utc.timestamp()),
        "not after": moment(one.not_valid_after_utc.timestamp()),
        "key": key_kind(one),
        "for": _purposes(one),
        "authority": _is_authority(one),
        "x5t#S256": thumbprint(one),
        "spki sha256": spki_pin(one),
        "crl": _addresses(one, x509.CRLDistributionPoints),
        "ocsp": _addresses(one, x509.AuthorityInformationAccess),
    }


def _request(one: x509.CertificateSigningRequest) -> dict[str, Any]:
    return {
        "kind": "certificate signing request",
        "subject": show_subject(one.subject),
        "names": _alternative(one),
        "key": key_kind(one),
        "spki sha256": spki_pin(one),
    }


def _crl(one: x509.CertificateRevocationList) -> dict[str, Any]:
    due = one.next_update_utc
    return {
        "kind": "revocation list",
        "issuer": show_subject(one.issuer),
        "made": moment(one.last_update_utc.timestamp()),
        "next update": None if due is None else moment(due.timestamp()),
        "revoked": [f"{entry.serial_number:x} since {moment(entry.revocation_date_utc.timestamp())}" for entry in one],
    }


def key_kind(holder: Any) -> str:
    """Return the kind of a key: of a certificate, a request, or the key itself."""
    try:
        key = holder.public_key()
    except (ValueError, TypeError):
        return "cannot be read"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    return (
        f"EC {key.curve.name}"
        if isinstance(key, ec.EllipticCurvePublicKey)
        else type(key).__name__.removesuffix("PublicKey")
    )


def _alternative(one: x509.Certificate | x509.CertificateSigningRequest) -> list[str]:
    try:
        return [show_name(name) for name in one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value]
    except (x509.ExtensionNotFound, ValueError):
        return []


def _purposes(one: x509.Certificate) -> list[str]:
    known = {
        ExtendedKeyUsageOID.CLIENT_AUTH: "clients (clientAuth)",
        ExtendedKeyUsageOID.SERVER_AUTH: "servers (serverAuth)",
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "anything (anyExtendedKeyUsage)",
    }
    try:
        usage = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [known.get(oid, oid.dotted_string) for oid in usage]


def _is_authority(one: x509.Certificate) -> str | None:
    try:
        constraints = one.extensions.get_extension_for_oid(ExtensionOID.BASIC_CONSTRAINTS).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    return "yes" if isinstance(constraints, x509.BasicConstraints) and constraints.ca else None


def _addresses(
    one: x509.Certificate, kind: type[x509.CRLDistributionPoints | x509.AuthorityInformationAccess]
) -> list[str]:
    try:
        value = one.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    if isinstance(value, x509.AuthorityInformationAccess):
        return [
            access.access_location.value
            for access in value
            if isinstance(access.access_location, x509.UniformResourceIdentifier)
        ]
    return [
        name.value
        for point in value
        for name in point.full_name or ()
        if isinstance(name, x509.UniformResourceIdentifier)
    ]

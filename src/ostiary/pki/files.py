"""Certificates and keys as files: PEM and PKCS#12, keys for the owner's eyes only."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from ostiary.model import Secret
from ostiary.pki.authority import Identity
from ostiary.pki.disk import write_whole
from ostiary.pki.keys import encryption, private_pem

_PUBLIC = 0o644
_PRIVATE = 0o600


def pem(certificates: Iterable[x509.Certificate]) -> bytes:
    """Return certificates as PEM, one after the other."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def chain_pem(identity: Identity) -> bytes:
    """Return the leaf and its intermediates as PEM, leaf first (RFC 8446, section 4.4.2)."""
    return pem([identity.certificate, *identity.chain])


def write_certificates(path: Path, certificates: Iterable[x509.Certificate]) -> None:
    """Write certificates as PEM, for everybody to read."""
    write_whole(path, pem(certificates), _PUBLIC)


def write_crl(path: Path, crl: x509.CertificateRevocationList) -> None:
    """Write a revocation list as PEM, for everybody to read."""
    write_whole(path, crl.public_bytes(Encoding.PEM), _PUBLIC)


def write_private(path: Path, data: bytes) -> None:
    """Write a file for the owner only (0600)."""
    write_whole(path, data, _PRIVATE)


def write_public(path: Path, data: bytes) -> None:
    """Write a file for everybody to read."""
    write_whole(path, data, _PUBLIC)


def write_identity(certificate: Path, key: Path, identity: Identity, password: Secret | None = None) -> None:
    """Write the chain for everybody, the key for the owner only (0600), encrypted when there is a password."""
    write_whole(key, private_pem(identity.key, password), _PRIVATE)
    write_whole(certificate, chain_pem(identity), _PUBLIC)


def pkcs12_bytes(identity: Identity, password: Secret, name: str = "ostiary") -> bytes:
    """Return key, certificate and chain as one PKCS#12 store (RFC 7292)."""
    return pkcs12.serialize_key_and_certificates(
        name.encode(), identity.key, identity.certificate, list(identity.chain) or None, encryption(password)
    )


def write_pkcs12(path: Path, identity: Identity, password: Secret) -> None:
    """Write a PKCS#12 store for the owner only (0600)."""
    write_whole(path, pkcs12_bytes(identity, password), _PRIVATE)

"""Our own demands on a chain that OpenSSL has verified.

OpenSSL checks signatures, dates, name constraints, path lengths and purposes. What it leaves open is
decided here, the same way with every OpenSSL and every Python:

* RFC 5280, section 4.2.1.12, lets a certificate without extendedKeyUsage be used for anything. `strict`
  does not: an authority that issues for servers, mail and signatures alike would make a client of each
  of them. anyExtendedKeyUsage alone says no more than nothing, and OpenSSL refuses it in both profiles.
* `compat` forgives what the oldest recipes produce: leaves of X.509 v1, which have no extensions at
  all, or leaves without extendedKeyUsage. It forgives nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from ostiary.pki.certificate import unsuitable

Profile: TypeAlias = Literal["strict", "compat"]
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)

RSA_BITS: Final = 2048
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_EDWARDS: Final = (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)


def check_chain(chain: Sequence[x509.Certificate], *, profile: Profile, depth: int) -> None:
    """Return when a verified chain may be used by a client.

    Args:
        chain: leaf first, trust anchor last.
        profile: strict or compat.
        depth: how many authorities may stand above the leaf.

    Raises:
        InvalidCertificate: it may not.
    """
    if len(chain) - 1 > depth:
        raise unsuitable(f"{len(chain) - 1} authorities above the leaf, {depth} allowed")
    for certificate in chain:
        _check_key(certificate)
    for certificate in chain[:-1]:  # who signed the trust anchor does not matter (RFC 5280, section 6.1)
        _check_signature(certificate)
    check_leaf(chain[0], profile=profile)


def check_leaf(leaf: x509.Certificate, *, profile: Profile) -> None:
    """Return when a certificate is made for a client.

    Raises:
        InvalidCertificate: it is not.
    """
    if profile == "strict" and leaf.version is not x509.Version.v3:
        raise unsuitable("X.509 v1, which has no extensions; issue it as v3, or use profile: compat")
    if profile == "strict" and leaf.serial_number <= 0:
        raise unsuitable("the serial number is not positive")
    constraints = extension(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        raise unsuitable("an authority is not a client")
    usage = extension(leaf, x509.KeyUsage)
    if usage is not None and not usage.digital_signature:
        raise unsuitable("keyUsage lacks digitalSignature")
    _check_purpose(leaf, profile)


def _check_purpose(leaf: x509.Certificate, profile: Profile) -> None:
    purposes = extension(leaf, x509.ExtendedKeyUsage)
    if purposes is None and profile == "strict":
        raise unsuitable("no extendedKeyUsage; issue it with clientAuth, or use profile: compat")
    if purposes is not None and ExtendedKeyUsageOID.CLIENT_AUTH not in purposes:
        raise unsuitable("extendedKeyUsage lacks clientAuth")


def extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    """Return an extension, or None when it is absent."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _check_key(certificate: x509.Certificate) -> None:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise unsuitable("a public key of the chain cannot be read") from None
    strong = (
        (isinstance(key, rsa.RSAPublicKey) and key.key_size >= RSA_BITS)
        or (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES))
        or isinstance(key, _EDWARDS)
    )
    if not strong:
        raise unsuitable("a key of the chain is too weak: RSA of 2048 bits, EC P-256 or Ed25519 at least")


def _check_signature(certificate: x509.Certificate) -> None:
    try:
        digest = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        raise unsuitable("a signature of the chain cannot be read") from None
    if digest is not None and not isinstance(digest, _HASHES):  # EdDSA has none
        raise unsuitable(f"a signature of the chain uses {digest.name}: SHA-256 at least")

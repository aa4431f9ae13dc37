"""A private key and its certificates: made, read from what others write, written down for the sealed file.

PEM (PKCS#8, PKCS#1, SEC 1; encrypted or not), PKCS#12 (RFC 7292) and Java key stores of the old kind (JKS).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, get_args

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from ostiary.keys.algorithms import fitting
from ostiary.keys.errors import KeyRefused
from ostiary.model import Secret
from ostiary.pki.errors import PkiError
from ostiary.pki.jks import JCEKS_MAGIC, MAGIC, load_jks
from ostiary.pki.keys import KeyKind, PrivateKey, PublicKey, generate

_PRIVATE: Final = get_args(PrivateKey)
_SEQUENCE: Final = 0x30  # how DER begins, and so PKCS#12


@dataclass(frozen=True, slots=True)
class Material:
    """A private key, and the chain of its certificate, leaf first; empty when it has none."""

    private: PrivateKey = field(repr=False)
    certificates: tuple[x509.Certificate, ...] = ()

    @property
    def public(self) -> PublicKey:
        """The public half."""
        return self.private.public_key()


def make(kind: KeyKind) -> Material:
    """Return a new key."""
    return Material(generate(kind))


def read_material(data: bytes, password: Secret | None, certificates: bytes | None = None) -> Material:
    """Return the key in a file: PEM, PKCS#12 or JKS, told apart by how they begin.

    Args:
        data: the file.
        password: opens it, or None.
        certificates: another file, with the chain in PEM, leaf first; for a key in PEM.

    Raises:
        KeyRefused: it cannot be read, is not opened, is of a kind that we do not use, or key and certificate are
            not a pair.
    """
    if data[:4] in (MAGIC, JCEKS_MAGIC):
        found = _from_jks(data, password)
    elif data[:1] == bytes((_SEQUENCE,)):
        found = _from_pkcs12(data, password)
    else:
        found = _from_pem(data, password)
    if certificates is not None:
        found = Material(found.private, chain(certificates))
    fitting(found.public)
    if found.certificates and found.certificates[0].public_key() != found.public:
        raise KeyRefused("key and certificate are not a pair", hint="the certificate of the key comes first")
    return found


def chain(data: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates in PEM.

    Raises:
        KeyRefused: there are none.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(data))
    except ValueError:
        raise KeyRefused("no certificate in PEM in it") from None


def _from_pem(data: bytes, password: Secret | None) -> Material:
    try:
        key = load_pem_private_key(data, None if password is None else password.reveal())
    except TypeError:
        if password is None:
            raise KeyRefused("the key is encrypted", hint="give its password: --password-file FILE") from None
        raise KeyRefused("the key is not encrypted", hint="leave the password out") from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRefused("no private key in PEM in it that this password opens") from None
    certificates = chain(data) if b"-----BEGIN CERTIFICATE-----" in data else ()
    return Material(_supported(key), certificates)


def _from_pkcs12(data: bytes, password: Secret | None) -> Material:
    try:
        store = pkcs12.load_pkcs12(data, None if password is None else password.reveal())
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRefused("not a PKCS#12 file that this password opens") from None
    if store.key is None:
        raise KeyRefused("there is no private key in the PKCS#12 file")
    leaf = () if store.cert is None else (store.cert.certificate,)
    return Material(_supported(store.key), ordered(leaf, [one.certificate for one in store.additional_certs]))


def _from_jks(data: bytes, password: Secret | None) -> Material:
    if password is None:
        raise KeyRefused("a key store has a password", hint="give it: --password-file FILE")
    try:
        store = load_jks(data, password)
    except PkiError as error:
        raise KeyRefused(str(error), hint=error.hint) from None
    if len(store.keys) != 1:
        raise KeyRefused(f"one private key is wanted that the password opens; there are {len(store.keys)}")
    key, (leaf, *above) = store.keys[0]
    return Material(_supported(key), ordered((leaf,), above))


def ordered(leaf: Sequence[x509.Certificate], others: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Return a leaf and the authorities above it, nearest first, without the root: stores have no order."""
    found = list(leaf)
    while found:
        issuer = found[-1].issuer
        above = next((one for one in others if one.subject == issuer and one not in found), None)
        if above is None or above.subject == above.issuer:
            break
        found.append(above)
    return tuple(found)


def _supported(key: object) -> PrivateKey:
    if not isinstance(key, _PRIVATE):
        raise KeyRefused("a key of another kind: RSA, EC P-256, EC P-384 and Ed25519 are used")
    supported: PrivateKey = key
    return supported

"""The certificate and key that the server shows."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias, TypeVar, get_args

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from ostiary.config.pkcs11 import is_elsewhere
from ostiary.config.schema import ShownCertificateSpec
from ostiary.config.secrets import resolve
from ostiary.config.values import FileRef
from ostiary.errors import ConfigError
from ostiary.model import Secret
from ostiary.pki.authority import Identity
from ostiary.pki.errors import PkiError
from ostiary.pki.files import pem
from ostiary.pki.jks import load_jks
from ostiary.pki.keys import PrivateKey, private_pem
from ostiary.pki.references import as_path, read

_KEYS: Final = get_args(PrivateKey)


@dataclass(frozen=True, slots=True)
class HeldIdentity:
    """A certificate whose private key is in an HSM: OpenSSL signs with it there, and nobody here has it.

    Attributes:
        certificate: the leaf.
        place: where the key is, in the PEM that OpenSSL's provider for PKCS#11 reads.
        chain: intermediate authorities, nearest first.
    """

    certificate: x509.Certificate
    place: bytes
    chain: tuple[x509.Certificate, ...] = ()


AnyIdentity: TypeAlias = Identity | HeldIdentity
One = TypeVar("One", Identity, HeldIdentity, AnyIdentity)


def load_identity(spec: ShownCertificateSpec, folder: Path) -> AnyIdentity:
    """Return the server's key, certificate and chain.

    Raises:
        ConfigError: a file cannot be read, the password is wrong, or key and certificate do not belong together.
    """
    password = None if spec.password is None else resolve(spec.password, folder).reveal()
    if spec.pkcs12 is not None:
        return _from_pkcs12(spec.pkcs12, read(spec.pkcs12, folder), password)
    if spec.jks is not None:
        return _from_jks(spec.jks, read(spec.jks, folder), password)
    if spec.certificate is None or spec.private_key is None:
        raise ConfigError("tls: a server needs `certificate` and `private_key`, or `pkcs12`, or `jks`")
    data = read(spec.private_key, folder)
    leaf, *chain = _certificates(spec.certificate, read(spec.certificate, folder))
    if is_elsewhere(data):
        return HeldIdentity(leaf, data, tuple(chain))
    key = _private_key(spec.private_key, data, password)
    if leaf.public_key() != key.public_key():
        raise ConfigError(
            f"{spec.private_key} does not belong to the first certificate of {spec.certificate}; the leaf comes first"
        )
    return Identity(leaf, key, tuple(chain))


def use(identity: AnyIdentity, context: ssl.SSLContext) -> None:
    """Let a context show an identity. The key passes through memory only, or stays where it is.

    Raises:
        ConfigError: OpenSSL does not want it, for example because the key is too small or not to be found.
    """
    chain = pem((identity.certificate, *identity.chain))
    if isinstance(identity, HeldIdentity):
        _use_held(identity, chain, context)
        return
    try:
        with as_path(chain + private_pem(identity.key)) as path:
            context.load_cert_chain(path)
    except ssl.SSLError as error:
        raise ConfigError(f"tls: the server's certificate is not accepted by OpenSSL: {error.reason}") from None


def _use_held(identity: HeldIdentity, chain: bytes, context: ssl.SSLContext) -> None:
    try:
        with as_path(chain) as certificates, as_path(identity.place) as place:
            context.load_cert_chain(certificates, place)
    except (ssl.SSLError, OSError):
        hint = "is its provider for PKCS#11 active (OPENSSL_CONF), the PIN right, and the certificate that of the key?"
        raise ConfigError(f"tls: OpenSSL does not find the private key where `private_key` says: {hint}") from None


def issued(alias: str) -> str:
    """Return under which name a certificate that a vault issues is shown: keys have theirs, and no spaces in them."""
    return f"credential {alias}"


def with_chain(identity: One, authorities: Sequence[x509.Certificate]) -> One:
    """Return an identity that comes without a chain with the chain that OpenSSL would find for it.

    To a certificate that stands alone OpenSSL adds what the context trusts, and to that end it verifies
    our own certificate in every handshake, which is a fifth of the whole. What is sent is the same.
    """
    if identity.chain:
        return identity
    chain: list[x509.Certificate] = []
    below = identity.certificate
    while (above := _issuer(below, authorities)) is not None and above not in chain:
        chain.append(above)
        below = above
    return replace(identity, chain=tuple(chain))


def _issuer(below: x509.Certificate, authorities: Sequence[x509.Certificate]) -> x509.Certificate | None:
    return next((one for one in authorities if one != below and _issued(one, below)), None)


def _issued(above: x509.Certificate, below: x509.Certificate) -> bool:
    try:
        below.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _certificates(reference: FileRef, data: bytes) -> Sequence[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError:
        raise ConfigError(f"{reference}: no PEM certificates in it, leaf first") from None


def _private_key(reference: FileRef, data: bytes, password: bytes | None) -> PrivateKey:
    try:
        key = load_pem_private_key(data, password)
    except TypeError:
        remedy = "is encrypted; give its `password`" if password is None else "is not encrypted; leave `password` out"
        raise ConfigError(f"{reference}: the private key {remedy}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"{reference}: no PEM private key in it that this password opens") from None
    return _supported(reference, key)


def _from_pkcs12(reference: FileRef, data: bytes, password: bytes | None) -> Identity:
    try:
        store = pkcs12.load_pkcs12(data, password)
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"{reference}: not a PKCS#12 file that this password opens") from None
    if store.key is None or store.cert is None:
        raise ConfigError(f"{reference}: a private key and its certificate are wanted in the PKCS#12 file")
    leaf = store.cert.certificate
    others = [extra.certificate for extra in store.additional_certs]
    return Identity(leaf, _supported(reference, store.key), _chain(leaf, others))


def _from_jks(reference: FileRef, data: bytes, password: bytes | None) -> Identity:
    try:
        store = load_jks(data, None if password is None else Secret(password))
    except PkiError as error:
        raise ConfigError(f"{reference}: {error}{f'; {error.hint}' if error.hint else ''}") from None
    if len(store.keys) != 1:
        raise ConfigError(f"{reference}: one private key is wanted in the key store, that this password opens")
    key, (leaf, *chain) = store.keys[0]
    return Identity(leaf, _supported(reference, key), _chain(leaf, chain))


def _chain(leaf: x509.Certificate, others: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Return the authorities above a leaf, nearest first, without the root: a PKCS#12 file has no order."""
    chain: list[x509.Certificate] = []
    below = leaf
    while above := next((one for one in others if one.subject == below.issuer and one not in chain), None):
        if above.subject == above.issuer:
            break
        chain.append(above)
        below = above
    return tuple(chain)


def _supported(reference: FileRef, key: object) -> PrivateKey:
    if not isinstance(key, _KEYS):
        raise ConfigError(f"{reference}: the private key is of a kind that is not used with TLS: take EC or RSA")
    found: PrivateKey = key
    return found

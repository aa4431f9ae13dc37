"""Certificate signing requests (PKCS#10, RFC 2986): made by the user, judged by the authority.

A request proves that its sender holds the key, and says which names are wished for. Everything else in it
(key usage, validity, CA:TRUE) is the authority's to decide, and is not read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, get_args

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ostiary.pki.errors import PkiError
from ostiary.pki.keys import PrivateKey, PublicKey, signing_hash

_RSA_BITS: Final = 2048
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1)
_KEYS: Final = get_args(PublicKey)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request asks for.

    Attributes:
        subject: the distinguished name.
        names: the alternative names.
        key: the public key, which the sender holds the private half of.
    """

    subject: x509.Name
    names: tuple[x509.GeneralName, ...]
    key: PublicKey


def make_request(
    subject: x509.Name, names: Iterable[x509.GeneralName], key: PrivateKey
) -> x509.CertificateSigningRequest:
    """Return a request for a certificate of these names.

    Raises:
        PkiError: there is no name in it at all.
    """
    listed = list(names)
    if not listed and not list(subject):
        raise PkiError("a certificate needs a name", hint="give a subject, or --uri, --dns or --email")
    builder = x509.CertificateSigningRequestBuilder(subject)
    if listed:
        builder = builder.add_extension(x509.SubjectAlternativeName(listed), critical=not list(subject))
    return builder.sign(key, signing_hash(key))


def read_request(data: bytes) -> Wish:
    """Return what a request asks for, PEM or DER.

    Raises:
        PkiError: it cannot be read, its signature is wrong, its key too weak, or it has no name.
    """
    try:
        pem = b"-----BEGIN" in data
        request = x509.load_pem_x509_csr(data) if pem else x509.load_der_x509_csr(data)
        signed = request.is_signature_valid
        wish = Wish(request.subject, _names(request), _usable(request.public_key()))
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension):
        hint = "`openssl req -in FILE -text -noout` shows what is in it"
        raise PkiError("this is not a certificate signing request that can be read", hint=hint) from None
    if not signed:
        raise PkiError("the request is not signed with its own key: whoever sent it need not hold the key")
    if not wish.names and not list(wish.subject):
        raise PkiError("the request asks for no name at all")
    return wish


def _names(request: x509.CertificateSigningRequest) -> tuple[x509.GeneralName, ...]:
    try:
        return tuple(request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return ()


def _usable(key: object) -> PublicKey:
    weak = PkiError(
        "the key of the request is too weak or of a kind that clients do not use",
        hint="make one with EC P-256, RSA of 2048 bits or more, or Ed25519",
    )
    if not isinstance(key, _KEYS):
        raise weak
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _RSA_BITS:
        raise weak
    if isinstance(key, ec.EllipticCurvePublicKey) and not isinstance(key.curve, _CURVES):
        raise weak
    found: PublicKey = key
    return found

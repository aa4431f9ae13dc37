"""What a file holds, whatever kind it is: octets in; certificates, keys, requests, revocation lists out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key, pkcs12

from ostiary.model import Secret
from ostiary.pki.errors import PkiError
from ostiary.pki.jks import JCEKS_MAGIC, MAGIC, load_jks

Form: TypeAlias = Literal["PEM", "DER", "PKCS#12", "JKS"]

_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----.*?-----END \1-----", re.DOTALL)
_BEGIN: Final = re.compile(rb"-----BEGIN [A-Z0-9 ]{1,40}-----")
_ERRORS: Final = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)


@dataclass(frozen=True, slots=True)
class Contents:
    """What was found.

    Attributes:
        form: how it is written.
        certificates: in their order.
        keys: private keys that could be opened.
        locked: how many private keys are encrypted, and not opened by the password.
        requests, crls: certificate signing requests and revocation lists.
        broken: labels of PEM blocks that cannot be read.
    """

    form: Form
    certificates: tuple[x509.Certificate, ...] = ()
    keys: tuple[PrivateKeyTypes, ...] = ()
    locked: int = 0
    requests: tuple[x509.CertificateSigningRequest, ...] = ()
    crls: tuple[x509.CertificateRevocationList, ...] = ()
    broken: tuple[str, ...] = ()


def read_contents(data: bytes, password: Secret | None = None) -> Contents:
    """Return what a file holds.

    Raises:
        PkiError: it holds nothing of the kind, or cannot be opened with this password.
    """
    if not data.strip():
        raise PkiError("the file is empty")
    if data[:4] in (MAGIC, JCEKS_MAGIC):
        return _java(data, password)
    if _BEGIN.search(data):
        return _pem(data, None if password is None else password.reveal())
    return _der(data, password)


def _pem(data: bytes, password: bytes | None) -> Contents:
    found = Contents("PEM")
    blocks = list(_BLOCK.finditer(data))
    for block in blocks:
        found = _with_block(found, block[1].decode(), block[0] + b"\n", password)
    if len(blocks) != len(_BEGIN.findall(data)):
        found = replace(found, broken=(*found.broken, "a block that is cut off"))
    return found


def _with_block(found: Contents, label: str, block: bytes, password: bytes | None) -> Contents:
    try:
        if label.endswith("PRIVATE KEY"):
            return _with_key(found, block, password)
        match label:
            case "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE":
                one = x509.load_pem_x509_certificate(block)
                return replace(found, certificates=(*found.certificates, one))
            case "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST":
                return replace(found, requests=(*found.requests, x509.load_pem_x509_csr(block)))
            case "X509 CRL":
                return replace(found, crls=(*found.crls, x509.load_pem_x509_crl(block)))
            case "EC PARAMETERS" | "DH PARAMETERS":
                return found
    except _ERRORS:
        pass
    return replace(found, broken=(*found.broken, label))


def _with_key(found: Contents, block: bytes, password: bytes | None) -> Contents:
    encrypted = b"ENCRYPTED" in block
    if encrypted and password is None:
        return replace(found, locked=found.locked + 1)
    try:
        key = load_pem_private_key(block, password if encrypted else None)
    except _ERRORS:
        if encrypted:
            return replace(found, locked=found.locked + 1)
        raise
    return replace(found, keys=(*found.keys, key))


def _der(data: bytes, password: Secret | None) -> Contents:
    readers: tuple[Callable[[bytes], Contents], ...] = (
        lambda octets: Contents("DER", certificates=(x509.load_der_x509_certificate(octets),)),
        lambda octets: Contents("DER", crls=(x509.load_der_x509_crl(octets),)),
        lambda octets: Contents("DER", requests=(x509.load_der_x509_csr(octets),)),
        lambda octets: Contents("DER", keys=(load_der_private_key(octets, None),)),
    )
    for read in readers:
        try:
            return read(data)
        except _ERRORS:
            continue
    return _pkcs12(data, password)


def _pkcs12(data: bytes, password: Secret | None) -> Contents:
    try:
        store = pkcs12.load_pkcs12(data, None if password is None else password.reveal())
    except _ERRORS:
        hint = "give its --password" if password is None else ""
        raise PkiError(
            "no certificate, key, request or revocation list, and no PKCS#12 store that this password opens", hint=hint
        ) from None
    leaf = () if store.cert is None else (store.cert.certificate,)
    others = (one.certificate for one in store.additional_certs)
    return Contents("PKCS#12", (*leaf, *others), () if store.key is None else (store.key,))


def _java(data: bytes, password: Secret | None) -> Contents:
    store = load_jks(data, password)
    chains = [*(chain for _, chain in store.keys), *store.locked, store.trusted]
    certificates = tuple(one for chain in chains for one in chain)
    return Contents("JKS", certificates, tuple(key for key, _ in store.keys), len(store.locked))

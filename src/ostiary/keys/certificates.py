"""Certificates of others, from whatever they come in: PEM, DER, PKCS#12, JKS, or a key set (`x5c`)."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from ostiary.keys.errors import KeyRefused
from ostiary.model import Secret
from ostiary.pki.errors import PkiError
from ostiary.pki.jks import JCEKS_MAGIC, MAGIC, load_jks

_SEQUENCE: Final = 0x30  # how DER begins


def certificates_in(data: bytes, password: Secret | None = None) -> tuple[x509.Certificate, ...]:
    """Return the certificates in some octets, each once, in their order.

    Args:
        data: PEM, DER, PKCS#12, JKS, or a key set (RFC 7517) whose keys have certificates (section 4.7).
        password: opens a store; without one a JKS store is read, and nothing vouches for it.

    Raises:
        KeyRefused: there are none, or it cannot be read.
    """
    try:
        found = list(_found(data, password))
    except (ValueError, TypeError, KeyError):
        found = []
    except PkiError as error:
        raise KeyRefused(str(error), hint=error.hint) from None
    if not found:
        raise KeyRefused("no certificates in it", hint="PEM, DER, PKCS#12, JKS and key sets with `x5c` are read")
    return tuple(dict.fromkeys(found))


def _found(data: bytes, password: Secret | None) -> Iterator[x509.Certificate]:
    if data[:4] in (MAGIC, JCEKS_MAGIC):
        store = load_jks(data, password)
        yield from store.trusted
        yield from (one for chain in (*(chain for _, chain in store.keys), *store.locked) for one in chain)
    elif data.lstrip()[:1] == b"{":
        yield from _in_key_set(json.loads(data))
    elif data[:1] == bytes((_SEQUENCE,)):
        yield from _in_der(data, password)
    else:
        yield from x509.load_pem_x509_certificates(data)


def _in_key_set(document: Any) -> Iterator[x509.Certificate]:
    """Yield the certificate of each key; those above it are not what was meant to be trusted."""
    for key in document["keys"]:
        if chain := key.get("x5c"):
            yield x509.load_der_x509_certificate(b64decode(chain[0], validate=True))


def _in_der(data: bytes, password: Secret | None) -> Iterator[x509.Certificate]:
    try:
        yield x509.load_der_x509_certificate(data)
    except ValueError:
        store = pkcs12.load_pkcs12(data, None if password is None else password.reveal())
    else:
        return
    if store.cert is not None:
        yield store.cert.certificate
    yield from (one.certificate for one in store.additional_certs)

"""The forms in which issuers publish keys, all made into members of a key set (RFC 7517, section 5).

    jwks          {"keys": [...]}
    x509 map      {"kid": "-----BEGIN CERTIFICATE----- ...", ...}, as Google publishes Firebase's
    PEM           certificates and public keys, one after the other (RFC 7468); they have no key ids

Whatever the form, every key goes through the same judgement afterwards. A certificate is only the wrapping of its
key: nobody's signature on it is verified, because the place it came from is what is trusted. Its dates hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ostiary.jwks.encoding import json_object
from ostiary.jwks.material import describe

Form: TypeAlias = Literal["jwks", "certificates", "any"]
"""What a place may hold: a key set, certificates (an x509 map or PEM), or whichever of them it is."""

_PEM: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)
_CERTIFICATE: Final = b"CERTIFICATE"
_PUBLIC_KEYS: Final = (b"PUBLIC KEY", b"RSA PUBLIC KEY")


class Unreadable:
    """A member that could not be made into one.

    Attributes:
        why: what was wrong.
        kid: the id it stood under, if any.
    """

    def __init__(self, why: str, kid: str | None = None) -> None:
        self.why = why
        self.kid = kid


def members_of(document: bytes, form: Form, now: float | None) -> tuple[list[Any], bool]:
    """Return the members of a document, and whether they have key ids at all.

    Args:
        document: the octets.
        form: what may be in it.
        now: epoch seconds, for the dates of certificates; None to let them all pass.

    Raises:
        ValueError: it is of none of the forms, or not of one that belongs here.
    """
    if document.lstrip()[:11] == b"-----BEGIN " and form != "jwks":
        return [_pem(match[1], match[0], now) for match in _PEM.finditer(document)], False
    fields = json_object(document)
    if _is_map(fields) and form != "jwks":
        return list(_mapped(fields, now)), True
    members = fields.get("keys")
    if form == "certificates":
        raise ValueError("the document is no map of certificates")
    if not isinstance(members, list):
        raise ValueError("the document has no keys array")  # noqa: TRY004 - one exception for what is no key set
    return members, True


def _is_map(fields: Mapping[str, Any]) -> bool:
    return bool(fields) and all(isinstance(text, str) for text in fields.values())


def _mapped(fields: Mapping[str, str], now: float | None) -> Iterator[Any]:
    for kid, text in fields.items():
        member = _pem(_CERTIFICATE, text.encode(), now)
        if isinstance(member, Unreadable):
            yield Unreadable(member.why, kid)
        else:
            yield {**member, "kid": kid}


def _pem(label: bytes, block: bytes, now: float | None) -> dict[str, Any] | Unreadable:
    try:
        if label == _CERTIFICATE:
            return _of_certificate(x509.load_pem_x509_certificate(block), now)
        if label in _PUBLIC_KEYS:
            return describe(load_pem_public_key(block))
    except ValueError as error:
        return Unreadable(str(error) if isinstance(error, _OutOfDate) else "it cannot be read")
    except (UnsupportedAlgorithm, TypeError):
        return Unreadable("its type is not supported")
    private = b"PRIVATE" in label
    return Unreadable(
        "it is a private key, so it is no longer secret" if private else "it is no certificate or public key"
    )


class _OutOfDate(ValueError):
    pass


def _of_certificate(certificate: x509.Certificate, now: float | None) -> dict[str, Any]:
    if now is not None:
        if now >= certificate.not_valid_after_utc.timestamp():
            raise _OutOfDate("its certificate has expired")
        if now < certificate.not_valid_before_utc.timestamp():
            raise _OutOfDate("its certificate is not valid yet")
    return describe(certificate.public_key())

"""The keys that a token has under a label: private halves by their handles, public halves as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

_ED25519: Final = 32


@dataclass(frozen=True, slots=True)
class Found:
    """One key of a token.

    Attributes:
        number: its CKA_ID, read as a number: a greater one is a newer version.
        private: the handle of its private half, as long as the session lives.
        public: its public half, or None when the token does not tell it.
        begins: the day from which it may be used (CKA_START_DATE), or None.
        exportable: whether its private half can be taken out.
    """

    number: int
    private: Any
    public: Any
    begins: float | None
    exportable: bool


def find(session: Any, label: str) -> list[Found]:
    """Return every key under a label, the oldest first. In the thread of the library only."""
    import pkcs11  # noqa: PLC0415 - an extra

    query = {pkcs11.Attribute.LABEL: label, pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
    found = [_found(session, private, pkcs11.Attribute) for private in _objects(session, query)]
    return sorted(found, key=lambda one: one.number)


def _objects(session: Any, query: Any) -> list[Any]:
    """Return what a search finds, ended: a session has one search at a time."""
    return list(session.get_objects(query))


def _found(session: Any, private: Any, attribute: Any) -> Found:
    return Found(
        number=int.from_bytes(private.id or b"", "big"),
        private=private,
        public=next(_publics(session, private), None),
        begins=_day(_attribute(private, attribute.START_DATE)),
        exportable=_attribute(private, attribute.EXTRACTABLE) is True,
    )


def _publics(session: Any, private: Any) -> Iterator[Any]:
    """Yield the public half, from the object of that kind, else from a certificate with the same id and label."""
    import pkcs11  # noqa: PLC0415 - an extra

    attribute, kinds = pkcs11.Attribute, pkcs11.ObjectClass
    same = {attribute.ID: private.id, attribute.LABEL: private.label}
    for public in _objects(session, {**same, attribute.CLASS: kinds.PUBLIC_KEY}):
        yield _public(public, pkcs11)
    for certificate in _objects(session, {**same, attribute.CLASS: kinds.CERTIFICATE}):
        yield x509.load_der_x509_certificate(certificate[attribute.VALUE]).public_key()


def _public(public: Any, pkcs11: Any) -> Any:
    from pkcs11.util.ec import encode_ec_public_key  # noqa: PLC0415 - an extra
    from pkcs11.util.rsa import encode_rsa_public_key  # noqa: PLC0415 - an extra

    if public.key_type == pkcs11.KeyType.EC_EDWARDS:  # the point is an octet string (PKCS#11, section 6.3.5)
        return Ed25519PublicKey.from_public_bytes(public[pkcs11.Attribute.EC_POINT][-_ED25519:])
    encode = encode_rsa_public_key if public.key_type == pkcs11.KeyType.RSA else encode_ec_public_key
    return load_der_public_key(bytes(encode(public)))


def _attribute(key: Any, name: Any) -> Any:
    """Return an attribute, or None when the token does not have or tell it."""
    with suppress(Exception):  # each library says in its own way that it has no such attribute
        return key[name]
    return None


def _day(value: Any) -> float | None:
    if not isinstance(value, date):
        return None
    return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()

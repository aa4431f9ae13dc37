"""Java key stores of the old kind, JKS: read only, so that nobody has to convert one to be served by it.

Since Java 9 `keytool` writes PKCS#12, under whatever name. JKS is a format of its own: a header, entries, and
at the end a digest that is keyed with the password (SHA-1, with the words that its makers chose). Keys are
encrypted with a stream of SHA-1 over password and salt. That is weak, and the file should be kept as if it
were not encrypted at all.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_private_key

from ostiary.model import Secret
from ostiary.pki.errors import PkiError

MAGIC: Final = b"\xfe\xed\xfe\xed"
JCEKS_MAGIC: Final = b"\xce\xce\xce\xce"

_WHITENER: Final = b"Mighty Aphrodite"
_SUN_KEY_PROTECTOR: Final = bytes.fromhex("06 0a 2b 06 01 04 01 2a 02 11 01 01")
_DIGEST: Final = 20
_SEQUENCE: Final = 0x30
_OCTET_STRING: Final = 0x04
_LONG: Final = 0x80
_MOST_ENTRIES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Store:
    """What a key store holds.

    Attributes:
        keys: private keys, with their chains, leaf first.
        trusted: certificates without a key.
        locked: private keys that the password does not open, or that no password was given for.
    """

    keys: tuple[tuple[PrivateKeyTypes, tuple[x509.Certificate, ...]], ...]
    trusted: tuple[x509.Certificate, ...]
    locked: tuple[tuple[x509.Certificate, ...], ...] = ()


def load_jks(data: bytes, password: Secret | None) -> Store:
    """Return what a key store holds. Without a password its certificates can be read, and nothing vouches for them.

    Raises:
        PkiError: it is not JKS, is damaged, or the password is wrong.
    """
    if data[:4] == JCEKS_MAGIC:
        raise PkiError("a key store of the kind JCEKS", hint=_convert("JCEKS"))
    words = None if password is None else _utf16(password)
    if words is not None:
        digest = hashlib.sha1(words + _WHITENER + data[:-_DIGEST], usedforsecurity=False).digest()
        if not hmac.compare_digest(digest, data[-_DIGEST:]):
            raise PkiError("the key store was changed, or this is not its password")
    try:
        entries = list(_entries(_Reader(data[:-_DIGEST])))
        return _opened(entries, words)
    except (struct.error, ValueError, UnicodeDecodeError):
        raise PkiError("the key store cannot be read: it is damaged, or not JKS", hint=_convert("JKS")) from None


def _convert(kind: str) -> str:
    return (
        f"`keytool -importkeystore -srckeystore FILE -srcstoretype {kind} -destkeystore FILE.p12 -deststoretype PKCS12`"
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    protected: bytes | None
    chain: tuple[x509.Certificate, ...]


def _opened(entries: list[_Entry], words: bytes | None) -> Store:
    keys: list[tuple[PrivateKeyTypes, tuple[x509.Certificate, ...]]] = []
    locked: list[tuple[x509.Certificate, ...]] = []
    for entry in entries:
        if entry.protected is not None:
            plain = None if words is None else _unprotected(entry.protected, words)
            if plain is None:
                locked.append(entry.chain)
            else:
                keys.append((load_der_private_key(plain, None), entry.chain))
    trusted = tuple(one for entry in entries if entry.protected is None for one in entry.chain)
    return Store(tuple(keys), trusted, tuple(locked))


@dataclass(slots=True)
class _Reader:
    """Reads big-endian numbers and counted octets, one after the other."""

    data: bytes
    place: int = field(default=0)

    def take(self, size: int) -> bytes:
        piece = self.data[self.place : self.place + size]
        if len(piece) != size:
            raise ValueError("cut off")
        self.place += size
        return piece

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def counted(self, size: int) -> bytes:
        return self.take(self.number(size))


def _entries(reader: _Reader) -> Iterator[_Entry]:
    if reader.take(4) != MAGIC:
        raise ValueError("not JKS")
    version, count = reader.number(4), reader.number(4)
    if version not in (1, 2) or count > _MOST_ENTRIES:
        raise ValueError("an unknown version, or too many entries")
    for _ in range(count):
        tag = reader.number(4)
        reader.counted(2)  # the alias
        reader.take(8)  # when it was made
        protected = reader.counted(4) if tag == 1 else None
        certificates = reader.number(4) if tag == 1 else 1
        if tag not in (1, 2) or certificates > _MOST_ENTRIES:
            raise ValueError("an unknown kind of entry")
        yield _Entry(protected, tuple(_certificate(reader, version) for _ in range(certificates)))


def _certificate(reader: _Reader, version: int) -> x509.Certificate:
    if version > 1:
        reader.counted(2)  # its type: X.509
    return x509.load_der_x509_certificate(reader.counted(4))


def _unprotected(der: bytes, words: bytes) -> bytes | None:
    """Return the PKCS#8 key of an EncryptedPrivateKeyInfo, or None when the password does not open it."""
    outer = _value(der, _SEQUENCE)[0]
    algorithm, rest = _value(outer, _SEQUENCE)
    if not algorithm.startswith(_SUN_KEY_PROTECTOR):
        raise ValueError("an unknown cipher")
    sealed = _value(rest, _OCTET_STRING)[0]
    salt, cipher, check = sealed[:_DIGEST], sealed[_DIGEST:-_DIGEST], sealed[-_DIGEST:]
    stream, block = b"", salt
    while len(stream) < len(cipher):
        block = hashlib.sha1(words + block, usedforsecurity=False).digest()
        stream += block
    plain = bytes(one ^ other for one, other in zip(cipher, stream, strict=False))
    digest = hashlib.sha1(words + plain, usedforsecurity=False).digest()
    return plain if hmac.compare_digest(digest, check) else None


def _value(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """Return the content of the first value of some DER, and what follows it (X.690, section 8.1)."""
    if len(der) < 2 or der[0] != tag:  # noqa: PLR2004 - a tag and a length
        raise ValueError("not the value that belongs here")
    size, start = der[1], 2
    if size & _LONG:
        start += size & ~_LONG
        size = int.from_bytes(der[2:start], "big")
    if len(der) < start + size:
        raise ValueError("cut off")
    return der[start : start + size], der[start + size :]


def _utf16(password: Secret) -> bytes:
    try:
        return password.reveal().decode().encode("utf-16-be")
    except UnicodeDecodeError:
        raise PkiError("the password is not UTF-8 text") from None

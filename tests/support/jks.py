"""Write a Java key store of the old kind, where `keytool` is not to be had; its own is read in the tests of `pki`."""

from __future__ import annotations

import hashlib
import os
import struct

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ostiary.pki.authority import Identity

_OID = bytes.fromhex("300e060a2b060104012a021101010500")  # the cipher of the key protector, as an AlgorithmIdentifier


def jks(identity: Identity, password: str) -> bytes:
    """Return a store with one key and its chain."""
    words = password.encode("utf-16-be")
    key = _protected(identity.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), words)
    chain = [identity.certificate, *identity.chain]
    body = struct.pack(">III", 0xFEEDFEED, 2, 1)
    body += struct.pack(">I", 1) + _text("key") + struct.pack(">Q", 0) + struct.pack(">I", len(key)) + key
    body += struct.pack(">I", len(chain))
    for certificate in chain:
        der = certificate.public_bytes(Encoding.DER)
        body += _text("X.509") + struct.pack(">I", len(der)) + der
    return body + hashlib.sha1(words + b"Mighty Aphrodite" + body).digest()


def _text(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode()


def _protected(plain: bytes, words: bytes) -> bytes:
    salt = os.urandom(20)
    stream, block = b"", salt
    while len(stream) < len(plain):
        block = hashlib.sha1(words + block).digest()
        stream += block
    cipher = bytes(one ^ other for one, other in zip(plain, stream, strict=False))
    sealed = salt + cipher + hashlib.sha1(words + plain).digest()
    return _der(0x30, _OID + _der(0x04, sealed))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    return bytes((tag, 0x82)) + size.to_bytes(2, "big") + content

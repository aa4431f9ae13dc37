"""Envelope encryption: the master key wraps data keys, a data key seals rows.

AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces. What a ciphertext stands for is its associated
data, so that no ciphertext can be moved to another place: not to another alias, version, kind or vault.
Changing the master key only wraps the data keys anew.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ostiary.errors import ConfigError
from ostiary.model import Secret
from ostiary.sealed.errors import Sealed, Tampered

FORMAT: Final = "ostiary-vault/1"
_KEY: Final = 32
_NONCE: Final = 12


@dataclass(frozen=True, slots=True)
class Key:
    """A symmetric key of 32 octets.

    Attributes:
        id: tells keys apart without telling anything about them.
        octets: the key.
    """

    id: str
    octets: Secret = field(repr=False)

    def seal(self, plain: bytes, context: Sequence[str | int]) -> bytes:
        """Return nonce and ciphertext, bound to the context."""
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self.octets.reveal()).encrypt(nonce, plain, _encode(context))

    def open(self, sealed: bytes, context: Sequence[str | int]) -> bytes:
        """Return what was sealed in the same context.

        Raises:
            Tampered: it was not sealed with this key in this context.
        """
        try:
            return AESGCM(self.octets.reveal()).decrypt(sealed[:_NONCE], sealed[_NONCE:], _encode(context))
        except (InvalidTag, ValueError):
            problem = Tampered(f"{context[1]} {context[-1]} does not match its seal")
        raise problem

    def mac(self, facts: object) -> bytes:
        """Return the HMAC-SHA-256 (RFC 2104) over facts that JSON can write in one way only."""
        return hmac.digest(self.octets.reveal(), _encode(facts), hashlib.sha256)


def _encode(facts: object) -> bytes:
    return json.dumps(facts, separators=(",", ":"), ensure_ascii=True).encode()


def new_key_text() -> str:
    """Return a new master key as it is written into a file or an environment variable: 32 octets, base64."""
    return base64.b64encode(os.urandom(_KEY)).decode()


def master_key(secret: Secret, where: str) -> Key:
    """Return a master key.

    Args:
        secret: 32 octets in base64 (RFC 4648, section 4).
        where: the reference that it came from, for the message.

    Raises:
        ConfigError: it is not a master key.
    """
    try:
        octets = base64.b64decode(secret.reveal().strip(), validate=True)
    except binascii.Error:
        octets = b""
    if len(octets) != _KEY:
        raise ConfigError(f"{where}: a master key is 32 octets in base64; `ostiary vault key` makes one")
    return identified(octets)


def identified(octets: bytes) -> Key:
    """Return a key with the id that follows from it."""
    return Key(hmac.digest(octets, b"ostiary vault key id", hashlib.sha256)[:6].hex(), Secret(octets))


def new_key() -> Key:
    """Return a new random key."""
    return identified(os.urandom(_KEY))


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The current master key, and older ones that may still be needed to open a vault."""

    current: Key
    previous: tuple[Key, ...] = ()

    def find(self, key_id: str) -> Key:
        """Return the master key with that id.

        Raises:
            Sealed: we do not have it.
        """
        for key in (self.current, *self.previous):
            if key.id == key_id:
                return key
        ours = ", ".join(key.id for key in (self.current, *self.previous))
        raise Sealed(f"the vault is locked with master key {key_id}; the configuration gives {ours}")

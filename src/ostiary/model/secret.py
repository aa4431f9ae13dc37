"""A secret, and the credential it is half of."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import NoReturn


class Secret:
    """Bytes that do not print.

    `repr`, `str`, formatting and pickling show or carry nothing; comparison takes constant time.
    `reveal()` is the one way to the bytes, and is easy to find in a review.
    """

    __slots__ = ("_bytes",)

    def __init__(self, value: bytes | str) -> None:
        self._bytes = value.encode() if isinstance(value, str) else bytes(value)

    def reveal(self) -> bytes:
        """Return the secret bytes."""
        return self._bytes

    def __repr__(self) -> str:
        return "Secret(******)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._bytes, other._bytes)

    def __hash__(self) -> NoReturn:
        raise TypeError("a Secret is not a key")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not written down")


@dataclass(frozen=True, slots=True)
class Credential:
    """What an upstream wants to be shown: a whole, immutable record.

    Attributes:
        alias: its name in the configuration.
        id: the public half (a user name), "" where there is none.
        secret: the secret half.
        version: the vault's own name for this version; compared for equality only.
    """

    alias: str
    id: str
    secret: Secret
    version: str

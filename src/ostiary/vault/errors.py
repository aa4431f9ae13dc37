"""What a vault answers when it does not answer with a record: the words are those of the room `sealed`."""

from ostiary.sealed.errors import (
    AccessDenied,
    Destroyed,
    Misconfigured,
    NotFound,
    Sealed,
    SecretError,
    Tampered,
    Throttled,
    Unavailable,
)

__all__ = [
    "AccessDenied",
    "Destroyed",
    "Misconfigured",
    "NotFound",
    "Sealed",
    "SecretError",
    "Tampered",
    "Throttled",
    "Unavailable",
]

"""What a vault answers when it does not answer with a record: the words are those of the room `sealed`."""

from typing import TypeVar

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
    "bare",
]

Kept = TypeVar("Kept", bound=SecretError)


def bare(error: Kept) -> Kept:
    """Return an error that can be kept: without the frames that it came through, whose variables hold what was read."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)

"""Why a key is not taken."""

from __future__ import annotations


class KeyRefused(Exception):
    """A key, or what it comes in, cannot be used. The words are for people, and never quote a secret.

    Attributes:
        hint: what to do instead, or "".
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

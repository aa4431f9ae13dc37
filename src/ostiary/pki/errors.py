"""What our small CA refuses to do, in a sentence for the person who asked for it."""

from __future__ import annotations


class PkiError(Exception):
    """It is not done. Nothing was written, and the words never quote a secret.

    Attributes:
        hint: what to do instead, or "".
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

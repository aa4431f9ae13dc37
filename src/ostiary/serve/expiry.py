"""An answer that says when the caller's certificate ends, so that nobody is surprised."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any, Final

from ostiary.model import Answer, Headers

HEADER: Final = b"Client-Cert-Not-After"
"""Not a registered field; its value is a date as HTTP writes it (RFC 9110, section 5.6.7)."""


class Telling:
    """An answer with one more field; everything else of it is the answer's own."""

    __slots__ = ("_answer", "_until")

    def __init__(self, answer: Answer, until: float) -> None:
        self._answer = answer
        self._until = until

    def start(self, status: int, headers: Headers, *more: Any, **named: Any) -> None:
        """Begin the final response."""
        headers.add(HEADER, formatdate(self._until, usegmt=True).encode())
        self._answer.start(status, headers, *more, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._answer, name)

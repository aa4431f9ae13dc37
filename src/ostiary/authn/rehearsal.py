"""A request that is only talked about: it is judged, and leaves no trace.

`ostiary explain` asks the authenticators of live traffic. What they learn of a token holds for everybody; what they
remember of *this* request (a proof was used, a certificate was seen) would change what becomes of the real one.
Only what remembers such things asks whether it is a rehearsal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_REHEARSED: Final[ContextVar[bool]] = ContextVar("ostiary_rehearsed", default=False)


def is_rehearsal() -> bool:
    """Whether what is judged now is only talked about."""
    return _REHEARSED.get()


@contextmanager
def rehearsed() -> Iterator[None]:
    """Let whatever is judged within the block leave no trace."""
    before = _REHEARSED.set(True)
    try:
        yield
    finally:
        _REHEARSED.reset(before)

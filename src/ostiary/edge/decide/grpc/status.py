"""How a call to a decision listener ends: with a code in trailers, whatever the status of HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ostiary.grpc import Code


class CallFailed(Exception):
    """A call that ends without a message. Its text is for whoever has called, and holds nothing that came.

    Attributes:
        code: what the call ends with.
        text: why.
    """

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


_MEANS: Final[Mapping[int, Code]] = MappingProxyType(
    {
        400: Code.INVALID_ARGUMENT,
        401: Code.UNAUTHENTICATED,
        404: Code.NOT_FOUND,
        429: Code.RESOURCE_EXHAUSTED,
        500: Code.INTERNAL,
        502: Code.UNAVAILABLE,
        503: Code.UNAVAILABLE,
        504: Code.DEADLINE_EXCEEDED,
    }
)
"""What Envoy is told of the request that it asks about: it is Envoy's message that is refused here, not its call."""


def code_of(status: int) -> Code:
    """Return the code that says nearest what a status of HTTP says. It is never OK: it stands for refusals."""
    return _MEANS.get(status, Code.PERMISSION_DENIED)

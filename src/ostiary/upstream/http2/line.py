"""The connection, as an exchange uses it; and the connection of an exchange that has none, or none any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from ostiary.http2.codes import Code
from ostiary.model import Headers
from ostiary.upstream.http2.outgoing import Outgoing

if TYPE_CHECKING:
    from ostiary.upstream.http2.exchange import Http2Exchange


class Line(Protocol):
    """Where exchanges find their streams."""

    @property
    def full(self) -> bool:
        """Whether it takes nothing for now."""

    def speak(self, exchange: Http2Exchange, octets: int) -> None:
        """Ask an exchange for frames when the loop comes round; so many octets more wait."""

    def send(self, outgoing: Outgoing, stream: int) -> bool:
        """Send one frame; returns whether there may be more."""

    def headed(self, stream: int) -> None:
        """The final head of an answer has come: fields that follow are trailers."""

    def widen(self, stream: int, octets: int) -> None:
        """Let the upstream send as much again."""

    def leave(self, stream: int, waiting: int, code: Code | None) -> None:
        """An exchange has ended; with a code, its stream is reset. `waiting` octets will not be sent."""

    def trailers(self, trailers: Headers) -> list[tuple[bytes, bytes]]:
        """Return those behind a request that pass."""

    def time(self) -> float:
        """Return the time on the loop's clock, in seconds."""


class _NoLine:
    full = False

    def speak(self, exchange: object, octets: int) -> None: ...
    def send(self, outgoing: object, stream: int) -> bool:  # noqa: ARG002 - nobody's
        return False

    def headed(self, stream: int) -> None: ...
    def widen(self, stream: int, octets: int) -> None: ...
    def leave(self, stream: int, waiting: int, code: object) -> None: ...
    def trailers(self, trailers: Headers) -> list[tuple[bytes, bytes]]:  # noqa: ARG002 - nobody's
        return []

    def time(self) -> float:
        return 0.0


NO_LINE: Final = _NoLine()

"""An exchange as an edge offers it: what the edge promises the upstream's side, and the other way round."""

from __future__ import annotations

from typing import Protocol

from ostiary.errors import GatewayError
from ostiary.model.headers import Headers


class BodySink(Protocol):
    """Where the body of a request flows to."""

    @property
    def patient(self) -> bool:
        """Whether the caller may be silent within his request: how long is then watched here, and by no edge."""

    def feed(self, data: bytes) -> None:
        """Take the next piece."""

    def finish(self, trailers: Headers | None = None) -> None:
        """The body is complete; `trailers` came behind it (RFC 9110, section 6.5), judged by nobody yet."""

    def abandon(self) -> None:
        """The caller went away, or broke the body's framing: let go of the exchange."""


class Body(Protocol):
    """The body of a request, as the edge holds it.

    Attributes:
        length: octets announced; 0 for no body, None when it is chunked and unknown.
    """

    length: int | None

    def flow_to(self, sink: BodySink) -> None:
        """Hand everything received so far, and everything to come, to `sink`."""

    def pause(self) -> None:
        """Back-pressure: take no more from the caller for now."""

    def resume(self) -> None:
        """Take from the caller again."""


class Flow(Protocol):
    """The source of an answer, for back-pressure from the caller's side."""

    def pause(self) -> None:
        """The caller reads slowly: stop reading the upstream."""

    def resume(self) -> None:
        """Read the upstream again."""


class Tunnel(BodySink, Flow, Protocol):
    """The upstream's side of an exchange that has changed its protocol: what it is fed goes there as it is."""


class Answer(Protocol):
    """The caller's side of an answer. Each call only translates; none of them waits."""

    def inform(self, status: int, headers: Headers) -> None:
        """Pass an informational response on (RFC 9110, section 15.2)."""

    def start(self, status: int, headers: Headers, length: int | None, source: Flow) -> None:
        """Begin the final response.

        Args:
            status: 200 to 599.
            headers: end-to-end fields only; framing is the edge's.
            length: octets of content, or None when unknown. A response to HEAD, and 204 and 304, have
                no content whatever the length says (RFC 9110, section 6.4.1).
            source: whom to pause when the caller reads slowly.
        """

    def switch(self, protocol: bytes, headers: Headers, tunnel: Tunnel) -> None:
        """Change the protocol (101; RFC 9110, section 7.8): from here on octets go both ways, as they are.

        Called only for a request that has an `upgrade`. What the upstream says is written, its end is `finish`.

        Args:
            protocol: the one that was asked for.
            headers: end-to-end fields of the answer.
            tunnel: takes what the caller says.
        """

    def write(self, data: bytes) -> None:
        """Send a piece of content."""

    def flush(self) -> None:
        """Send what may be held back: nothing more is at hand for now."""

    def finish(self, trailers: Headers | None = None) -> None:
        """The content is complete."""

    def fail(self, error: GatewayError) -> None:
        """End with a problem if nothing was sent yet, else break the answer off visibly."""

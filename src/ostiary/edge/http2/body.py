"""The request's half of a stream: what comes from the caller, and who takes it (RFC 9113, section 5.2).

What comes is acknowledged when it has been passed on, so that the caller's window is the upstream's patience. No
more of a body waits here than one window holds.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from ostiary.edge.http2.opening import Opening
from ostiary.errors import ContentTooLarge, GatewayError
from ostiary.http2.codes import Code
from ostiary.model import BodySink, Headers

if TYPE_CHECKING:
    from ostiary.edge.http2.streams import Http2Streams

_WORTH_READING: Final = 64 << 10
"""Octets of a request that are taken and dropped after its answer, before the caller is told to stop."""


class Http2Body(ABC):
    """A `Body`, and the half of `Http2Stream` that is about it.

    Attributes:
        number: of the stream.
        length: octets announced; 0 for no body, None when unknown.
        expects: the caller waits for 100 Continue.
        opening: what has to be agreed on before a tunnel is open; None for what is none.
        waits: what comes is held until it is.
        read: the request has been read to its end.
        answered: the answer has been sent to its end, or never will be.
        unwanted: the rest of the body is dropped.
        task: the request on its way through the gateway.
    """

    __slots__ = (
        "_connection",
        "_dropped",
        "_held",
        "_paused",
        "_read_by",
        "_sink",
        "_taken",
        "_trailed",
        "_unacknowledged",
        "answered",
        "expects",
        "length",
        "number",
        "opening",
        "read",
        "task",
        "unwanted",
        "waits",
    )

    def __init__(self, connection: Http2Streams, number: int) -> None:
        self._connection = connection
        self._sink: BodySink | None = None
        self._held: list[bytes] = []  # octets that came before anybody wanted them
        self._taken = 0
        self._dropped = 0
        self._unacknowledged = 0  # octets of the caller's window that he does not have back yet
        self._paused = False
        self._trailed: Headers | None = None  # came behind the body
        self._read_by = 0.0  # a deadline on the loop's clock; 0.0 for none
        self.number = number
        self.length: int | None = 0
        self.expects = False
        self.opening: Opening | None = None
        self.waits = False
        self.read = False
        self.answered = False
        self.unwanted = False
        self.task: asyncio.Task[None] | None = None

    @abstractmethod
    def inform(self, status: int, headers: Headers) -> None:
        """Send an informational response."""

    @abstractmethod
    def fail(self, error: GatewayError) -> None:
        """End with a problem, or visibly."""

    def await_opening(self, opening: Opening) -> None:
        """It is a tunnel, once upstream and caller have agreed; until then it is a request without a body."""
        self.opening = opening
        self.waits = True

    @property
    def switched(self) -> bool:
        """Whether it is a tunnel by now: the protocol was changed."""
        return self.opening is not None and not self.waits

    @property
    def lasting(self) -> bool:
        """Whether it may rightly take hours: a tunnel, or a call that waits for something to happen."""
        return self.switched or (self._sink is not None and self._sink.patient)

    # --- from the connection -------------------------------------------------------------------

    def await_body(self) -> None:
        """More of the body is wanted from now on. In tunnels and long calls nobody has to speak."""
        if self.read:
            return
        patient = self.opening is not None or (self._sink is not None and self._sink.patient)
        timed = self.answered or not patient
        self._read_by = self._connection.loop.time() + self._connection.timeouts.body if timed else 0.0

    def touch(self) -> None:
        """Something of the body has come, even if it is not a whole frame yet."""
        if self._read_by:
            self.await_body()

    def take(self, data: bytes, octets: int) -> None:
        """Take a piece of the body.

        Args:
            data: the piece.
            octets: of the caller's window that it has taken, padding included.
        """
        self._unacknowledged += octets
        if self.unwanted:
            self._drop(octets)
            return
        self._taken += len(data)
        limit = self._connection.limits.body
        if limit is not None and self._taken > limit and self.opening is None:
            self.spoil(ContentTooLarge(f"the body is larger than {limit} octets"))
        elif self._sink is None or self.waits:
            self._read_by = 0.0  # it is not the caller who makes it wait
            if data:
                self._held.append(data)
        else:
            self.touch()
            if data:
                self._sink.feed(data)
            if not self._paused:
                self._acknowledge()

    def _drop(self, octets: int) -> None:
        """Drop what nobody wants, for a while."""
        self._dropped += octets
        self._acknowledge()
        self._stop_if_enough()

    def _stop_if_enough(self) -> None:
        """Tell the caller to stop, once he has his answer (RFC 9113, section 8.1)."""
        if self.answered and self._dropped > _WORTH_READING:
            self._connection.reset(self.number, Code.NO_ERROR)

    def trail(self, trailers: Headers) -> None:
        """Take what came behind the body."""
        self._trailed = trailers

    def complete(self) -> None:
        """The request has been read to its end."""
        if self.read:  # with its head
            return
        self.read = True
        self._read_by = 0.0
        if self.answered:
            self._connection.forget(self.number)
        elif self._sink is not None and not self.waits:
            self._sink.finish(self._trailed)

    def _acknowledge(self) -> None:
        """Give the caller his window back."""
        octets, self._unacknowledged = self._unacknowledged, 0
        if octets:
            self._connection.acknowledge(self.number, octets)

    def refuse(self, error: GatewayError) -> None:
        """End a request that cannot be read on."""
        self.abandon()
        self.fail(error)

    def spoil(self, error: GatewayError) -> None:
        """End a request because of what came behind its head: the caller pays as for a reset (CVE-2025-8671)."""
        self.refuse(error)
        self._connection.spoiled()

    def abandon(self) -> None:
        """The caller is gone, or was cut off: let go of the upstream."""
        if self.task is not None and not self.task.done():
            self.task.cancel()
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.abandon()

    # --- Body ----------------------------------------------------------------------------------

    def flow_to(self, sink: BodySink) -> None:
        """Hand everything received so far, and everything to come, to `sink`."""
        self._sink = sink
        if self.waits:
            return  # before a tunnel is open, upstreams would take its octets for HTTP
        if self.expects and not self.read:
            self.expects = False
            self.inform(100, Headers())
        held, self._held = self._held, []
        for data in held:
            sink.feed(data)
        if self.read:
            sink.finish(self._trailed)
        elif not self._paused:
            self._acknowledge()
            self.await_body()

    def pause(self) -> None:
        """Take no more from the caller than his window allows."""
        self._paused = True
        self._read_by = 0.0

    def resume(self) -> None:
        """Take from the caller again."""
        if self._paused:
            self._paused = False
            if not self.answered:
                self._acknowledge()
                self.await_body()

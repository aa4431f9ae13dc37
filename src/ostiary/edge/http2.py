"""The native edge: one HTTP/2 connection (RFC 9113), on asyncio's protocols and h2.

    octets -> frames -> guard -> h2 -> Http2Stream -> gateway
                                           ^             |
              sender <- frames <- h2 <-----+-- answer ---+

Each frame is counted before it is worked on, and worked on before the next one is looked at. While the transport
takes nothing, nothing is read either: so no flood of frames that want an answer can fill our memory.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Final, cast

from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    PingAckReceived,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
    WindowUpdated,
)

from ostiary.config.schema import ListenerTimeouts
from ostiary.eager import begin
from ostiary.edge.carry import carry
from ostiary.edge.gone import GONE
from ostiary.edge.head import next_id
from ostiary.edge.http2_frames import DATA, GOAWAY, ConnectionBroken, Frame, Frames
from ostiary.edge.http2_guard import Guard
from ostiary.edge.http2_head import check_trailers, shown
from ostiary.edge.http2_request import read_request
from ostiary.edge.http2_sender import Sender
from ostiary.edge.http2_stream import Http2Stream
from ostiary.edge.http2_wire import STREAMS, Wire
from ostiary.edge.listening import Listening, address_of
from ostiary.errors import GatewayError
from ostiary.model import Peer
from ostiary.reasons import Reason

BUFFERED: Final = 1 << 20
"""Octets of answers that may wait for the caller's windows before his further requests wait as well."""

_LINGER: Final = 1.0
"""Seconds in which the caller may read why his connection has ended."""
_EVERY_STREAM: Final = 2**31 - 1
_DRAIN: Final = b"ostiary."


class Http2Connection(asyncio.Protocol):
    """One connection from a caller.

    Attributes:
        streams: the requests under way.
        wire: the state that h2 keeps.
        sender: what goes out.
    """

    def __init__(self, listening: Listening, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.limits = listening.limits
        self.wire = Wire(listening.limits.headers)
        self.sender = Sender(self.wire, loop, self._write, self._sent)
        self.streams: dict[int, Http2Stream] = {}
        self._listening = listening
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._peer = Peer("")
        self._proven_by = listening.prove
        self._refusal: GatewayError | None = None  # what the peer's certificate deserves
        self._frames = Frames()
        self._guard = Guard(2 * listening.limits.headers, loop.time())
        self._waiting: deque[Http2Stream] = deque()  # requests that wait until less is buffered
        self._ended = False
        self._leaving = False  # the caller opens no more streams
        self._last: int | None = None  # the last stream that is served, once the listener closes
        self._head_by = 0.0  # deadlines on the loop's clock; 0.0 for none
        self._idle_by = 0.0
        self._write_by = 0.0

    @property
    def timeouts(self) -> ListenerTimeouts:
        """The listener's patience, as the configuration says now."""
        return self._listening.timeouts

    # --- asyncio.Protocol ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Prove the peer, once."""
        self._transport = cast("asyncio.Transport", transport)
        self._peer = Peer(address_of(transport))
        listening = self._listening
        if len(listening.connections) >= self.limits.connections:
            listening.refused += 1
            self._ended = True
            self._transport.abort()
            return
        listening.connections.add(self)
        self._idle_by = self.loop.time() + self.timeouts.headers
        self._prove()
        self.sender.flush()

    def _prove(self) -> None:
        """Find out who is at the other end: once, and again when a reload has changed who is let in."""
        listening = self._listening
        self.limits = listening.limits
        self._proven_by = listening.prove
        self._refusal = None
        try:
            self._peer = listening.prove(self._transport)
        except GatewayError as refusal:
            self._refusal = refusal

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Let go of everything that was under way."""
        self._listening.connections.discard(self)
        self._listening.left(self._peer.address)
        self._ended = True
        self._lose_all("")
        self._transport = GONE

    def data_received(self, data: bytes) -> None:
        """Work on the frames that are whole."""
        if self._ended:
            return
        now = self.loop.time()
        try:
            for frame in self._frames.split(data):
                self._guard.judge(frame, now)
                self._receive(frame, now)
        except ConnectionBroken as broken:
            self._break(broken)
            return
        self._note_unfinished(now)
        self.sender.flush()

    def eof_received(self) -> bool:
        """A caller that stops sending is gone."""
        return False

    def pause_writing(self) -> None:
        """The caller reads slowly: read nothing that would have to be answered."""
        self.sender.paused = True
        self._write_by = self.loop.time() + self.timeouts.send
        if not self._ended:
            self._transport.pause_reading()
        self._settle()

    def resume_writing(self) -> None:
        """The caller reads again."""
        self.sender.paused = False
        self._write_by = 0.0
        if not self._ended:
            self._transport.resume_reading()
            self._settle()
            self.sender.soon()

    def _settle(self) -> None:
        for stream in tuple(self.streams.values()):
            stream.settle()

    # --- what comes ----------------------------------------------------------------------------

    def _receive(self, frame: Frame, now: float) -> None:
        if frame.kind == GOAWAY:  # h2 would send nothing more; but a caller may say so and wait for his answers
            self._leaving = True
            return
        if frame.kind == DATA and frame.stream not in self.streams:
            self._guard.control(now)
        for event in self.wire.receive(frame.octets):
            self._on(event, now)

    def _on(self, event: Event, now: float) -> None:
        match event:
            case DataReceived():
                self._on_data(event, now)
            case RequestReceived():
                self._on_request(event, now)
            case StreamEnded():
                if (stream := self.streams.get(event.stream_id)) is not None:
                    stream.complete()
            case WindowUpdated():
                self._wake((event.stream_id,) if event.stream_id else tuple(self.streams))
            case StreamReset():
                self._on_reset(event, now)
            case TrailersReceived():
                self._on_trailers(event)
            case RemoteSettingsChanged():
                self.wire.keep_small()
                self._wake(tuple(self.streams))
            case PingAckReceived() if event.ping_data == _DRAIN and self._listening.stopping:
                self._serve_no_more()
            case _:
                pass

    def _on_request(self, event: RequestReceived, now: float) -> None:
        self._guard.opened()
        self._idle_by = 0.0
        number, fields = event.stream_id, event.headers or []
        stream = self.streams[number] = Http2Stream(self, number, next_id(), now, self._peer.address)
        stream.method, stream.target = shown(fields)
        stream.read = event.stream_ended is not None
        if len(self.streams) > STREAMS or self._last is not None:
            self._turn_away(stream, now)
            return
        if self._proven_by is not self._listening.prove:
            self._prove()
        try:
            scheme = self._listening.scheme
            request = read_request(stream, fields, limits=self.limits, scheme=scheme, peer=self._peer)
            if self._refusal is not None:
                raise self._refusal
        except GatewayError as error:
            stream.fail(error)
            return
        stream.request = request
        if self.sender.buffered > BUFFERED:
            self._waiting.append(stream)
        else:
            self._start(stream)

    def _turn_away(self, stream: Http2Stream, now: float) -> None:
        """Refuse a stream that nobody has worked on: the caller may send it again (RFC 9113, section 8.7)."""
        stream.record.reason = Reason.OVERLOADED if self._last is None else Reason.STOPPING
        self.reset(stream.number, ErrorCodes.REFUSED_STREAM)
        self._guard.reset(now)

    def _start(self, stream: Http2Stream) -> None:
        if stream.request is None or stream.answered:
            return
        stream.await_body()
        task = begin(carry(self._listening.gateway, stream.request, stream), self.loop)
        if task is not None:
            stream.task = task

    def _on_data(self, event: DataReceived, now: float) -> None:
        data, octets = event.data or b"", event.flow_controlled_length or 0
        if not data and event.stream_ended is None:
            self._guard.control(now)
        stream = self.streams.get(event.stream_id)
        if stream is None:
            self.acknowledge(event.stream_id, octets)
        else:
            stream.take(data, octets)

    def _on_trailers(self, event: TrailersReceived) -> None:
        """Drop a trailer section (RFC 9110, section 6.5.1), and refuse a malformed request."""
        stream = self.streams.get(event.stream_id)
        if stream is None or stream.answered:
            return
        try:
            check_trailers(event.headers or [])
        except GatewayError as error:
            stream.refuse(error)

    def _on_reset(self, event: StreamReset, now: float) -> None:
        stream = self.streams.get(event.stream_id)
        if stream is not None:
            stream.lose()
        self._guard.reset(now)

    def _wake(self, numbers: Iterable[int]) -> None:
        """The caller's windows may be wider."""
        for number in numbers:
            stream = self.streams.get(number)
            if stream is not None and not stream.answered:
                self.sender.ready(stream)

    def _note_unfinished(self, now: float) -> None:
        """A head has to arrive in time, and of a body something now and then."""
        unfinished = self._frames.unfinished
        if unfinished is None and not self._guard.block:
            self._head_by = 0.0
        elif unfinished is not None and unfinished[0] == DATA:
            self._head_by = 0.0
            if (stream := self.streams.get(unfinished[1])) is not None:
                stream.touch()
        elif not self._head_by:
            self._head_by = now + self.timeouts.headers

    # --- what goes -----------------------------------------------------------------------------

    def _write(self, data: bytes) -> None:
        if data and not self._ended and not self._transport.is_closing():
            self._transport.write(data)

    def _sent(self) -> None:
        """Everything was sent that could be."""
        while self._waiting and self.sender.buffered <= BUFFERED // 2:
            self._start(self._waiting.popleft())
        if not self.streams and not self._ended and (self._leaving or self._listening.stopping):
            self._leave()

    def passed_on(self, octets: int) -> None:
        """So much content of an answer was sent."""
        self.sender.buffered -= octets
        self._guard.sent(octets)

    def inform(self, number: int, fields: list[tuple[bytes, bytes]]) -> None:
        """Send an informational head."""
        self.wire.send_head(number, fields, end=False)
        self.sender.soon()

    def acknowledge(self, number: int, octets: int) -> None:
        """Let the caller send as much again."""
        if not self._ended:
            self.wire.acknowledge(number, octets)
            self.sender.soon()

    def reset(self, number: int, code: ErrorCodes) -> None:
        """End a stream at once, whatever is under way."""
        stream = self.streams.get(number)
        if stream is not None and not self._ended:
            self.wire.reset(number, code)
            self.sender.soon()
            stream.end()

    # --- the end of a stream, and of the connection --------------------------------------------

    def forget(self, number: int) -> None:
        """A stream has ended in both directions."""
        stream = self.streams.pop(number, None)
        if stream is None:
            return
        stream.request = None  # each holds the other: let go, so that no garbage is left to be collected
        if not self.streams:
            self._idle_by = self.loop.time() + self.timeouts.keep_alive
            self.sender.soon()

    def log(self, stream: Http2Stream) -> None:
        """Write the line of a request."""
        request = stream.request
        self._listening.gateway.access.write(
            stream.record,
            id=stream.id,
            method=stream.method,
            target=stream.target,
            host="" if request is None else request.host,
            address=stream.address,
            status=stream.status,
            sent=stream.sent,
            now=self.loop.time(),
            listener=self._listening.name,
        )

    def _break(self, broken: ConnectionBroken) -> None:
        """End the connection because of what the caller did, and let him read why."""
        self._ended = True
        culprit = Http2Stream(self, 0, next_id(), self.loop.time(), self._peer.address)
        culprit.record.reason, culprit.record.detail = broken.reason, broken.detail
        self.log(culprit)
        self._lose_all(f"the connection was ended: {broken.detail}")
        if not self._transport.is_closing():
            self._transport.write(self.wire.farewell(self.wire.last, broken.code))
            self._transport.pause_reading()
            self.loop.call_later(_LINGER, self._transport.abort)

    def _lose_all(self, detail: str) -> None:
        self.sender.clear()
        self._waiting.clear()
        for stream in tuple(self.streams.values()):
            stream.lose(detail)

    def _leave(self) -> None:
        """Close a connection on which nothing is under way, and say which stream was the last."""
        self._write(self.wire.farewell(self.wire.last))
        self._ended = True
        self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    # --- what the listener asks ----------------------------------------------------------------

    def under_way(self) -> Iterable[Http2Stream]:
        """Return the exchanges that were handed to the gateway and have not ended."""
        return [one for one in self.streams.values() if one.request is not None and not one.answered]

    def tick(self, now: float) -> None:
        """Act on deadlines that have passed. Called for every connection now and then."""
        if self._ended:
            return
        if self._write_by and now >= self._write_by:
            self.abort()
        elif self._head_by and now >= self._head_by:
            self._break(ConnectionBroken(ErrorCodes.NO_ERROR, Reason.REQUEST_TIMEOUT, "a frame without an end"))
        elif not self.streams and now >= self._idle_by:
            self._leave()
        else:
            for stream in tuple(self.streams.values()):
                stream.tick(now)

    def shut_down(self) -> None:
        """Close when idle. Otherwise ask for no more streams; those that are on their way are served still.

        They have come when our PING comes back; then the last one is named (RFC 9113, section 6.8).
        """
        if self._ended:
            return
        if not self.streams:
            self._leave()
            return
        self.wire.ping(_DRAIN)
        self._write(self.wire.farewell(_EVERY_STREAM))

    def _serve_no_more(self) -> None:
        self._last = self.wire.last
        self._write(self.wire.farewell(self._last))

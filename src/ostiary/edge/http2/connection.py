"""The native edge: one HTTP/2 connection (RFC 9113), on asyncio's protocols and our own engine.

    octets -> frames -> guard -> reader -> Http2Stream -> gateway
                                               ^             |
                           sender <- wire <----+-- answer ---+

Each frame is counted before it is worked on, and worked on before the next one is looked at. While the transport
takes nothing, nothing is read either: so no flood of frames that want an answer can fill our memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from time import monotonic  # the loop's clock, which uvloop reads once a round and in whole milliseconds
from typing import Final, cast

from ostiary.edge.carry import log
from ostiary.edge.gone import GONE
from ostiary.edge.hangup import taken
from ostiary.edge.head import next_id
from ostiary.edge.http2.stream import Http2Stream
from ostiary.edge.http2.streams import DRAIN, Http2Streams
from ostiary.edge.listening import Listening, address_of
from ostiary.http2.codes import Code, ConnectionBroken
from ostiary.http2.frames import DATA, Frames
from ostiary.model import Peer
from ostiary.reasons import Reason

_LINGER: Final = 1.0
"""Seconds in which the caller may read why his connection has ended."""
_EVERY_STREAM: Final = 2**31 - 1


class Http2Connection(Http2Streams, asyncio.Protocol):
    """One connection from a caller."""

    def __init__(self, listening: Listening, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(listening, loop)
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._frames = Frames()
        self._head_by = 0.0  # deadlines on the loop's clock; 0.0 for none
        self._write_by = 0.0
        self._emptied = False  # the caller had taken all that was written, when that was looked at

    # --- asyncio.Protocol ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Prove the peer, once."""
        self._transport = cast("asyncio.Transport", transport)
        self._proof.peer = Peer(address_of(transport))
        listening = self._listening
        if len(listening.connections) >= listening.limits.connections:
            listening.refused += 1
            self._ended = True
            self._transport.abort()
            return
        listening.connections.add(self)
        self._idle_by = self.loop.time() + self.timeouts.headers
        self._prove()
        self.sender.flush()

    @property
    def _address(self) -> str:
        return self._proof.peer.address

    def _prove(self) -> Peer:
        return self._proof.now(self._transport)

    def _prove_again(self) -> None:
        """Send away at once who proves nobody any more. What he has asked before is answered."""
        self._prove()
        refusal = self._proof.refusal
        if refusal is None or self._leaving:
            return
        facts = {"listener": self._listening.name, "address": self._address, "reason": str(refusal.reason)}
        log.info("a caller is sent away: his certificate proves nobody any more", **facts)
        self._leaving = True
        if self.streams:
            self._serve_no_more()
        else:
            self._leave()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Let go of everything that was under way."""
        self._listening.connections.discard(self)
        self._listening.left(self._proof.peer.address)
        self._ended = True
        self._lose_all("")
        self._transport = GONE

    def data_received(self, data: bytes) -> None:
        """Work on the frames that are whole."""
        if self._ended:
            return
        self._now = now = self.loop.time()
        frames, guard, reader = self._frames, self._guard, self._reader
        frames.take(data)
        try:
            while (frame := frames.next()) is not None:
                guard.judge(frame, now)
                reader.receive(self, frame)
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

    def _write(self, data: bytes) -> None:
        if data and not self._ended and not self._transport.is_closing():
            self._transport.write(data)

    # --- the end of the connection -------------------------------------------------------------

    def _break(self, broken: ConnectionBroken) -> None:
        """End the connection because of what the caller did, and let him read why."""
        self._ended = True
        culprit = Http2Stream(self, 0, next_id(), monotonic(), self._proof.peer.address)
        culprit.record.reason, culprit.record.detail = broken.reason, broken.detail
        self.log(culprit)
        self._lose_all(f"the connection was ended: {broken.detail}")
        if not self._transport.is_closing():
            self._transport.write(self.wire.farewell(self.wire.last, broken.code))
            self._transport.pause_reading()
            self.loop.call_later(_LINGER, self._transport.abort)

    def _leave(self) -> None:
        """Close a connection on which nothing is under way, and say which stream was the last."""
        self._write(self.wire.farewell(self.wire.last))
        self._ended = True
        self._transport.close()

    def _part(self) -> None:
        """Let go of who has taken all that was written: only his farewell is left. Looked at twice, see `taken`."""
        before, self._emptied = self._emptied, self._transport.is_closing() and taken(self._transport)
        if before and self._emptied:
            self.abort()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def parted(self) -> bool:
        """Whether it is being closed, and is cut as soon as the caller has taken all that was written."""
        return self._transport.is_closing()

    # --- what the listener asks ----------------------------------------------------------------

    def under_way(self) -> Iterable[Http2Stream]:
        """Return the exchanges that were handed to the gateway and have not ended."""
        return [one for one in self.streams.values() if one.request is not None and not one.answered]

    def tick(self, now: float) -> None:
        """Act on deadlines that have passed. Called for every connection now and then."""
        if not self._ended and self._proof.stale:
            self._prove_again()
        if self._write_by and now >= self._write_by:
            self.abort()
        elif self._ended:
            self._part()
        elif self._head_by and now >= self._head_by:
            self._break(ConnectionBroken(Code.NO_ERROR, Reason.REQUEST_TIMEOUT, "a frame without an end"))
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
        self.wire.ping(DRAIN)
        self._write(self.wire.farewell(_EVERY_STREAM))

    def _serve_no_more(self) -> None:
        self._last = self.wire.last
        self._write(self.wire.farewell(self._last))

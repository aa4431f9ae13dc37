"""Frames -> what they mean (RFC 9113, sections 4.3, 5.1, 6.1 and 6.2): heads, content and trailers.

Whoever does not keep to the protocol loses the stream where nothing else is harmed, and the connection otherwise.
"""

from __future__ import annotations

from ostiary.http2 import control
from ostiary.http2.codes import Code, broken
from ostiary.http2.frames import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PADDED,
    PRIORITISED,
    SETTINGS,
    Frame,
)
from ostiary.http2.hearing import BlockHearer, Hearer
from ostiary.http2.hpack.decoder import Decoder, Fields
from ostiary.http2.hpack.errors import CompressionError, ListTooLarge
from ostiary.http2.payloads import announced, fragment, not_as_announced, unpadded
from ostiary.http2.states import ENDED, NEVER, RESET_BY_THEM, State
from ostiary.http2.wire import STREAM_WINDOW, Wire, stream_error


class Reader:
    """Reads the frames of one connection. How many there are, and how long blocks of fields are, is `Guard`'s business.

    Args:
        wire: the connection's state.
        limit: octets of a list of fields; a larger one is read, since the next need its table, and not kept.
    """

    __slots__ = ("_begun", "_block", "_decoder", "_ends", "_pieces", "_wire")

    def __init__(self, wire: Wire, limit: int) -> None:
        self._wire = wire
        self._decoder = Decoder(limit)
        self._begun = False
        self._block = 0  # the stream whose block of fields has begun and not ended
        self._pieces: list[bytes] = []
        self._ends = False

    def receive(self, hearer: Hearer, frame: Frame) -> None:
        """Work on one frame.

        Raises:
            ConnectionBroken: it breaks the protocol.
        """
        if not self._begun:
            self._begin(frame)
        if self._block:
            self._continue(hearer, frame)
        elif frame.kind == HEADERS:
            self._on_headers(hearer, frame)
        elif frame.kind == DATA:
            self._on_data(hearer, frame)
        else:
            control.receive(self._wire, hearer, frame)

    def _begin(self, frame: Frame) -> None:
        """The first frame is SETTINGS (section 3.4)."""
        if frame.kind != SETTINGS or frame.flags & ACK:
            raise broken(Code.PROTOCOL_ERROR, "no SETTINGS behind the preface")
        self._begun = True

    # --- blocks of fields ----------------------------------------------------------------------

    def _on_headers(self, hearer: Hearer, frame: Frame) -> None:
        flags, stream, payload = frame.flags, frame.stream, frame.payload
        if not stream & 1:
            raise broken(Code.PROTOCOL_ERROR, "a stream that no client opens")
        if flags & (PADDED | PRIORITISED):
            payload = fragment(flags, stream, payload)
        ends = flags & END_STREAM != 0
        if flags & END_HEADERS:
            self._on_block(hearer, stream, payload, ends=ends)
        else:
            self._block, self._pieces, self._ends = stream, [payload], ends

    def _continue(self, hearer: Hearer, frame: Frame) -> None:
        """A block of fields is one piece: nothing comes between its frames."""
        stream = frame.stream
        if frame.kind != CONTINUATION or stream != self._block:
            raise broken(Code.PROTOCOL_ERROR, "a frame within a block")
        self._pieces.append(frame.payload)
        if frame.flags & END_HEADERS:
            pieces, self._pieces, self._block = self._pieces, [], 0
            self._on_block(hearer, stream, b"".join(pieces), ends=self._ends)

    def _on_block(self, hearer: Hearer, stream: int, block: bytes, *, ends: bool) -> None:
        told: BlockHearer = hearer
        try:
            fields = self._decode(block)
        except ListTooLarge as error:
            fields, told = error.beginning, _Excess(hearer)
        state = self._wire.streams.get(stream)
        if state is not None and state.headed:
            self._on_trailers(told, stream, state, fields, ends=ends)
        elif state is not None:
            self._on_answer(told, stream, state, fields, ends=ends)
        elif stream > self._wire.past.last and not self._wire.opens:
            self._on_head(told, stream, fields, ends=ends)
        else:
            self._on_late(told, stream)

    def _decode(self, block: bytes) -> Fields:
        try:
            return self._decoder.decode(block)
        except CompressionError as error:
            raise broken(Code.COMPRESSION_ERROR, str(error)) from error

    def _on_head(self, hearer: BlockHearer, stream: int, fields: Fields, *, ends: bool) -> None:
        wire = self._wire
        state = State(wire.initial, STREAM_WINDOW)
        if ends:
            state.hears = False
        else:
            state.awaited = announced(fields)
        wire.past.begin(stream)
        wire.streams[stream] = state
        hearer.heard_head(stream, fields, ended=ends)

    def _on_answer(self, hearer: BlockHearer, stream: int, state: State, fields: Fields, *, ends: bool) -> None:
        """A head on a stream of ours. There may be several (section 8.1): the hearer knows the last by its status."""
        if ends:
            self._wire.heard_all(stream, state)
        hearer.heard_head(stream, fields, ended=ends)

    def _on_trailers(self, hearer: BlockHearer, stream: int, state: State, fields: Fields, *, ends: bool) -> None:
        if not state.hears:
            stream_error(self._wire, hearer, stream, Code.STREAM_CLOSED)
        elif not ends:
            stream_error(self._wire, hearer, stream, Code.PROTOCOL_ERROR)
        else:
            if state.awaited:
                raise not_as_announced()
            self._wire.heard_all(stream, state)
            hearer.heard_trailers(stream, fields)

    def _on_late(self, hearer: BlockHearer, stream: int) -> None:
        """Something is about a stream that is closed (section 5.1)."""
        how = self._wire.past.how(stream)
        if how == NEVER:
            raise broken(Code.PROTOCOL_ERROR, "a stream that was passed over, or never begun")
        if how == ENDED:
            raise broken(Code.STREAM_CLOSED, "a frame behind the end of its stream")
        if how == RESET_BY_THEM:
            stream_error(self._wire, hearer, stream, Code.STREAM_CLOSED)
        else:  # it was sent before our reset arrived
            hearer.heard_nothing()

    # --- content -------------------------------------------------------------------------------

    def _on_data(self, hearer: Hearer, frame: Frame) -> None:
        flags, stream, payload = frame.flags, frame.stream, frame.payload
        wire, octets = self._wire, len(payload)
        data = unpadded(payload) if flags & PADDED else payload
        if not wire.allowance.use(octets):
            raise broken(Code.FLOW_CONTROL_ERROR, "more content than the window")
        state = wire.streams.get(stream)
        if state is None or not state.hears:
            wire.acknowledge(0, octets)
            if state is None:
                self._on_late(hearer, stream)
            else:
                stream_error(wire, hearer, stream, Code.STREAM_CLOSED)
            return
        if not state.allowance.use(octets):
            raise broken(Code.FLOW_CONTROL_ERROR, "more content than the window")
        ends = flags & END_STREAM != 0
        if state.awaited is not None:
            state.awaited -= len(data)
            if state.awaited < 0 or (ends and state.awaited):
                raise not_as_announced()
        if ends:
            wire.heard_all(stream, state)
        hearer.heard_content(stream, data, octets, ended=ends)


class _Excess:
    """Hears a block that says too much in the place of whoever would take it for whole."""

    def __init__(self, hearer: Hearer) -> None:
        self._hearer = hearer

    def heard_head(self, stream: int, fields: Fields, *, ended: bool) -> None:
        """A stream begins, or is answered, with too much."""
        self._hearer.heard_excess(stream, fields, ended=ended)

    def heard_trailers(self, stream: int, fields: Fields) -> None:
        """A message ends with too much."""
        self._hearer.heard_excess(stream, fields, ended=True)

    def heard_reset(self, stream: int, code: int) -> None:
        """It had no place there, whatever it says."""
        self._hearer.heard_reset(stream, code)

    def heard_nothing(self) -> None:
        """It came too late, whatever it says."""
        self._hearer.heard_nothing()

"""Frames that carry no request: SETTINGS, PING, GOAWAY, WINDOW_UPDATE, RST_STREAM, PRIORITY (RFC 9113, section 6)."""

from __future__ import annotations

import struct
from typing import Final

from ostiary.http2.codes import Code, broken
from ostiary.http2.frames import (
    ACK,
    CONTINUATION,
    GOAWAY,
    LARGEST,
    PING,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Frame,
    frame,
)
from ostiary.http2.hearing import Hearer
from ostiary.http2.payloads import check_dependency, number
from ostiary.http2.states import NEVER, RESET_BY_THEM
from ostiary.http2.windows import LARGEST_WINDOW
from ostiary.http2.wire import (
    ENABLE_PUSH,
    HEADER_TABLE_SIZE,
    INITIAL_WINDOW_SIZE,
    MAX_CONCURRENT_STREAMS,
    MAX_FRAME_SIZE,
    Wire,
    stream_error,
)

_SETTING: Final = struct.Struct(">HL")
_SIZES: Final = {PRIORITY: 5, RST_STREAM: 4, PING: 8, WINDOW_UPDATE: 4}
_OF_STREAMS: Final = frozenset({PRIORITY, RST_STREAM})
_OF_CONNECTIONS: Final = frozenset({SETTINGS, PING, GOAWAY})
_LARGEST_FRAME: Final = 2**24 - 1
_GOODBYE: Final = 8


def receive(wire: Wire, hearer: Hearer, one: Frame) -> None:
    """Work on one frame that is neither DATA nor part of a block of fields.

    Raises:
        ConnectionBroken: it breaks the protocol.
    """
    kind, flags, stream, payload = one.kind, one.flags, one.stream, one.payload
    _check(kind, stream, payload)
    if kind == WINDOW_UPDATE:
        _open(wire, hearer, stream, number(payload))
    elif kind == SETTINGS:
        _settle(wire, hearer, flags, payload)
    elif kind == PING and flags & ACK:
        hearer.heard_pong(payload)
    elif kind == PING:
        wire.out.append(frame(PING, payload, ACK))
    elif kind == RST_STREAM:
        _reset(wire, hearer, stream, int.from_bytes(payload, "big"))
    elif kind == PRIORITY:
        check_dependency(stream, payload)
    elif kind == GOAWAY:
        hearer.heard_goodbye(number(payload))


def _check(kind: int, stream: int, payload: bytes) -> None:
    if kind in (PUSH_PROMISE, CONTINUATION):
        raise broken(Code.PROTOCOL_ERROR, "a frame that has no place here")
    if (kind in _OF_STREAMS and not stream) or (kind in _OF_CONNECTIONS and stream):
        raise broken(Code.PROTOCOL_ERROR, "a frame on a stream where it has no place")
    if len(payload) != _SIZES.get(kind, len(payload)) or (kind == GOAWAY and len(payload) < _GOODBYE):
        raise broken(Code.FRAME_SIZE_ERROR, f"a frame of the type {kind} and the wrong size")


def _open(wire: Wire, hearer: Hearer, stream: int, octets: int) -> None:
    """More may be sent (section 6.9)."""
    if stream == 0:
        if octets == 0:
            raise broken(Code.PROTOCOL_ERROR, "a window that grows by nothing")
        wire.room += octets
        if wire.room > LARGEST_WINDOW:
            raise broken(Code.FLOW_CONTROL_ERROR, "a window that is too large")
        hearer.heard_room(0)
        return
    state = wire.streams.get(stream)
    if state is None:
        _check_known(wire, stream)
    elif octets == 0:
        stream_error(wire, hearer, stream, Code.PROTOCOL_ERROR)
    elif state.room + octets > LARGEST_WINDOW:
        stream_error(wire, hearer, stream, Code.FLOW_CONTROL_ERROR)
    else:
        state.room += octets
        hearer.heard_room(stream)


def _reset(wire: Wire, hearer: Hearer, stream: int, code: int) -> None:
    """A stream is given up (section 6.4)."""
    if wire.streams.pop(stream, None) is None:
        _check_known(wire, stream)
    else:
        wire.past.reset(stream, RESET_BY_THEM)
        hearer.heard_reset(stream, code)


def _check_known(wire: Wire, stream: int) -> None:
    if wire.past.how(stream) == NEVER:
        raise broken(Code.PROTOCOL_ERROR, "a frame about a stream that was never begun")


# --- SETTINGS (section 6.5) ------------------------------------------------------------------------


def _settle(wire: Wire, hearer: Hearer, flags: int, payload: bytes) -> None:
    if len(payload) % _SETTING.size or (flags & ACK and payload):
        raise broken(Code.FRAME_SIZE_ERROR, "SETTINGS of the wrong size")
    if flags & ACK:
        return
    for name, value in _SETTING.iter_unpack(payload):
        _set(wire, name, value)
    wire.out.append(frame(SETTINGS, b"", ACK))
    hearer.heard_settings()
    hearer.heard_room(0)


def _set(wire: Wire, name: int, value: int) -> None:
    """Do as one setting says. Those that only advise, and those that nobody knows, change nothing."""
    if name == INITIAL_WINDOW_SIZE:
        _widen(wire, value)
    elif name == HEADER_TABLE_SIZE:
        wire.encoder.resize(value)
    elif name == MAX_CONCURRENT_STREAMS:
        wire.most = value
    elif name == ENABLE_PUSH:
        _check_setting(value <= (0 if wire.opens else 1))  # an upstream may not ask to be pushed to
    elif name == MAX_FRAME_SIZE:
        _check_setting(LARGEST <= value <= _LARGEST_FRAME)


def _check_setting(can_be: bool) -> None:
    if not can_be:
        raise broken(Code.PROTOCOL_ERROR, "a setting that cannot be")


def _widen(wire: Wire, initial: int) -> None:
    """Streams have another window from now on, those that are open as well (section 6.9.2)."""
    if initial > LARGEST_WINDOW:
        raise broken(Code.FLOW_CONTROL_ERROR, "a window that is too large")
    more, wire.initial = initial - wire.initial, initial
    for state in wire.streams.values():
        state.room += more
        if state.room > LARGEST_WINDOW:
            raise broken(Code.FLOW_CONTROL_ERROR, "a window that is too large")

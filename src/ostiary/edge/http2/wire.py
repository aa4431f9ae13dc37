"""The h2 library, as the edge uses it: frames in, events and octets out.

h2 keeps the states of streams, the windows and HPACK. What makes a head acceptable is judged by the edge: h2 would
end the whole connection for one malformed request, and could not say why.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import Event
from h2.exceptions import DenialOfServiceError, InvalidBodyLengthError, ProtocolError, StreamClosedError
from h2.settings import SettingCodes, Settings
from hpack import NeverIndexedHeaderTuple

from ostiary.edge.http2.frames import LARGEST, PREFACE, ConnectionBroken, goaway
from ostiary.reasons import Reason

STREAMS: Final = 100
"""Streams that a caller may have open at a time."""
STREAM_WINDOW: Final = 128 << 10
"""Octets of one request's body that may be on their way, or wait here."""
CONNECTION_WINDOW: Final = 1 << 20
"""The same, for all requests of a connection."""

_TABLE: Final = 4096
"""Octets of compression state that we keep for what we send, however many the caller offers."""
_NEVER_INDEXED: Final = frozenset({b"set-cookie", b"www-authenticate", b"x-request-id"})
"""Fields that stay out of the compression state: they are secret, or never come twice (RFC 7541, section 7.1.3)."""
_CONFIG: Final = H2Configuration(
    client_side=False,
    validate_inbound_headers=False,
    normalize_inbound_headers=False,
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
)
_INITIAL_WINDOW: Final = 65_535


class _Connection(H2Connection):
    MAX_CLOSED_STREAMS = 1024  # of which h2 remembers how they ended; 65536 would be megabytes


def _settings(headers: int, streams: int) -> Settings:
    values = {
        SettingCodes.MAX_CONCURRENT_STREAMS: streams,
        SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
        SettingCodes.MAX_HEADER_LIST_SIZE: headers,
    }
    return Settings(client=False, initial_values=values)


class Wire:
    """One connection's state.

    Args:
        headers: largest head that is asked for; what is twice as large ends the connection.

    Attributes:
        last: the last stream that was begun.
    """

    __slots__ = ("_broken", "_h2")

    def __init__(self, headers: int) -> None:
        h2 = self._h2 = _Connection(_CONFIG)
        h2.local_settings = _settings(headers, STREAMS)
        h2.initiate_connection()
        h2.increment_flow_control_window(CONNECTION_WINDOW - _INITIAL_WINDOW)
        # One stream too many is refused by the edge, where h2 would end all of them: h2 is told another number.
        h2.local_settings = _settings(headers, 2 * STREAMS)
        h2.decoder.max_header_list_size = 2 * headers
        h2.receive_data(PREFACE)
        self._broken = False

    @property
    def last(self) -> int:
        """The last stream that was begun."""
        return self._h2.highest_inbound_stream_id

    def receive(self, octets: bytes) -> list[Event]:
        """Take one frame.

        Raises:
            ConnectionBroken: it breaks the protocol.
        """
        try:
            return self._h2.receive_data(octets)
        except ProtocolError as error:
            self._broken = True  # h2 has written GOAWAY, and takes nothing more
            raise ConnectionBroken(error.error_code, _reason(error), type(error).__name__) from error

    def keep_small(self) -> None:
        """Take no more compression state than usual, after the caller has changed his settings."""
        encoder = self._h2.encoder
        encoder.header_table_size = min(encoder.header_table_size, _TABLE)

    def window(self, stream: int) -> int:
        """Return how many octets of content may be sent now in one frame; 0 or less for none."""
        return min(self._h2.local_flow_control_window(stream), LARGEST)

    def send_head(self, stream: int, fields: Iterable[tuple[bytes, bytes]], *, end: bool) -> None:
        """Send a head, an informational one, or trailers. Names are in lower case."""
        listed = [NeverIndexedHeaderTuple(*field) if field[0] in _NEVER_INDEXED else field for field in fields]
        self._h2.send_headers(stream, listed, end_stream=end)

    def send_data(self, stream: int, data: bytes, *, end: bool) -> None:
        """Send content, not more than the window allows."""
        self._h2.send_data(stream, data, end_stream=end)

    def acknowledge(self, stream: int, octets: int) -> None:
        """Let the caller send as much again."""
        self._h2.acknowledge_received_data(octets, stream)

    def reset(self, stream: int, code: ErrorCodes) -> None:
        """End a stream at once, in both directions; one that has ended is left as it is."""
        with suppress(StreamClosedError):  # the frame that is worked on now was its last
            self._h2.reset_stream(stream, code)

    def ping(self, data: bytes) -> None:
        """Ask for a sign of life: eight octets, which come back."""
        self._h2.ping(data)

    def farewell(self, last: int, code: ErrorCodes = ErrorCodes.NO_ERROR) -> bytes:
        """Return what is still to be sent, and GOAWAY behind it unless h2 has said so already."""
        return self.take() + (b"" if self._broken else goaway(last, code))

    def take(self) -> bytes:
        """Return what is to be sent."""
        return self._h2.data_to_send()


def _reason(error: ProtocolError) -> Reason:
    if isinstance(error, DenialOfServiceError):
        return Reason.REQUEST_HEADERS_TOO_LARGE
    return Reason.REQUEST_AMBIGUOUS if isinstance(error, InvalidBodyLengthError) else Reason.REQUEST_MALFORMED

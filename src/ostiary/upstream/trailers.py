"""Which fields may come behind a body (RFC 9110, section 6.5), in either direction.

Whoever reads a message may merge its trailer section into its head, long after the head was judged. So what frames,
routes, authenticates or describes a message never passes there, nor what the gateway itself says of a caller.
"""

from __future__ import annotations

from typing import Final

from ostiary.model import Headers
from ostiary.upstream.headers import HOP_BY_HOP, PRETENCE, PRETENCES, ROUTING, Passing

FORBIDDEN: Final = frozenset(
    (
        *HOP_BY_HOP,
        *ROUTING,
        # who asks, and what the answer lets a caller keep
        *(b"authorization", b"cookie", b"set-cookie", b"www-authenticate", b"proxy-authentication-info"),
        *(b"authentication-info", b"strict-transport-security", b"clear-site-data"),
        # what is asked for: conditions, ranges, preferences (RFC 9110, sections 12.5, 13.1, 14.2)
        *(b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since", b"if-range", b"range"),
        *(b"max-forwards", b"accept", b"accept-encoding", b"accept-language", b"origin", b"referer"),
        # how the content is to be read, and for how long it may be kept
        *(b"content-encoding", b"content-type", b"content-range", b"content-location", b"content-language"),
        *(b"content-disposition", b"content-security-policy", b"location", b"retry-after", b"vary"),
        *(b"cache-control", b"pragma", b"expires", b"age", b"date", b"warning"),
        b"x-request-id",
    )
)
"""Folded names that never pass behind a body."""

FROM_UPSTREAM: Final = Passing(FORBIDDEN, (b"access-control-",))
"""Whether a field passes behind the body of an answer."""


class CallersTrailers:
    """Which fields pass behind the bodies of one upstream's requests; grows with the routes that lead there."""

    def __init__(self) -> None:
        self._stripped = FORBIDDEN | PRETENCE
        self._passing = Passing(self._stripped, PRETENCES)

    def strip(self, names: frozenset[bytes]) -> None:
        """Let these pass no more: injectors write them, or they were somebody's evidence."""
        self._stripped |= names
        self._passing = Passing(self._stripped, PRETENCES)

    def passing(self, trailers: Headers) -> list[tuple[bytes, bytes]]:
        """Return those that pass: name and value of each."""
        fields = [(name, value) for name, folded, value in trailers.fields if self._passing.lets(folded)]
        return [field for field in fields if not _breaks(field[1])]

    def last_chunk(self, trailers: Headers) -> bytes:
        """Return the end of a chunked body, with those that pass (RFC 9112, section 7.1.2)."""
        lines = [b"%b: %b\r\n" % field for field in self.passing(trailers)]
        return b"0\r\n%b\r\n" % b"".join(lines)


def _breaks(value: bytes) -> bool:
    """Whether a value would be read as more than one line. Edges refuse such; should one get here, it is not sent."""
    return b"\n" in value or b"\r" in value or b"\0" in value

"""Messages in the content of an exchange (gRPC over HTTP/2, "Length-Prefixed-Message"), and the time that a call has.

compressed (1 octet: 0 or 1) | length (4 octets, big-endian) | message
"""

from __future__ import annotations

from typing import Final

from ostiary.edge.decide.grpc.status import CallFailed
from ostiary.grpc import Code, read_timeout

_PREFIX: Final = 5


class OneMessage:
    """The one message of a call, as it comes in pieces.

    Args:
        most: octets that it may have.
    """

    __slots__ = ("_data", "_end", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._data: bytes | bytearray = b""
        self._end = 0

    def feed(self, data: bytes) -> None:
        """Take a piece. What is refused is refused as soon as its prefix is there.

        Raises:
            CallFailed: the message is compressed or too large, or a second one has begun.
        """
        if not self._data:
            self._data = data  # all of it, nearly always
        else:
            self._data = bytearray(self._data) if isinstance(self._data, bytes) else self._data
            self._data += data
        if not self._end and len(self._data) >= _PREFIX:
            self._end = _PREFIX + self._announced()
        if self._end and len(self._data) > self._end:
            raise CallFailed(Code.UNIMPLEMENTED, "more than one message")

    def _announced(self) -> int:
        compressed, length = self._data[0], int.from_bytes(self._data[1:_PREFIX])
        if compressed == 1:
            raise CallFailed(Code.UNIMPLEMENTED, "the message is compressed, which nobody was asked to do")
        if compressed:
            raise CallFailed(Code.INTERNAL, "the prefix is none")
        if length > self._most:
            raise CallFailed(Code.RESOURCE_EXHAUSTED, f"the message is larger than {self._most} octets")
        return length

    def whole(self) -> bytes:
        """Return the message, once the content has ended.

        Raises:
            CallFailed: there is none, or not all of it.
        """
        if not self._data:
            raise CallFailed(Code.UNIMPLEMENTED, "there is no message")
        if not self._end or len(self._data) < self._end:
            raise CallFailed(Code.INTERNAL, "the message has no end")
        return bytes(self._data[_PREFIX:])


def framed(message: bytes) -> bytes:
    """Return a message as it stands in content."""
    return b"\0" + len(message).to_bytes(4) + message


def seconds_of(timeout: bytes) -> float:
    """Return how long a call may take (`grpc-timeout`), in seconds.

    Raises:
        CallFailed: that is not what is said.
    """
    seconds = read_timeout(timeout)
    if seconds is None:
        raise CallFailed(Code.INTERNAL, "grpc-timeout is no time")
    return seconds

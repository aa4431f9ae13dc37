"""What is heard of the other end, once its frames have been read."""

from __future__ import annotations

from typing import Protocol

from ostiary.http2.hpack.decoder import Fields


class BlockHearer(Protocol):
    """Whoever works on blocks of fields."""

    def heard_head(self, stream: int, fields: Fields, *, ended: bool) -> None:
        """A stream has begun, when a caller is heard; when an upstream is, it has answered on one.

        Args:
            stream: its number.
            fields: as HPACK has decoded them.
            ended: nothing follows.
        """

    def heard_trailers(self, stream: int, fields: Fields) -> None:
        """What comes behind the content has come, and ends the message."""

    def heard_reset(self, stream: int, code: int) -> None:
        """A stream was reset, by the other end or because of it; `code` says why (section 7)."""

    def heard_nothing(self) -> None:
        """A frame was about a stream that is closed, and was dropped."""


class Hearer(BlockHearer, Protocol):
    """Whoever works on what a connection says. Each may end the connection by raising `ConnectionBroken`."""

    def heard_content(self, stream: int, data: bytes, octets: int, *, ended: bool) -> None:
        """A piece of content has come.

        Args:
            stream: of which one.
            data: the piece.
            octets: that it has taken of the windows, padding included: to be acknowledged, once it was passed on.
            ended: nothing follows.
        """

    def heard_excess(self, stream: int, fields: Fields, *, ended: bool) -> None:
        """A head, or what comes behind content, says more than anybody wants to hear: it costs its own stream.

        Args:
            stream: its number.
            fields: as much of its beginning as was kept. It is not whole, and only good to be shown.
            ended: nothing follows.
        """

    def heard_room(self, stream: int) -> None:
        """More may be sent on a stream; on every one, when it is 0."""

    def heard_settings(self) -> None:
        """The other end has said how it wants to be spoken to; `Wire` knows."""

    def heard_pong(self, data: bytes) -> None:
        """A PING of ours has come back."""

    def heard_goodbye(self, last: int) -> None:
        """The other end opens no more streams, and works on none of ours after `last` (section 6.8)."""

"""How a connection of HTTP/1.1 ends: because of time, or because its listener does."""

from __future__ import annotations

from ostiary.edge.http1.exchange import Exchange
from ostiary.edge.http1.line import Line
from ostiary.edge.http1.reader import RequestReader
from ostiary.errors import GatewayError, RequestTimeout


class Http1Ending:
    """The part of a connection that is told of the time, and of the listener's end.

    Attributes:
        line: its octets.
        exchange: whose answer is being sent.
    """

    __slots__ = ("_reader", "exchange", "line")

    def __init__(self, line: Line, reader: RequestReader) -> None:
        self.line = line
        self.exchange: Exchange | None = None
        self._reader = reader

    def _refuse(self, error: GatewayError) -> None:
        raise NotImplementedError

    def tick(self, now: float) -> None:
        """Act on a deadline that has passed. Called for every connection now and then."""
        line = self.line
        if line.sent_by and now >= line.sent_by:
            line.abort()
        elif line.read_by and now >= line.read_by:
            line.read_by = 0.0
            self._waited_in_vain()
        elif self.exchange is self._reader.reading is not None and line.deserted:
            line.abort()
        elif line.closing and line.emptied:
            line.read_by = now  # at the next look, too: then there is nothing left but a farewell

    def _waited_in_vain(self) -> None:
        reader, line = self._reader, self.line
        if line.closing:
            if line.emptied:
                line.abort()
        elif self.exchange is None and not reader.quiet:
            line.close()  # idle
        elif self.exchange is None or self.exchange is reader.reading:
            self._refuse(RequestTimeout())
            if line.lingering:
                line.close()  # whoever was late already is not waited for again
        else:
            line.abort()

    def abort(self) -> None:
        """Cut the connection."""
        self.line.abort()

    def parted(self) -> bool:
        """Whether it is being closed, and is cut as soon as the caller has taken all that was written."""
        return self.line.closing

    def under_way(self) -> tuple[Exchange, ...]:
        """Return the exchange that was handed to the gateway and has not ended."""
        exchange = self.exchange
        return () if exchange is None or exchange.answered else (exchange,)

    def shut_down(self) -> None:
        """Close when idle; an exchange under way ends first. Nobody waits for what is dropped."""
        if self.exchange is None or self.line.lingering:
            self.line.close()
        else:
            self.exchange.close = True

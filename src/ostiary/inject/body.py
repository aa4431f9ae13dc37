"""The body of a request that may have to be sent twice: a short one is kept while it flows."""

from __future__ import annotations

import asyncio
from typing import Final

from ostiary.model import Body, BodySink, Headers

MOST: Final = 64 << 10  # octets of a body that are kept


class KeptBody:
    """A body, and what has flowed of it so far; keeps `model.Body`, and is the sink of the body that it stands for.

    Attributes:
        length: octets announced; None when it is chunked.
        gone: the caller went away.
    """

    __slots__ = ("_body", "_complete", "_pieces", "_settled", "_sink", "_size", "_trailers", "gone", "length")

    def __init__(self, body: Body) -> None:
        self._body = body
        self.length = body.length
        self.gone = False
        self._complete = body.length == 0
        self._pieces: list[bytes] | None = []
        self._size = 0
        self._trailers: Headers | None = None
        self._sink: BodySink | None = None
        self._settled: asyncio.Future[None] | None = None

    @property
    def promising(self) -> bool:
        """Whether it is short, as far as that is known."""
        return self._pieces is not None and (self.length is None or self.length <= MOST)

    @property
    def patient(self) -> bool:
        """Whether whoever takes it watches how long the caller is silent."""
        return self._sink is not None and self._sink.patient

    async def whole(self) -> bool:
        """Wait for the rest of it; return whether all of it is at hand then."""
        if self.promising and not self._complete:
            self._settled = asyncio.get_running_loop().create_future()
            await self._settled
        return self._complete and self._pieces is not None

    def flow_to(self, sink: BodySink) -> None:
        """Hand everything received so far, and everything to come, to `sink`."""
        before, self._sink = self._sink, sink
        if before is None:
            self._body.flow_to(self)
            return
        for piece in self._pieces or ():
            sink.feed(piece)
        if self._complete:
            sink.finish(self._trailers)

    def pause(self) -> None:
        """Take no more from the caller for now."""
        self._body.pause()

    def resume(self) -> None:
        """Take from the caller again."""
        self._body.resume()

    def cut(self) -> None:
        """Let go of an exchange whose answer is of no use."""
        if self._sink is not None:
            self._sink.abandon()

    # --- as the sink of the body ---

    def feed(self, data: bytes) -> None:
        """Pass the next piece on, and keep it while there is room."""
        if self._pieces is not None:
            self._size += len(data)
            self._pieces.append(bytes(data))
            if self._size > MOST:
                self._drop()
        if self._sink is not None:
            self._sink.feed(data)

    def finish(self, trailers: Headers | None = None) -> None:
        """The body is complete."""
        self._complete, self._trailers = True, trailers
        self._settle()
        if self._sink is not None:
            self._sink.finish(trailers)

    def abandon(self) -> None:
        """The caller went away."""
        self.gone = True
        self._drop()
        if self._sink is not None:
            self._sink.abandon()

    def _drop(self) -> None:
        self._pieces = None
        self._settle()

    def _settle(self) -> None:
        if self._settled is not None and not self._settled.done():
            self._settled.set_result(None)

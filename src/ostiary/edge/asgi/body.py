"""The request's half of an exchange on an ASGI connection: what comes from the server, and who takes it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from ostiary.config.schema import ListenerLimits, ListenerTimeouts
from ostiary.errors import BadRequest, ContentTooLarge, GatewayError, RequestTimeout
from ostiary.model import BodySink
from ostiary.reasons import Reason

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]


class AsgiBody(ABC):
    """A `Body`, and the half of `AsgiExchange` that is about it.

    Attributes:
        length: octets announced; 0 for no body, None when unknown.
        task: the request on its way through the gateway.
    """

    def __init__(self, limits: ListenerLimits, timeouts: ListenerTimeouts) -> None:
        self._limits = limits
        self._timeouts = timeouts
        self._sink: BodySink | None = None
        self._held: list[bytes] = []  # body octets that came before anybody wanted them
        self._open = asyncio.Event()  # whether more of the body is taken
        self._open.set()
        self._bell: asyncio.Timeout | None = None  # for what is expected of the caller
        self._taken = 0
        self._read = False  # the request has been read to its end
        self._waiting: deque[Message] = deque()
        self._wake = asyncio.Event()
        self._answered = False
        self._gone = False  # the caller
        self.length: int | None = 0
        self.task: asyncio.Task[None] | None = None

    @abstractmethod
    def fail(self, error: GatewayError) -> None:
        """End with a problem, or visibly."""

    # --- from the server ------------------------------------------------------------------------

    async def read(self, receive: Receive, first: Message | None = None) -> None:
        """Read the body, then wait for the caller to go away.

        Args:
            receive: the server's.
            first: a message that was received already.
        """
        self._read = self.length == 0
        try:
            if first is not None:
                self._take(first)
            while not self._gone:
                self._take(await self._next(receive))
        except TimeoutError:
            self._refuse(RequestTimeout())
        except Exception:  # the server's: without it, nothing more is known of the caller
            self._leave()
            raise

    async def _next(self, receive: Receive) -> Message:
        if not self._read:
            await self._open.wait()
        patient = self._read or (self._sink is not None and self._sink.patient)
        async with asyncio.timeout(None if patient else self._timeouts.body) as self._bell:
            message = await receive()
        self._bell = None
        return message

    def _take(self, message: Message) -> None:
        if message["type"] != "http.request":
            self._leave()
            return
        data = message.get("body", b"")
        self._taken += len(data)
        if self._answered:
            return
        if data:
            self._check_size(more=True)
            self._pass_on(data)
        if not message.get("more_body", False):
            self._complete()

    def _check_size(self, *, more: bool) -> None:
        """Refuse a body that is too large, or not as long as announced: what is forwarded would be framed wrongly."""
        limit = self._limits.body
        if limit is not None and self._taken > limit:
            self._refuse(ContentTooLarge(f"the body is larger than {limit} octets"))
        elif self.length is not None and (self._taken > self.length or (not more and self._taken < self.length)):
            self._refuse(BadRequest("the body is not as long as announced", reason=Reason.REQUEST_AMBIGUOUS))

    def _pass_on(self, data: bytes) -> None:
        if self._answered:
            return
        if self._sink is not None:
            self._sink.feed(data)
        else:
            self._held.append(data)
            self.pause()

    def _complete(self) -> None:
        self._check_size(more=False)
        if not self._read and not self._answered:
            self._read = True
            if self._sink is not None:
                self._sink.finish()

    def _refuse(self, error: GatewayError) -> None:
        self.abandon()
        self.fail(error)

    def _leave(self) -> None:
        """The caller is gone."""
        self._gone = True
        self._waiting.clear()
        self.abandon()
        self._wake.set()

    def abandon(self) -> None:
        """Let go of the upstream."""
        if self.task is not None and not self.task.done():
            self.task.cancel()
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.abandon()

    # --- Body ----------------------------------------------------------------------------------

    def flow_to(self, sink: BodySink) -> None:
        """Hand everything received so far, and everything to come, to `sink`."""
        self._sink = sink
        if sink.patient and self._bell is not None:
            self._bell.reschedule(None)
        held, self._held = self._held, []
        for data in held:
            sink.feed(data)
        if held:
            self.resume()
        if self._read:
            sink.finish()

    def pause(self) -> None:
        """Take no more from the caller for now."""
        self._open.clear()

    def resume(self) -> None:
        """Take from the caller again."""
        self._open.set()

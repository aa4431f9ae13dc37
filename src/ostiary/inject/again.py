"""An upstream that answers 401 to what was injected: something newer is looked for, and sent once.

The upstream did not act on such a request (RFC 9110, section 15.5.2). One without a body waits with its answer
until it is known whether there is another credential; if there is, the request is sent again with that one, and
the caller sees the second answer only, whatever it is. Never a third: accounts get locked by those who insist.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from http import HTTPStatus
from typing import Final, Protocol, runtime_checkable

from ostiary.config.oauth import OnReject
from ostiary.errors import GatewayError, UpstreamUnreachable
from ostiary.inject.encoded import Written
from ostiary.model import Answer, Body, Flow, Headers, Outbound, Permit, Request, Tunnel

_SHORT: Final = 64 << 10  # octets of an answer that is held back


@runtime_checkable
class Rejectable(Protocol):
    """An injector that can write something else.

    Attributes:
        credential: what it writes.
        on_reject: whether the request is sent once more.
    """

    @property
    def credential(self) -> Written:
        """What it writes."""

    @property
    def on_reject(self) -> OnReject:
        """What a 401 means."""

    async def inject(self, outbound: Outbound) -> None:
        """Write."""


class Sends(Protocol):
    """An upstream."""

    def prepare(self, request: Request, permit: Permit) -> Outbound:
        """Open an outbound head."""

    def forward(self, outbound: Outbound, body: Body, answer: Answer) -> Awaitable[None]:
        """Set the exchange going."""


def watched(upstream: Sends, injectors: Sequence[object]) -> Sends:
    """Return the upstream of a route: watched, if one of its injectors wants to know of a 401."""
    told = [one for one in injectors if isinstance(one, Rejectable) and one.on_reject != "ignore"]
    return Watched(upstream, told) if told else upstream


class Watched:
    """An upstream whose 401 is looked at; keeps `pipeline.Upstream`.

    Args:
        upstream: what it stands before.
        injectors: those that can write something else.
    """

    def __init__(self, upstream: Sends, injectors: Sequence[Rejectable]) -> None:
        self._upstream = upstream
        self._injectors = tuple(injectors)
        self._replays = any(one.on_reject == "replay" for one in injectors)
        self._under_way: set[asyncio.Task[None]] = set()

    def prepare(self, request: Request, permit: Permit) -> Outbound:
        """Open an outbound head: strip what must not pass."""
        return self._upstream.prepare(request, permit)

    def forward(self, outbound: Outbound, body: Body, answer: Answer) -> Awaitable[None]:
        """Set the exchange going. Returns when it flows."""
        return self._upstream.forward(outbound, body, _Watching(self, outbound, body, answer))

    def repeatable(self, outbound: Outbound, body: Body) -> bool:
        """Whether a request could be sent again."""
        return self._replays and body.length == 0 and outbound.request.upgrade is None

    def rejected(self, outbound: Outbound, held: _Held | None) -> None:
        """Look for something newer. The cold path: a task of its own is fine."""
        task = asyncio.get_running_loop().create_task(self._rejected(outbound, held))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _rejected(self, outbound: Outbound, held: _Held | None) -> None:
        try:
            newer = [await one.credential.rejected(outbound) for one in self._injectors]
            if held is not None and any(newer):
                await self._again(outbound, held)
            elif held is not None:
                held.tell()
        except GatewayError as error:
            if held is not None:
                held.answer.fail(error)
        except asyncio.CancelledError:
            if held is not None:
                held.answer.fail(UpstreamUnreachable("not sent again"))
            raise

    async def _again(self, outbound: Outbound, held: _Held) -> None:
        for injector in self._injectors:
            await injector.inject(outbound)
        await self._upstream.forward(outbound, held.body, held.answer)


class _Held:
    """A 401 that the caller has not seen, and may never see."""

    __slots__ = ("_content", "_headers", "_length", "answer", "body")

    def __init__(self, headers: Headers, length: int, answer: Answer, body: Body) -> None:
        self._headers, self._length, self.answer, self.body = headers, length, answer, body
        self._content = bytearray()

    def write(self, data: bytes) -> None:
        """Keep a piece of its content."""
        self._content += data

    def tell(self) -> None:
        """Let the caller see it after all."""
        self.answer.start(HTTPStatus.UNAUTHORIZED, self._headers, self._length, _NO_FLOW)
        self.answer.write(bytes(self._content))
        self.answer.finish()


class _Watching:
    """An answer that is passed on, unless it is a 401 that is worth another try; keeps `model.Answer`."""

    __slots__ = ("_answer", "_body", "_held", "_outbound", "_watched")

    def __init__(self, watched: Watched, outbound: Outbound, body: Body, answer: Answer) -> None:
        self._watched, self._outbound, self._body, self._answer = watched, outbound, body, answer
        self._held: _Held | None = None

    def inform(self, status: int, headers: Headers) -> None:
        """Pass it on."""
        self._answer.inform(status, headers)

    def start(self, status: int, headers: Headers, length: int | None, source: Flow) -> None:
        """Pass it on, or hold it back."""
        if status == HTTPStatus.UNAUTHORIZED:
            short = length is not None and length <= _SHORT
            if short and self._watched.repeatable(self._outbound, self._body):
                self._held = _Held(headers, length or 0, self._answer, self._body)
                return
            self._watched.rejected(self._outbound, None)
        self._answer.start(status, headers, length, source)

    def switch(self, protocol: bytes, headers: Headers, tunnel: Tunnel) -> None:
        """Pass it on."""
        self._answer.switch(protocol, headers, tunnel)

    def write(self, data: bytes) -> None:
        """Pass it on, or hold it back."""
        (self._held or self._answer).write(data)

    def flush(self) -> None:
        """Pass it on, unless there is nothing to be sent yet."""
        if self._held is None:
            self._answer.flush()

    def finish(self, trailers: Headers | None = None) -> None:
        """Pass it on, or see whether there is something newer."""
        if self._held is None:
            self._answer.finish(trailers)
        else:
            self._watched.rejected(self._outbound, self._held)

    def fail(self, error: GatewayError) -> None:
        """Pass it on."""
        self._answer.fail(error)


class _NoFlow:
    """The source of an answer that is in memory already."""

    def pause(self) -> None:
        """Nothing flows."""

    def resume(self) -> None:
        """Nothing flows."""


_NO_FLOW: Final = _NoFlow()

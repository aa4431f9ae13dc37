"""An upstream that answers 401 to what was injected: something newer is looked for, and sent once.

The upstream did not act on such a request (RFC 9110, section 15.5.2). One whose body is at hand waits until it is known
whether there is another credential; if there is, the request is sent again with that one. Never a third time: accounts
get locked by those who insist.

The 401 itself is for the gateway. The caller has proven himself, so he does not see it, nor what it challenges: when
nothing helps he gets 502, reason `credential.rejected`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Final, Protocol, runtime_checkable

import structlog

from ostiary.config.oauth import OnReject
from ostiary.errors import CredentialRejected, GatewayError, InternalError
from ostiary.inject.body import KeptBody
from ostiary.inject.encoded import Written
from ostiary.model import Answer, Body, Flow, Headers, Outbound, Permit, Request, Tunnel

log = structlog.get_logger("ostiary.inject")

_NO_OTHER: Final = "there is no other credential"
_LONG: Final = "the request is too long to be sent again"
_SHORT: Final = 64 << 10  # octets of a 401 that are waited for: its connection is used again after that


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

    Attributes:
        statuses: by which the upstream says that it does not accept what was written.
    """

    def __init__(self, upstream: Sends, injectors: Sequence[Rejectable]) -> None:
        self._upstream = upstream
        self._injectors = tuple(injectors)
        self.statuses = frozenset(one for each in injectors for one in getattr(each, "reject_status", (401,)))
        self._replays = any(one.on_reject == "replay" for one in injectors)
        self._under_way: set[asyncio.Task[None]] = set()

    def prepare(self, request: Request, permit: Permit) -> Outbound:
        """Open an outbound head: strip what must not pass."""
        return self._upstream.prepare(request, permit)

    def forward(self, outbound: Outbound, body: Body, answer: Answer) -> Awaitable[None]:
        """Set the exchange going. Returns when it flows."""
        kept = KeptBody(body) if self._replays and outbound.request.upgrade is None else None
        return self._upstream.forward(outbound, kept or body, _Watching(self, outbound, kept, answer))

    def rejected(self, outbound: Outbound, kept: KeptBody | None, answer: Answer) -> None:
        """Look for something newer. The cold path: a task of its own is fine.

        Args:
            outbound: what was sent.
            kept: its body, when it can be sent again.
            answer: the caller's side, if he has not been told yet.
        """
        task = asyncio.get_running_loop().create_task(self._rejected(outbound, kept, answer))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _rejected(self, outbound: Outbound, kept: KeptBody | None, answer: Answer) -> None:
        try:
            newer = [await one.credential.rejected(outbound) for one in self._injectors]
            if kept is None:
                return
            whole = await kept.whole()
            if whole and any(newer):
                await self._again(outbound, kept, answer)
            elif not kept.gone:
                answer.fail(CredentialRejected("the upstream says no, and " + (_NO_OTHER if whole else _LONG)))
        except GatewayError as error:
            if kept is not None:
                answer.fail(error)
        except asyncio.CancelledError:
            if kept is not None:
                answer.fail(CredentialRejected("the upstream says no; not sent again"))
            raise
        except Exception:
            log.exception(
                "a request failed in the gateway", id=outbound.request.id, route=outbound.request.record.route
            )
            if kept is not None:
                answer.fail(InternalError("an exception; see the log"))

    async def _again(self, outbound: Outbound, kept: KeptBody, answer: Answer) -> None:
        for injector in self._injectors:
            await injector.inject(outbound)
        await self._upstream.forward(outbound, kept, _Watching(self, outbound, kept, answer, last=True))


class _Watching:
    """An answer that is passed on, unless it is a 401; keeps `model.Answer`.

    Args:
        watched: who looks for something newer.
        outbound: what was sent.
        kept: its body, if it is kept.
        answer: the caller's side.
        last: nothing newer is looked for.
    """

    __slots__ = ("_answer", "_dropped", "_kept", "_outbound", "_rejected", "_statuses", "_watched")

    def __init__(
        self, watched: Watched, outbound: Outbound, kept: KeptBody | None, answer: Answer, *, last: bool = False
    ) -> None:
        self._outbound, self._kept, self._answer = outbound, kept, answer
        self._statuses = watched.statuses
        self._watched = None if last else watched
        self._rejected = False  # the answer is a 401 that the caller does not see
        self._dropped = 0

    def inform(self, status: int, headers: Headers) -> None:
        """Pass it on."""
        self._answer.inform(status, headers)

    def start(self, status: int, headers: Headers, length: int | None, source: Flow) -> None:
        """Pass it on, or see what a 401 means."""
        if status not in self._statuses:
            self._answer.start(status, headers, length, source)
            return
        self._rejected = True
        if self._watched is None:
            self._refuse(f"the upstream says {status} to the newest credential, too")
        elif self._kept is None or not self._kept.promising:
            self._watched.rejected(self._outbound, None, self._answer)
            self._refuse(f"the upstream says {status}, and {_LONG}")

    def switch(self, protocol: bytes, headers: Headers, tunnel: Tunnel) -> None:
        """Pass it on."""
        self._answer.switch(protocol, headers, tunnel)

    def write(self, data: bytes) -> None:
        """Pass it on; what a 401 says is of no use, and too much of it is not waited for."""
        if not self._rejected:
            self._answer.write(data)
            return
        self._dropped += len(data)
        if self._dropped > _SHORT and self._kept is not None:
            self._search()
            self._kept.cut()

    def flush(self) -> None:
        """Pass it on."""
        if not self._rejected:
            self._answer.flush()

    def finish(self, trailers: Headers | None = None) -> None:
        """Pass it on; after a 401, look for something newer."""
        if self._rejected:
            self._search()
        else:
            self._answer.finish(trailers)

    def fail(self, error: GatewayError) -> None:
        """Pass it on, unless the caller has been told already."""
        if not self._rejected or self._watched is not None:
            self._watched = None
            self._answer.fail(error)

    def _search(self) -> None:
        watched, self._watched = self._watched, None
        if watched is not None:
            watched.rejected(self._outbound, self._kept, self._answer)

    def _refuse(self, why: str) -> None:
        self._watched = None
        self._answer.fail(CredentialRejected(why))

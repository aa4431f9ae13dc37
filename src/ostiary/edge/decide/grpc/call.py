"""One call: its message is read, and what it asks for is done, within the time that whoever calls has given it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from ostiary.eager import begin
from ostiary.edge.decide.grpc.answer import Reply
from ostiary.edge.decide.grpc.framing import OneMessage, seconds_of
from ostiary.edge.decide.grpc.status import CallFailed
from ostiary.grpc import Code
from ostiary.model import Headers, Request

Work: TypeAlias = Callable[[Request, bytes, Reply], Coroutine[Any, Any, None] | None]
"""What a method does with its message. Raises CallFailed; what it returns is gone on with."""


class Call:
    """Takes the content of an exchange; keeps `model.BodySink`.

    Args:
        request: the head of the exchange.
        reply: its answer.
        work: what the method does.
        failed: told of what a call has failed with.
        most: octets that a message may have.

    Raises:
        CallFailed: the time that is given is no time.
    """

    __slots__ = ("_by", "_failed", "_message", "_reply", "_request", "_task", "_timer", "_work")

    def __init__(
        self, request: Request, reply: Reply, work: Work, failed: Callable[[Request, CallFailed], None], most: int
    ) -> None:
        self._request = request
        self._reply = reply
        self._work = work
        self._failed = failed
        self._message = OneMessage(most)
        timeout = request.headers.only(b"grpc-timeout")
        self._by = None if timeout is None else request.record.started + seconds_of(timeout)
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    # --- BodySink ------------------------------------------------------------------------------

    patient = False

    def feed(self, data: bytes) -> None:
        """Take a piece of the message."""
        if not self._reply.over:
            try:
                self._message.feed(data)
            except CallFailed as failure:
                self._fail(failure)

    def finish(self, trailers: Headers | None = None) -> None:  # noqa: ARG002 - nothing is said in them
        """The message is there: do what it asks for."""
        if self._reply.over:
            return
        loop = asyncio.get_running_loop()
        try:
            work = self._work(self._request, self._in_time(loop), self._reply)
        except CallFailed as failure:
            self._fail(failure)
            return
        if work is not None and (task := begin(work, loop)) is not None:
            self._wait(task, loop)

    def abandon(self) -> None:
        """Whoever has called has gone away."""
        self._reply.over = True
        if self._task is not None:
            self._task.cancel()

    def _in_time(self, loop: asyncio.AbstractEventLoop) -> bytes:
        message = self._message.whole()
        if self._by is not None and loop.time() >= self._by:
            raise CallFailed(Code.DEADLINE_EXCEEDED, "the message came too late")
        return message

    # --- time ----------------------------------------------------------------------------------

    def _wait(self, task: asyncio.Task[None], loop: asyncio.AbstractEventLoop) -> None:
        """Wait for what has to be fetched, but no longer than the call may take."""
        self._task = task
        if self._by is not None:
            self._timer = loop.call_at(self._by, self._expire)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:  # noqa: ARG002 - asyncio's signature
        self._task = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._fail(CallFailed(Code.DEADLINE_EXCEEDED, "it takes longer than the call may"))
        if self._task is not None:
            self._task.cancel()

    def _fail(self, failure: CallFailed) -> None:
        if not self._reply.over:
            self._failed(self._request, failure)
            self._reply.status(failure)

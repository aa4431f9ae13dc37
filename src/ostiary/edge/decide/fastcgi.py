"""Asks by FastCGI (Apache, mod_authnz_fcgi): one request for each connection, in the role of an authorizer.

BEGIN_REQUEST, PARAMS... -> ask (its parameters are its fields) -> gateway -> Status, Variable-..., or a refusal
"""

from __future__ import annotations

import asyncio
from time import monotonic  # the loop's clock, which uvloop reads once a round and in whole milliseconds
from typing import cast

from ostiary.eager import begin
from ostiary.edge.carry import carry
from ostiary.edge.decide.fastcgi_records import (
    ABORT,
    AUTHORIZER,
    BEGIN,
    PARAMS,
    Malformed,
    Record,
    answer,
    pairs,
    role_of,
    take,
)
from ostiary.edge.decide.permit import NoBody
from ostiary.edge.gone import GONE
from ostiary.edge.hangup import taken
from ostiary.edge.head import next_id
from ostiary.edge.listening import Listening, address_of
from ostiary.errors import BadRequest, GatewayError
from ostiary.model import Flow, Headers, Peer, Request, Tunnel
from ostiary.model import Record as Noted
from ostiary.observe.ended import Ended
from ostiary.problem import render
from ostiary.reasons import Reason


class FastCgiConnection(asyncio.Protocol):
    """One connection, one ask; its own answer."""

    def __init__(self, listening: Listening, loop: asyncio.AbstractEventLoop) -> None:
        self._listening = listening
        self._loop = loop
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._buffer = bytearray()
        self._params = bytearray()
        self._number = 0
        self._task: asyncio.Task[None] | None = None
        self._deadline = loop.time() + listening.timeouts.headers
        self._address = ""
        self._emptied = False  # all that was written had been taken, when that was looked at
        self.id = next_id()
        self.record = Noted(started=monotonic())
        self.asked = False
        self.answered = False

    # --- asyncio.Protocol ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection in."""
        self._transport = cast("asyncio.Transport", transport)
        self._address = address_of(transport)
        self._listening.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Let go of everything."""
        self._listening.connections.discard(self)
        self._listening.left(self._address)
        if self._task is not None:
            self._task.cancel()
        if self.asked and not self.answered:
            self.record.reason = Reason.REQUEST_ABANDONED
            self._end(0, 0)
        self._transport = GONE

    def data_received(self, data: bytes) -> None:
        """Read records."""
        if self.asked:
            return  # what follows the parameters means nothing to an authorizer
        self._buffer += data
        try:
            for record in take(self._buffer):
                self._take(record)
        except Malformed:
            self._transport.abort()
        if len(self._buffer) + len(self._params) > self._listening.limits.headers * 2:
            self._transport.abort()  # more parameters than a head may have

    def _take(self, record: Record) -> None:
        if record.kind == BEGIN and not self._number:
            if role_of(record.content) != AUTHORIZER:
                raise Malformed("another role than that of an authorizer")
            self._number = record.request
        elif record.kind in (BEGIN, ABORT) or record.request != self._number or not self._number:
            raise Malformed("another request, or none any more")
        elif record.kind == PARAMS and record.content:
            self._params += record.content
        elif record.kind == PARAMS and not self.asked:
            self._ask(Headers.of(pairs(bytes(self._params))))

    def _ask(self, parameters: Headers) -> None:
        self.asked = True
        self._deadline = 0.0
        ask = Request(
            id=self.id,
            method="GET",
            target=b"/",
            path="/",
            host="",
            authority=b"",
            scheme="http",
            headers=parameters,
            peer=Peer(self._address),
            body=NoBody(),
            record=self.record,
        )
        self._task = begin(carry(self._listening.gateway, ask, self), self._loop)

    # --- Answer --------------------------------------------------------------------------------

    def start(self, status: int, headers: Headers, length: int | None, source: Flow) -> None:  # noqa: ARG002 - contract
        """Say yes: fields become variables of the request in Apache."""
        self.record.reason = Reason.ALLOWED
        lines = [b"Variable-OSTIARY_ID: %b" % self.id.encode()]
        lines += [b"Variable-%b: %b" % (variable(folded), value) for _, folded, value in headers.fields]
        self._write(status, lines, b"")

    def fail(self, error: GatewayError) -> None:
        """Say no, and why."""
        if self.answered:
            return
        self.record.reason = error.reason
        self.record.detail = error.detail
        status, headers, content = render(error, self.id, self.record.challenges)
        self._write(status, [b"%b: %b" % field for field in headers], content)

    def finish(self, trailers: Headers | None = None) -> None:
        """It has ended with its beginning."""

    def inform(self, status: int, headers: Headers) -> None:
        """Say nothing: there is no place for it."""

    def write(self, data: bytes) -> None:
        """Say nothing: there is no place for it."""

    def flush(self) -> None:
        """Nothing is held back."""

    def switch(self, protocol: bytes, headers: Headers, tunnel: Tunnel) -> None:  # noqa: ARG002 - the contract
        """Refuse."""
        raise BadRequest("no protocol is changed here", reason=Reason.UPGRADE_UNSUPPORTED)

    def _write(self, status: int, lines: list[bytes], content: bytes) -> None:
        head = b"\r\n".join([b"Status: %d" % status, *lines, b"", b""])
        if not self._transport.is_closing():
            self._transport.write(answer(self._number, head + content))
            self._transport.close()
        self._end(status, len(content))

    def _end(self, status: int, sent: int) -> None:
        self.answered = True
        ended = Ended(self.record, id=self.id, address=self._address, status=status, sent=sent, now=monotonic())
        ended.listener = self._listening.name
        self._listening.gateway.access.write(ended)

    # --- time, and the end of the listener -----------------------------------------------------

    def tick(self, now: float) -> None:
        """Act on a deadline that has passed."""
        if self._deadline and now >= self._deadline:
            self.abort()
        elif self._transport.is_closing():
            self._part()

    def _part(self) -> None:
        """Let go of who has taken all that was written. Looked at twice, see `taken`."""
        before, self._emptied = self._emptied, taken(self._transport)
        if before and self._emptied:
            self.abort()

    def parted(self) -> bool:
        """Whether it is being closed, and is cut as soon as Apache has taken all that was written."""
        return self._transport.is_closing()

    def under_way(self) -> tuple[FastCgiConnection, ...]:
        """Return the ask, if it was handed to the gateway and has not ended."""
        return (self,) if self.asked and not self.answered else ()

    def shut_down(self) -> None:
        """Close when nothing was asked; an ask under way ends first."""
        if not self.asked:
            self._transport.close()

    def abort(self) -> None:
        """Cut it."""
        self._transport.abort()


def variable(folded: bytes) -> bytes:
    """Return the variable that carries a header of the answer: `OSTIARY_H_X_SUBJECT`, or the upstream's name."""
    if folded == b"ostiary-upstream":
        return b"OSTIARY_UPSTREAM"
    return b"OSTIARY_H_" + folded.upper().replace(b"-", b"_")

"""The end of a decision's pipeline: what would have been sent upstream is told to the proxy that asked.

Every header that the policy owns stands in the answer exactly once, and is empty where the upstream must not see
it. A header that is missing from an answer survives as the caller wrote it, in most proxies (GHSA-7r4p-vjf4-gxv4).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ostiary.errors import BadRequest, InternalError
from ostiary.model import Answer, Body, BodySink, Headers, Outbound, Permit, Request, fold
from ostiary.pipeline import Upstream
from ostiary.reasons import Reason
from ostiary.wire import Field

UPSTREAM: Final = b"Ostiary-Upstream"
"""Names the upstream of the route, so that the proxy need not find the route again."""

ENDPOINT: Final = "decision"
"""What the log has in place of an endpoint."""

_ALLOWED: Final = 1e-9
"""In place of when the upstream answered: says "allowed", and is no time that anything took; nothing was sent."""

_OK: Final = 200  # every proxy takes it for "allowed"; Envoy nothing else


class NoBody:
    """The body of a request that is only asked about: it stays with the proxy."""

    length: int | None = 0

    def flow_to(self, sink: BodySink) -> None:
        """There is nothing to come."""
        sink.finish()

    def pause(self) -> None:
        """Nothing flows."""

    def resume(self) -> None:
        """Nothing flows."""


class Still:
    """The source of an answer that has no content."""

    def pause(self) -> None:
        """Nothing flows."""

    def resume(self) -> None:
        """Nothing flows."""


STILL: Final = Still()


class Hearing:
    """An answer that is told of the permit itself, because nothing lies between it and the application.

    Attributes:
        permit: what the policy has said, once it has.
        outbound: the whole head that would have been sent upstream, once there is one.
    """

    permit: Permit | None = None
    outbound: Outbound | None = None


class Permitted:
    """An upstream that is told of, not asked; keeps `pipeline.Upstream`.

    Args:
        upstream: the route's own: it opens the head, as for a request that is forwarded.
        name: of the upstream, in the configuration.
        owned: names of the headers that the policy owns on any route, as the upstream is to see them.
    """

    __slots__ = ("_blank", "_name", "_places", "_upstream")

    def __init__(self, upstream: Upstream, name: str, owned: Sequence[bytes]) -> None:
        self._upstream = upstream
        self._name = name
        empty = [(one, b"") for one in owned]
        self._blank = Headers.of([*empty, (UPSTREAM, name.encode()), (b"Cache-Control", b"no-store")]).fields
        self._places = {fold(one): place for place, one in enumerate(owned)}

    def prepare(self, request: Request, permit: Permit) -> Outbound:
        """Open an outbound head: strip what must not pass. The proxy forwards the path that it has received."""
        outbound = self._upstream.prepare(request, permit)
        outbound.target, request.record.rewritten = request.target, None
        return outbound

    async def forward(self, outbound: Outbound, body: Body, answer: Answer) -> None:  # noqa: ARG002 - the contract
        """Tell what would have been sent.

        Raises:
            InternalError: the target was changed, which no answer can tell; `check` refuses such a route.
            BadRequest: a header that may be told once is there twice.
        """
        if outbound.target != outbound.request.target:
            raise InternalError("a decision cannot change the query")
        headers = Headers(self._told(outbound.headers))
        record = outbound.request.record
        record.upstream, record.endpoint = self._name, ENDPOINT
        record.upstream_answered = _ALLOWED
        if isinstance(answer, Hearing):
            answer.permit, answer.outbound = outbound.permit, outbound
        answer.start(_OK, headers, 0, STILL)
        answer.finish()

    def _told(self, headers: Headers) -> list[Field]:
        """Return every owned header with its value, or without one; and what every answer says."""
        told = self._blank.copy()
        for _, folded, value in headers.fields:
            place = self._places.get(folded)
            if place is None:
                continue
            field = told[place]
            if field is not self._blank[place]:
                raise BadRequest("a header that is told once is there twice", reason=Reason.REQUEST_AMBIGUOUS)
            told[place] = (field[0], folded, value)
        return told

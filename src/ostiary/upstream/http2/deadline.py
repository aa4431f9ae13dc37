"""How long an exchange may take: what its caller says, and what an upstream is given."""

from __future__ import annotations

from math import inf

from ostiary.config.upstreams import UpstreamTimeouts
from ostiary.errors import BadRequest
from ostiary.grpc import read_timeout
from ostiary.model import Request


def caller_waits_until(request: Request) -> float:
    """Return when the patience of a call's caller ends, on the loop's clock: what `grpc-timeout` says.

    Raises:
        BadRequest: he says it in a way that cannot be read, or twice.
    """
    said = request.headers.only(b"grpc-timeout")
    if said is None:
        return inf
    seconds = read_timeout(said)
    if seconds is None:
        raise BadRequest("grpc-timeout is no number of at most eight digits with a unit")
    return request.record.started + seconds


def longest(times: UpstreamTimeouts, call: bool, started: bool, stalled: bool, whole: bool) -> float:
    """Return the seconds that nothing may happen.

    Args:
        times: of the upstream.
        call: of gRPC, which may be silent in both directions.
        started: the answer has begun.
        stalled: the upstream takes nothing of the request.
        whole: the request has come whole; the upstream may not have taken it yet.
    """
    if call:
        return times.silence
    if started or stalled:
        return times.idle
    return times.response if whole else inf  # it is the caller who makes it wait, which is the edge's matter

"""What is asked of the gateways. A new workload is one more entry of the table.

All of them: TLS 1.3 with a client certificate, an ES256 token in `Authorization`, as many requests as the
gateway can do (LAT: as many as it is told). Sizes are of bodies.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, Literal

from benchmarks.material import MANY

Generator = Literal["wrk", "h2load", "steady", "hold"]


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of exchange, repeated.

    Attributes:
        name: what it is called on the command line and in results.
        title: what it is, in a few words.
        path: what is requested; `upstream.py` answers it.
        method: how.
        upload: octets of the request's body.
        answer: octets of the answer's body.
        tokens: how many different tokens take turns.
        keep_alive: False makes a new connection, and a full handshake, for every request.
        counted: how often nginx counts one exchange on the upstream's side.
        connections: at a time; the command line's by default.
        routes: how many the gateway has; each of them is asked for in turn.
        load: who asks. `wrk`: without pause. `h2load`: the same over HTTP/2. `steady`: at a fixed rate. `hold`: once
            on each connection, which is then kept.
        streams: requests at a time on one connection.
        rate: requests a second, where that is fixed.
        beside: the workload in whose rounds it is measured, since the two are compared.
    """

    name: str
    title: str
    path: str = "/small"
    method: str = "GET"
    upload: int = 0
    answer: int = 1024
    tokens: int = 1
    keep_alive: bool = True
    counted: int = 1
    connections: int | None = None
    routes: int = 1
    load: Generator = "wrk"
    streams: int = 1
    rate: int = 0
    beside: str | None = None

    def paths(self) -> tuple[str, ...]:
        """Return what is requested, in this order, over and over."""
        if self.routes == 1:
            return (self.path,)
        paths = list(route_paths(self.routes))
        random.Random(1).shuffle(paths)
        return tuple(paths)


def route_paths(routes: int) -> tuple[str, ...]:
    """Return a path below each route; `leaf`, at its end, is what the route does not name."""
    return tuple(f"/area-{number // 100:03}/thing-{number % 100:02}/leaf" for number in range(routes))


WORKLOADS: Final = {
    workload.name: workload
    for workload in (
        Workload("W1", "keep-alive, one token, 1 KB answers"),
        Workload("W1M", f"keep-alive, {MANY} tokens in turn, 1 KB answers", tokens=MANY, beside="W1"),
        Workload("W2", "keep-alive, one token, 64 KB answers", path="/large", answer=64 << 10),
        Workload(
            "W3",
            "keep-alive, one token, 1 MB uploads, 16 at a time",
            path="/upload",
            method="POST",
            upload=1 << 20,
            counted=2,  # the upstream takes the whole body before it answers, for which nginx asks itself once more
            connections=16,
        ),
        Workload("W4", "a full handshake for every request, 1 KB answers", keep_alive=False),
        Workload("R1", "as W1, 10 routes in turn", routes=10),
        Workload("R2", "as W1, 10 000 routes in turn", routes=10_000, beside="R1"),
        Workload("H2", "HTTP/2, 10 streams on each connection, one token, 1 KB answers", load="h2load", streams=10),
        Workload("LAT", "as W1, 1 000 requests a second, whether answered or not", load="steady", rate=1000),
        Workload("MEM", "5 000 connections that have asked once, and are kept", load="hold", connections=5000),
    )
}

"""What is asked of the gateways. A new workload is one more entry of the table.

All of them: TLS 1.3 with a client certificate, an ES256 token in `Authorization`, as many requests as the
gateway can do. Sizes are of bodies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from benchmarks.material import MANY


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


WORKLOADS: Final = {
    workload.name: workload
    for workload in (
        Workload("W1", "keep-alive, one token, 1 KB answers"),
        Workload("W1M", f"keep-alive, {MANY} tokens in turn, 1 KB answers", tokens=MANY),
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
    )
}

"""What Envoy says when it asks by gRPC, as plain values; nothing here needs its messages."""

from __future__ import annotations

from typing import Final, NamedTuple

from ostiary.edge.decide.permit import NoBody

CONNECTION: Final = frozenset(
    (
        *(b"host", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"content-length"),
        *(b"expect", b"upgrade", b"http2-settings"),
    )
)
"""Fields of the caller's message that are the proxy's to read and to write: not judged, and not taken away."""


class Check(NamedTuple):
    """What one CheckRequest says.

    Attributes:
        method, path, host, scheme: of the caller's request; the path is the target, with its query.
        address: the caller's; `unix:` for one without.
        certificate: the caller's, as percent-encoded PEM; empty for none.
        fields: the caller's, with the pseudo-header fields; names are in lower case.
        raw: each field is told by itself and as it came; otherwise fields of one name are joined, and what is not
            UTF-8 has become `!`.
    """

    method: bytes
    path: bytes
    host: bytes
    scheme: bytes
    address: bytes
    certificate: bytes
    fields: list[tuple[bytes, bytes]]
    raw: bool


class Told(NoBody):
    """In place of an ask's body, once it has been read: what it says.

    Attributes:
        check: what it says.
    """

    def __init__(self, check: Check) -> None:
        self.check = check

"""One request that has ended: what the access log, the metrics, the spans and the audit log are told of it."""

from __future__ import annotations

from ostiary.model import Record


class Ended:
    """One request that has ended, whatever became of it.

    Attributes:
        record: what the rooms noted down.
        id: request id.
        method: as received.
        target: as received; what follows a `?` is written nowhere.
        host: canonical, or "" when the head was refused before it was known.
        address: the caller's.
        status: of the answer; 0 when the caller went away before there was one.
        sent: octets of content.
        now: the loop's clock, seconds.
        listener: the name of the one it came through.
    """

    __slots__ = ("address", "host", "id", "listener", "method", "now", "record", "sent", "status", "target")

    def __init__(
        self,
        record: Record,
        *,
        now: float,
        id: str = "",  # noqa: A002 - the word of the house
        method: str = "",
        target: bytes = b"",
        host: str = "",
        address: str = "",
        status: int = 0,
        sent: int = 0,
        listener: str = "",
    ) -> None:
        self.record = record
        self.id = id
        self.method = method
        self.target = target
        self.host = host
        self.address = address
        self.status = status
        self.sent = sent
        self.now = now
        self.listener = listener

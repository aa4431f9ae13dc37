"""One answer, as it came over a connection."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Said:
    """An answer.

    Attributes:
        status: 0 when the connection ended without one.
        fields: in order; names in lower case.
        content: as received.
    """

    status: int
    fields: list[tuple[str, str]] = field(default_factory=list)
    content: bytes = b""

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return [value for received, value in self.fields if received == name]

    def get(self, name: str) -> str | None:
        """The first value of a field."""
        return next(iter(self.all(name)), None)

    @property
    def reason(self) -> str | None:
        """The word of the problem document, if it is one."""
        with suppress(ValueError):
            return json.loads(self.content)["reason"]
        return None

    @property
    def seen(self) -> dict[str, list[str]]:
        """What the upstream was sent, by names in lower case."""
        found: dict[str, list[str]] = {}
        for name, value in json.loads(self.content)["headers"]:
            found.setdefault(name.lower(), []).append(value)
        return found

    @property
    def target(self) -> str:
        """The target that the upstream was sent."""
        return str(json.loads(self.content)["target"])


def read(stream: socket.socket, *, bare: bool) -> Said:
    data = b""
    with suppress(OSError):
        while b"\r\n\r\n" not in data and (piece := stream.recv(65536)):
            data += piece
    head, _, content = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1."):
        return Said(0)
    lines = head.decode("latin-1").split("\r\n")
    fields = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
    announced = dict(fields).get("content-length")
    rest = -1 if announced is None else 0 if bare else int(announced) - len(content)
    with suppress(OSError):
        while rest and (piece := stream.recv(65536)):
            content += piece
            rest -= len(piece)
    if ("transfer-encoding", "chunked") in fields:
        content = _unchunked(content)
    return Said(int(lines[0].split(" ")[1]), fields, content)


def _unchunked(data: bytes) -> bytes:
    whole = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        count = int(size.split(b";")[0] or b"0", 16)
        whole, data = whole + data[:count], data[count + 2 :]
        if count == 0:
            break
    return whole

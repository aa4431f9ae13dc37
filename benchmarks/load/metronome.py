"""Requests at a fixed rate: each is due at its own moment, and its latency counts from that moment.

A generator that waits for an answer before it asks again asks a gateway that stalls less often, and never sees how
long callers would have waited (coordinated omission). Here the moments are fixed beforehand; when one comes and no
connection is free, the request waits, and its wait is part of its latency. So is what this program itself is late:
what is measured is never better than what a caller would have seen.

select(2) and not epoll: its timeout is not rounded up to milliseconds.

    python -m benchmarks.load.metronome FILE     one line of JSON, as `said.Said`
"""

from __future__ import annotations

import gc
import json
import select
import socket
import ssl
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any, Final

from benchmarks.load.said import percentile

PATIENCE: Final = 3.0
"""Seconds after the last moment in which answers still count."""


class Line:
    """One connection, with at most one request at a time."""

    def __init__(self, asked: dict[str, Any], context: ssl.SSLContext) -> None:
        plain = socket.create_connection(("127.0.0.1", asked["port"]), timeout=10)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname="127.0.0.1")
        self.socket.setblocking(False)
        self.due = 0.0
        self._request = (
            f"GET {asked['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {asked['token']}\r\n\r\n"
        )
        self._content = int(asked["answer"])
        self._received = bytearray()

    def ask(self, due: float) -> None:
        """Send the request; it fits into every socket buffer."""
        self.due = due
        self._received.clear()
        self.socket.send(self._request.encode())

    def answered(self) -> bool:
        """Read what is there; return whether the answer is complete.

        Raises:
            OSError: the connection has ended.
        """
        while True:
            try:
                data = self.socket.recv(65536)
            except ssl.SSLWantReadError:
                break
            if not data:
                raise ConnectionResetError
            self._received += data
        head = self._received.find(b"\r\n\r\n")
        return head >= 0 and len(self._received) >= head + 4 + (self._content if self.good() else 0)

    def good(self) -> bool:
        """Return whether the status is 2xx."""
        return self._received[9:10] == b"2"


class Metronome:
    """All connections, and what has been seen on them.

    Attributes:
        times: from the moment at which a request was due to its whole answer; seconds.
    """

    def __init__(self, asked: dict[str, Any]) -> None:
        context = ssl.create_default_context(cafile=asked["authorities"])
        context.load_cert_chain(asked["certificate"], asked["key"])
        self._free = deque(Line(asked, context) for _ in range(asked["connections"]))
        self._busy: dict[socket.socket, Line] = {}
        self._waiting: deque[float] = deque()
        self.times: list[float] = []
        self._refused = 0
        self._every = 1 / asked["rate"]
        self._moments = int(asked["rate"] * asked["seconds"])

    def run(self) -> None:
        """Ask at every moment, and wait for the last answers."""
        begin, sent = time.perf_counter() + 0.05, 0
        end = begin + self._moments * self._every + PATIENCE
        while (now := time.perf_counter()) < end and (sent < self._moments or self._waiting or self._busy):
            while sent < self._moments and begin + sent * self._every <= now:
                self._waiting.append(begin + sent * self._every)
                sent += 1
            while self._waiting and self._free:
                self._ask(self._free.popleft(), self._waiting.popleft())
            following = begin + sent * self._every if sent < self._moments else end
            self._listen(max(0.0, following - time.perf_counter()))

    def _ask(self, line: Line, due: float) -> None:
        try:
            line.ask(due)
        except OSError:
            return
        self._busy[line.socket] = line

    def _listen(self, patience: float) -> None:
        for ready in select.select(list(self._busy), (), (), patience)[0]:
            line = self._busy[ready]
            try:
                complete = line.answered()
            except OSError:
                del self._busy[ready]
                continue
            if complete:
                self._take(line)

    def _take(self, line: Line) -> None:
        self.times.append(time.perf_counter() - line.due)
        self._refused += not line.good()
        del self._busy[line.socket]
        self._free.append(line)

    def close(self) -> None:
        """Close the connections."""
        for line in (*self._free, *self._busy.values()):
            line.socket.close()

    def said(self) -> dict[str, float]:
        """Return the numbers; what was due and is not answered is broken."""
        times = sorted(self.times) or [0.0]
        return {
            "requests": len(self.times),
            "p50": percentile(times, 0.50),
            "p99": percentile(times, 0.99),
            "refused": self._refused,
            "broken": self._moments - len(self.times),
        }


def main(file: str) -> None:
    """Carry out what the file asks for."""
    metronome = Metronome(json.loads(Path(file).read_text()))
    gc.disable()
    metronome.run()
    print(json.dumps(metronome.said()))


if __name__ == "__main__":
    main(sys.argv[1])

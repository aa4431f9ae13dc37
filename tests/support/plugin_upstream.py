"""An upstream that tells what it was sent."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from typing import IO


class Echo:
    """An upstream that answers every request with what it was sent."""

    def __init__(self) -> None:
        self.port = 0
        self.heads: list[bytes] = []
        self.trailers: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._socket.getsockname()[1]

    def serve(self) -> None:
        """Accept until the socket is closed."""
        with suppress(OSError):
            while True:
                accepted, _ = self._socket.accept()
                threading.Thread(target=self._talk, args=(accepted,), daemon=True).start()

    def close(self) -> None:
        """Accept no more."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError), connection, connection.makefile("rwb") as stream:
            while (line := stream.readline()) not in (b"", b"\r\n"):
                head = [line]
                while (line := stream.readline()) not in (b"", b"\r\n"):
                    head.append(line)
                self.heads.append(b"".join(head))
                stream.read(_length(head))
                self.trailers = _trailers(stream, head)
                content = _told(head)
                stream.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(content)
                )
                if not head[0].startswith(b"HEAD "):
                    stream.write(content)
                stream.flush()


def _trailers(stream: IO[bytes], head: list[bytes]) -> list[bytes]:
    """Read content that comes in chunks (RFC 9112, section 7.1), and return the fields behind it."""
    if not any(line.lower().startswith(b"transfer-encoding:") for line in head):
        return []
    while size := int(stream.readline(), 16):
        stream.read(size + 2)
    return [line for line in iter(stream.readline, b"\r\n") if line]


def _length(head: list[bytes]) -> int:
    for line in head:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _told(head: list[bytes]) -> bytes:
    method, target, _ = head[0].decode("latin-1").split(" ", 2)
    fields = [line.decode("latin-1").rstrip("\r\n").partition(":") for line in head[1:]]
    return json.dumps({"method": method, "target": target, "headers": [[n, v.strip()] for n, _, v in fields]}).encode()

"""A JSON service on loopback, in a thread of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final, NamedTuple

LOOPBACK: Final = "127.0.0.1"
MAX_BODY: Final = 64 << 10


class Asked(NamedTuple):
    """A request, as the service received it."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes


class Told(NamedTuple):
    """The answer of a service; `document` is sent as JSON."""

    status: int
    document: Mapping[str, Any]
    headers: Mapping[str, str] = {}


Answer = Callable[[Asked], Told]


@contextmanager
def serving(answer: Answer, port: int) -> Iterator[int]:
    """Serve while the block runs; give the port.

    Args:
        answer: what to say to a request.
        port: where; another one when it is taken.
    """
    server = _server(answer, port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # connections that are kept alive must not keep us

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a caller who has broken off, which callers may; of everything else what it was."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _server(answer: Answer, port: int) -> ThreadingHTTPServer:
    try:
        return _Server((LOOPBACK, port), _handler(answer))
    except OSError:  # taken
        return _Server((LOOPBACK, 0), _handler(answer))


def _handler(answer: Answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _reply(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), MAX_BODY)
            asked = Asked(self.command, self.path, self.headers.items(), self.rfile.read(length))
            told = answer(asked)
            content = (json.dumps(told.document, indent=2) + "\n").encode()
            self.send_response(told.status)
            for name, value in {"Content-Type": "application/json", **told.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _reply  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: object) -> None:
            """Say nothing: the log that counts is the gateway's."""

    return Handler

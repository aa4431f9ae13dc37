"""A server that answers as it is told, and fails as it is told: a double, or a relay before a real server."""

from __future__ import annotations

import asyncio
import http.client
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

CANARY = b"canary-9d27a4"  # also in what is said by mistake
Fault = Literal["down", "busy", "slow", "garbage", "large"]
HOP = ("connection", "transfer-encoding", "content-length", "keep-alive", "host", "date", "server")


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """As it was sent: still encoded."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}


@dataclass(frozen=True)
class Answered:
    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Answering = Callable[[Asked], Answered]


class Front:
    """A server on loopback, in threads of its own.

    Attributes:
        fault: what goes wrong, or None.
        asked: what it was asked, in order.
        open: how many connections there are.
    """

    def __init__(self, answer: Answering, tls: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.fault: Fault | None = None
        self.asked: list[Asked] = []
        self.open = 0
        self._release = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._scheme = "https" if tls else "http"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    async def drained(self) -> None:
        """Let go of whom it held up, and wait until the last of them is gone."""
        self._release.set()
        async with asyncio.timeout(10):
            while self.open:  # noqa: ASYNC110 - it changes in threads
                await asyncio.sleep(0.02)

    def close(self) -> None:
        self._release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self) -> None:
                front.open += 1
                try:
                    super().handle()
                except (OSError, ssl.SSLError):
                    self.close_connection = True  # the caller has gone: that is one of the cases
                finally:
                    front.open -= 1

            def _do(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, self.path, headers, self.rfile.read(length))
                front.asked.append(asked)
                answered = front.judge(asked)
                if answered is None:
                    self.close_connection = True
                    return
                self.send_response(answered.status)
                for name, value in answered.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answered.content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answered.content)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        for method in ("GET", "POST", "PUT", "HEAD", "DELETE"):
            setattr(Handler, f"do_{method}", Handler._do)
        return Handler

    def judge(self, asked: Asked) -> Answered | None:
        json = {"Content-Type": "application/json"}
        match self.fault:
            case "down":
                return None
            case "busy":
                return Answered(503, b"<html>busy " + CANARY, {"Content-Type": "text/html"})
            case "slow":
                self._release.wait(20)
            case "garbage":
                return Answered(200, b'{"data": {"data": {"secret": "half a ' + CANARY, json)
            case "large":
                return Answered(200, b'{"data": "' + CANARY * (3 << 17) + b'"}', json)
        return self.answer(asked)


def relay(address: str) -> Answering:
    """Return what asks a real server."""
    parts = urlsplit(address)

    def answer(asked: Asked) -> Answered:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        try:
            headers = {name: value for name, value in asked.headers.items() if name not in HOP}
            connection.request(asked.method, asked.target, asked.body or None, headers)
            reply = connection.getresponse()
            kept = {name: value for name, value in reply.getheaders() if name.lower() not in HOP}
            return Answered(reply.status, reply.read(), kept)
        finally:
            connection.close()

    return answer

"""A server that only says whom it sees, on a real socket and a real event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ostiary.errors import InvalidCertificate
from ostiary.listener.tls import ServerTls

PATIENCE = 10


class Doorkeeper(asyncio.Protocol):
    """Answers every request with what the listener's TLS says of the peer, and closes."""

    def __init__(self, tls: ServerTls) -> None:
        self._tls = tls
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        try:
            peer = self._tls.peer(transport.get_extra_info("ssl_object"), "127.0.0.1")
            name = "nobody" if peer.certificate is None else peer.certificate.subject
            self._answer = self._http("200 OK", f"{name} at {peer.server_name} over {peer.tls_version}")
        except InvalidCertificate as error:
            self._answer = self._http("401 Unauthorized", str(error.reason))

    def data_received(self, data: bytes) -> None:
        if b"\r\n\r\n" in data:
            self._transport.write(self._answer)
            self._transport.close()

    @staticmethod
    def _http(status: str, body: str) -> bytes:
        return f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@contextmanager
def serving(tls: ServerTls, new_loop: Callable[[], asyncio.AbstractEventLoop]) -> Iterator[int]:
    """Serve for as long as the block runs; give the port."""
    loop = new_loop()
    factory = loop.create_server(lambda: Doorkeeper(tls), "127.0.0.1", 0, ssl=tls.context)
    server = loop.run_until_complete(factory)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()


async def _close(server: asyncio.AbstractServer) -> None:
    server.close()
    await asyncio.sleep(0.05)


def ask(port: int, context: ssl.SSLContext, name: str = "localhost") -> str:
    """Return the body that a client is answered with, or "closed" when the server ends the connection before."""
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=name) as secure,
        ):
            secure.sendall(b"GET / HTTP/1.1\r\n\r\n")
            return _body(secure)
    except (ssl.SSLError, ConnectionError):
        return "closed"


def _body(secure: ssl.SSLSocket) -> str:
    received = b""
    while piece := secure.recv(4096):
        received += piece
    return received.partition(b"\r\n\r\n")[2].decode() or "closed"

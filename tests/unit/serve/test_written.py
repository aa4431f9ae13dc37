"""How much is written ahead of a caller who takes nothing?"""

from __future__ import annotations

import asyncio
import socket
import ssl

import uvloop
from tests.support.pki import Files, root

from ostiary.config.schema import ListenerLimits, ListenerTimeouts
from ostiary.edge.listening import Listening
from ostiary.serve.acceptor import _WRITTEN, Acceptor
from ostiary.serve.descriptors import Descriptors

_PIECE = 1 << 14


class Writer(asyncio.Protocol):
    """Writes until it is told to stop."""

    def __init__(self) -> None:
        self.stopped = asyncio.Event()
        self.kept = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._loop = asyncio.get_running_loop()
        self._loop.call_later(0.05, self._write)

    def _write(self) -> None:
        if not self.stopped.is_set():
            self.transport.write(bytes(_PIECE))
            self._loop.call_soon(self._write)

    def pause_writing(self) -> None:
        self.kept = self.transport.get_write_buffer_size()
        self.stopped.set()

    def resume_writing(self) -> None:
        """Nobody reads."""


def _served(files: Files) -> ssl.SSLContext:
    certificate, key = files.server(root().issue_server("localhost"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*(files.folder / one.removeprefix("file:") for one in (certificate, key)))
    return context


def _door(writer: Writer, context: ssl.SSLContext) -> Acceptor:
    nobody = None
    listening = Listening(nobody, ListenerLimits(), ListenerTimeouts(), "https", nobody)  # type: ignore[arg-type]
    return Acceptor(listening, lambda: writer, lambda: context, Descriptors(1 << 16, lambda: 0))


def _shake_hands(address: tuple[str, int]) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(address, timeout=10))


async def _kept(context: ssl.SSLContext) -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        writer = Writer()
        door = _door(writer, context)
        door.open(listener)
        caller = await asyncio.to_thread(_shake_hands, listener.getsockname())
        async with asyncio.timeout(20):
            await writer.stopped.wait()
        door.close()
        writer.transport.abort()
        caller.close()
        await asyncio.sleep(0.05)
    return writer.kept


def test_over_tls_not_much_more_than_what_a_large_answer_takes(tmp_path) -> None:
    assert _WRITTEN <= uvloop.run(_kept(_served(Files(tmp_path)))) < 2 * _WRITTEN

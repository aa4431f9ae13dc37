"""An upstream that asks who is calling, and says what certificate it was shown."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
from tests.support.gateway_process import GatewayProcess

Greet = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def name_of(shown: dict[str, Any]) -> str:
    """The common name of a certificate, as `getpeercert` tells it."""
    return str(dict(pair for (pair,) in shown["subject"])["commonName"])


def greeter(words: Callable[[dict[str, Any]], str]) -> Greet:
    """What answers one request with what it makes of the certificate that it was shown, and closes."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            told = words(writer.get_extra_info("peercert")).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(told), told))
            await writer.drain()
        writer.close()

    return greet


def demanding(folder: Path, **authority: Any) -> ssl.SSLContext:
    """TLS of a server that lets nobody in without a certificate; its own is `server.pem` of a folder."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, **authority)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


async def ask(client: httpx2.AsyncClient, gateway: GatewayProcess) -> str:
    """What the upstream says, through the gateway."""
    reply = await client.get(f"http://127.0.0.1:{gateway.port}/")
    assert reply.status_code == 200, reply.text
    return str(reply.text)

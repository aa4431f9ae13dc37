"""HTTP/3 for the ASGI edge (RFC 9114), by Hypercorn and aioquic: an extra, `ostiary[http3]`.

Hypercorn asks callers over QUIC for no certificate, and tells nobody what name they asked for. So this is only for
listeners without client certificates; over QUIC nobody is proven but by a token, and `Host` is what the caller says.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.typing import AppWrapper

from ostiary.config.schema import ListenerSpec
from ostiary.edge.asgi.handler import PROVEN, Proven
from ostiary.errors import ConfigError
from ostiary.model import Peer


@asynccontextmanager
async def quic_listening(
    app: AppWrapper, spec: ListenerSpec, folder: Path, where: tuple[str, int], config: Config
) -> AsyncIterator[None]:
    """Serve HTTP/3 on a UDP address while the block runs; `config` announces it to callers over TCP (RFC 7838).

    Raises:
        ConfigError: the listener's TLS cannot be had over QUIC, or aioquic is not installed.
        OSError: the port cannot be bound.
    """
    config.certfile, config.keyfile = _identity(spec, folder)
    config.alt_svc_headers = [f'h3=":{where[1]}"; ma=3600']
    loop, context = asyncio.get_running_loop(), WorkerContext(None)
    from ostiary.edge.hypercorn.quic_bounds import BoundedServer  # noqa: PLC0415 - an extra, and it is there

    transport, server = await loop.create_datagram_endpoint(
        lambda: BoundedServer(_unproven(app), loop, config, context, {}), local_addr=where
    )
    server.spec = spec
    task = loop.create_task(server.run())
    try:
        yield
    finally:
        await context.terminated.set()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        transport.close()


def _identity(spec: ListenerSpec, folder: Path) -> tuple[str, str]:
    """Return the files of certificate and key, if the listener's TLS means the same over QUIC."""
    tls = spec.tls
    if tls is None or tls.certificate is None or tls.private_key is None or tls.password is not None:
        raise ConfigError("HTTP/3 needs a listener with TLS, its certificate and its key in PEM without a password")
    if tls.client.mode != "off":
        raise ConfigError("HTTP/3 knows no client certificates here: it needs a listener with `client: {mode: off}`")
    try:
        import aioquic  # noqa: F401, PLC0415 - an extra, not there for everybody
    except ImportError as error:
        raise ConfigError("HTTP/3 is not installed: pip install 'ostiary[http3]'") from error
    return str(folder / tls.certificate.path), str(folder / tls.private_key.path)


def _unproven(app: AppWrapper) -> AppWrapper:
    async def told(scope: Any, receive: Any, send: Any, sync_spawn: Any, call_soon: Any) -> None:
        client = scope.get("client")
        scope["extensions"][PROVEN] = Proven(Peer(str(client[0]) if client else "", tls_version="TLSv1.3"))
        await app(scope, receive, send, sync_spawn, call_soon)

    return told

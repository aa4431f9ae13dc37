"""Does an application on our Hypercorn live as it would on its own?"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Any

import pytest
from hypercorn.asyncio.tcp_server import TCPServer
from tests.support.inside import Policy, Seen

from ostiary.asgi import OstiaryMiddleware, serving
from ostiary.errors import ConfigError
from ostiary.observe.access import AccessLog


def guarded(app: Any, policy: Policy) -> OstiaryMiddleware:
    return OstiaryMiddleware(app, policy.file, access=AccessLog(), reload=False)


async def test_it_is_started_and_ended(policy):
    app = guarded(Seen(), policy)
    async with serving(app, policy.file) as server:
        assert app._gateway is not None
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"GET /open/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()
        await writer.wait_closed()
    assert app._gateway is None


@pytest.mark.parametrize("error", [ssl.SSLError("after close notify"), ConnectionResetError(), BrokenPipeError()])
@pytest.mark.parametrize("grouped", [True, False])
async def test_a_caller_who_breaks_off_fills_no_log(policy, monkeypatch, error, grouped):
    async def broken(_: Any) -> None:
        raise ExceptionGroup("of a task group", [error]) if grouped else error

    told: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    monkeypatch.setattr(TCPServer, "run", broken)
    async with serving(guarded(Seen(), policy), policy.file) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
    assert told == []


async def test_one_that_does_not_start_is_not_served(policy, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(policy.file.read_text().replace("upgrades: [websocket]", "upgrades: [other]"))
    app = OstiaryMiddleware(Seen(), wrong, access=AccessLog(), reload=False)
    with pytest.raises(ConfigError, match="inside an application"):
        async with serving(app, policy.file):
            pytest.fail("it is served")

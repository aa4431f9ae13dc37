"""How long is waited for those who are still there at the end?"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from ostiary.config.schema import ListenerSpec
from ostiary.serve import Ending, Server, compile_places


class Gateway:
    """Answers nobody, ever."""

    access = None

    async def start(self) -> None: ...
    async def aclose(self) -> None: ...
    async def handle(self, request: Any, answer: Any) -> None:
        await asyncio.Event().wait()


async def started(tmp_path) -> Server:
    spec = ListenerSpec.model_validate({"bind": "127.0.0.1:0", "plaintext": "accepted"})
    gateway: Any = Gateway()
    server = Server(gateway, compile_places({"public": spec}, tmp_path), ending=Ending(drain=5.0))
    await server.start()
    return server


async def asked(server: Server) -> asyncio.StreamWriter:
    _, writer = await asyncio.open_connection("127.0.0.1", server.listeners["public"].port)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return writer


async def under_way(server: Server) -> None:
    async with asyncio.timeout(5):
        while not server.listeners["public"].under_way():  # noqa: ASYNC110 - seen from outside
            await asyncio.sleep(0.01)


async def test_what_is_under_way_is_waited_for(tmp_path) -> None:
    server = await started(tmp_path)
    writer = await asked(server)
    await under_way(server)
    stopping = asyncio.create_task(server.stop())
    await asyncio.sleep(1)
    assert not stopping.done()
    server.abort()
    await asyncio.wait_for(stopping, 2)
    writer.close()


async def test_after_the_word_to_hurry_nobody_who_comes_then_is_waited_for_either(tmp_path) -> None:
    server = await started(tmp_path)
    server.abort()  # while it still lets callers in
    writer = await asked(server)
    await under_way(server)
    begin = time.monotonic()
    await server.stop()
    assert time.monotonic() - begin < 2
    writer.close()

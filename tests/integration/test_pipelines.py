"""What do many requests that come at once cost, when the first of them is answered late? And is each answered, in order?"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.gateway_process import GatewayProcess, gateway_process

pytestmark = pytest.mark.integration

FILE = """
version: 1
listeners: {{plain: {{bind: 127.0.0.1:0}}}}
upstreams:
  old: {{endpoints: ["http://127.0.0.1:{port}"]}}
routes:
  - name: who
    match: {{path: /who/**}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    upstream: old
"""
SLOW = b"GET /who/slow HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /who/last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
STATUS = re.compile(rb"HTTP/1\.1 (\d+)")


@dataclass
class Scene:
    """A gateway, before a service that answers `slow` when it is told to, and says how much of a body it was sent."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    gateway: GatewayProcess = field(init=False)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if b"/slow" in head:
                    await self.go.wait()
                said = b"%s:%d" % (head.split(b" ")[1].rpartition(b"/")[2], await _body(head, reader))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def send(self, octets: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Say all of it at once."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.gateway.port)
        writer.write(octets)
        return reader, writer

    async def ask(self, octets: bytes) -> bytes:
        """Return all that is answered until the connection ends."""
        reader, writer = await self.send(octets)
        try:
            return await asyncio.wait_for(reader.read(-1), 40)
        finally:
            writer.close()


async def _body(head: bytes, reader: asyncio.StreamReader) -> int:
    length = re.search(rb"(?i)content-length: (\d+)", head)
    if length is not None:
        return len(await reader.readexactly(int(length[1])))
    read = 0
    while b"chunked" in head and (size := int((await reader.readuntil(b"\r\n"))[:-2], 16)):
        read += len((await reader.readexactly(size + 2))[:-2])
    if b"chunked" in head:
        await reader.readexactly(2)
    return read


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with _running(tmp_path) as one:
        yield one


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[Scene]:
    scene = Scene()
    server = await asyncio.start_server(scene.serve, "127.0.0.1", 0, limit=1 << 20)
    file = folder / "gateway.yaml"
    file.write_text(FILE.format(port=server.sockets[0].getsockname()[1]))
    try:
        async with gateway_process(file) as scene.gateway:
            yield scene
    finally:
        server.close()


async def test_thousands_behind_a_slow_answer_are_all_answered_in_order(scene):
    one = b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\nGET /who/x HTTP/1.1\r\nHost: a\r\n\r\n"
    asked = asyncio.create_task(scene.ask(SLOW + one * 1000 + LAST))
    await asyncio.sleep(0.5)
    assert not asked.done()
    scene.go.set()
    answered = await asked

    assert STATUS.findall(answered) == [b"200", *[b"404", b"200"] * 1000, b"200"]
    assert answered.index(b"slow:0") < answered.index(b"last:0")


async def test_what_waits_is_kept_as_it_came(scene):
    before, behind = (
        scene.gateway.memory(),
        b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n" * 7000,
    )  # a quarter of a megabyte
    told = [await scene.send(SLOW + behind) for _ in range(20)]
    await asyncio.sleep(2)
    held = (scene.gateway.memory() - before) / len(told)
    for _, writer in told:
        writer.close()

    assert held < 700 << 10, f"{held / 1024:.0f} KiB for each connection"


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_where_one_body_ends_and_the_next_head_begins_is_seen_in_whatever_pieces_they_are_read(scene, chunked):
    scene.go.set()
    for size in (0, 1, 1023, 1024, 5000, 300_000):
        answered = await scene.ask((SLOW + _post(size, chunked=chunked)) * 3 + LAST)
        told = re.findall(rb"\w+:\d+$", answered.replace(b"HTTP/1.1", b"\n"), re.MULTILINE)
        assert told == [*[b"slow:0", b"post:%d" % size] * 3, b"last:0"]


def _post(size: int, *, chunked: bool) -> bytes:
    body = (b"GET / HTTP/1.1\r\n\r\n" * (size // 18 + 1))[:size]  # which looks like what may not be taken for a head
    if not chunked:
        return b"POST /who/post HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (size, body)
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (size, body) if size else b"0\r\n\r\n"
    return b"POST /who/post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%s" % sent

"""What ties a worker to its supervisor, and what do they say to each other?"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from ostiary.workers import Channel
from ostiary.workers import worker as module
from ostiary.workers.worker import Worker


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()


def channel(theirs: socket.socket) -> Channel:
    return Channel.of((theirs.detach(), 7, 8, 9, 10, 11))


async def silent(what: str) -> bytes:
    return await asyncio.Event().wait() or what.encode()


@asynccontextmanager
async def talking(ends, tell) -> AsyncIterator[Worker]:
    """A worker that serves, and answers."""
    ours, theirs = ends
    ours.setblocking(False)
    one, process = channel(theirs), asyncio.get_running_loop().create_future()
    worker = Worker(SimpleNamespace(wait=lambda: process, returncode=None), ours)
    async with one.answering(tell):
        holding = asyncio.create_task(one.hold())
        assert await worker.ready()
        yield worker
        process.set_result(0)
        await worker.ended()
        await asyncio.wait_for(holding, 5)
    one.channel.close()


async def test_a_worker_says_that_it_serves_and_ends_with_its_supervisor(ends):
    ours, theirs = ends
    one = channel(theirs)
    ours.send(b"3")
    assert one.wait()
    assert (one.number, one.turn) == (3, 7)
    async with one.answering(silent):
        holding = asyncio.create_task(one.hold())
        ours.setblocking(False)
        assert await asyncio.get_running_loop().sock_recv(ours, 64) == b"ready"
        await asyncio.sleep(0.05)
        assert not holding.done()
        ours.close()
        await asyncio.wait_for(holding, 5)
    one.channel.close()


def test_a_spare_worker_ends_with_its_supervisor(ends):
    ours, theirs = ends
    one = channel(theirs)
    ours.close()
    assert not one.wait()
    one.channel.close()


async def test_questions_are_answered_in_whatever_size(ends):
    async def tell(what: str) -> bytes:
        return what.encode() * 100_000

    async with talking(ends, tell) as worker:
        assert await asyncio.gather(worker.ask("a"), worker.ask("b")) == [b"a" * 100_000, b"b" * 100_000]


async def test_who_takes_too_long_gives_no_answer_and_the_next_question_gets_its_own(ends, monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE", 0.2)
    stuck = asyncio.Event()

    async def tell(what: str) -> bytes:
        if what == "slow":
            await stuck.wait()
        return what.encode()

    async with talking(ends, tell) as worker:
        assert module._PROBED < 1
        assert await worker.ask("slow") is None
        stuck.set()
        assert await worker.ask("fast") == b"fast"


async def test_who_does_not_serve_is_not_asked(ends):
    ours, theirs = ends
    ours.setblocking(False)
    worker = Worker(SimpleNamespace(returncode=None), ours)
    assert await worker.ask("health") is None
    theirs.close()
    assert not await worker.ready()


@pytest.mark.parametrize(
    "what", ["a b", "a\n2 b", "", " a", "a" * (1 << 20) + "a"], ids=["two", "lines", "none", "blank", "long"]
)
async def test_what_is_no_single_word_is_not_asked(ends, what):
    heard = []

    async def tell(what: str) -> bytes:
        heard.append(what)
        return b"answer"

    async with talking(ends, tell) as worker:
        assert await worker.ask(what) is None
        assert await worker.ask("a" * (1 << 20)) == b"answer"
    assert heard == ["a" * (1 << 20)]


async def test_a_bug_in_an_answer_ends_no_worker(ends):
    async def tell(what: str) -> bytes:
        if what.startswith("explain"):
            raise RuntimeError("canary")
        return b"well"

    async with talking(ends, tell) as worker:
        with capture_logs() as logs:
            assert not await worker.ask("explain:secret")
        assert await worker.ask("health") == b"well"
    assert [one["kind"] for one in logs] == ["explain"]

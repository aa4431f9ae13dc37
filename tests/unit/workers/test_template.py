"""Are workers that were copied from one process as good as workers that were started each by itself?"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ostiary.config.load import load
from ostiary.errors import ConfigError
from ostiary.workers.configuration import Said, heard
from ostiary.workers.forkserver import UNKNOWN, VARIABLE, line_of
from ostiary.workers.template import Copy, Template

_WORKER = """
import os, sys
from ostiary.edge.head import next_id
from ostiary.workers import copied, line_of

channel = copied(line_of(os.environ))
if channel is not None:
    channel.channel.send(f"{os.getpid()} {os.getsid(0)} {os.getppid()} {next_id()} {channel.turn}".encode())
    asked = channel.channel.recv(16)
    sys.exit(int(asked or 0))
"""

SMALL = """
version: 1
listeners: {public: {bind: "127.0.0.1:0"}}
upstreams: {one: {endpoints: ["http://127.0.0.1:1"]}}
routes:
  - {name: all, match: {path: /**}, authenticate: {anonymous: {}}, authorize: anyone, upstream: one}
"""


class Worker:
    """A copy, and the test's end of its channel."""

    def __init__(self, copy: Copy, channel: socket.socket, told: str) -> None:
        self.copy = copy
        self.channel = channel
        self.pid, self.session, self.parent, self.id, self.turn = told.split()


@pytest.fixture
async def template() -> AsyncIterator[Template]:
    one = Template((sys.executable, "-c", _WORKER))
    yield one
    await asyncio.wait_for(one.end(), 10)


@pytest.fixture
def turn() -> Iterator[int]:
    reading, writing = os.pipe()
    yield reading
    os.close(reading)
    os.close(writing)


@pytest.fixture
async def copy(template: Template, turn: int) -> AsyncIterator[object]:
    made: list[Worker] = []
    channels: list[socket.socket] = []

    async def make() -> Worker:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        channels.append(ours)
        with theirs:
            copied = await template.copy((theirs.fileno(), turn, turn, turn, turn))
        told = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(ours, 200), 10)
        made.append(Worker(copied, ours, told.decode()))
        return made[-1]

    yield make
    for channel in channels:
        channel.close()
    for one in made:
        await asyncio.wait_for(one.copy.wait(), 10)


async def test_each_is_a_process_of_its_own_in_a_session_of_its_own(copy) -> None:
    first, second = await copy(), await copy()
    assert first.pid != second.pid
    assert [one.session for one in (first, second)] == [first.pid, second.pid]
    assert [str(one.copy.pid) for one in (first, second)] == [first.pid, second.pid]
    assert first.parent == second.parent != str(os.getpid())


async def test_no_two_of_them_give_a_request_the_same_id(copy) -> None:
    first, second = await copy(), await copy()
    assert first.id[-10:] == second.id[-10:], "both are the first of their process"
    assert first.id != second.id


async def test_how_it_has_ended_is_told(copy) -> None:
    for code in (0, 3):
        one = await copy()
        assert one.copy.returncode is None
        one.channel.send(str(code).encode())
        assert await asyncio.wait_for(one.copy.wait(), 10) == code
        assert one.copy.returncode == code
    for number in (signal.SIGTERM, signal.SIGKILL):
        one = await copy()
        one.copy.send_signal(number)
        assert await asyncio.wait_for(one.copy.wait(), 10) == -number
        one.copy.send_signal(number)  # to nobody: its number may be somebody else's by now


async def test_what_would_end_a_gateway_does_not_end_what_they_are_copied_from(copy) -> None:
    first = await copy()
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(int(first.parent), number)
    assert (await copy()).parent == first.parent


async def test_when_what_they_are_copied_from_dies_they_live_and_the_next_comes_from_another(copy) -> None:
    first = await copy()
    os.kill(int(first.parent), signal.SIGKILL)
    with pytest.raises(ConnectionError):
        await copy()
    second = await copy()
    assert second.parent != first.parent
    assert first.copy.returncode is None
    first.channel.send(b"3")
    assert await asyncio.wait_for(first.copy.wait(), 10) == UNKNOWN


async def test_questions_that_nobody_waits_for_any_more_confuse_no_later_ones(copy, template, turn: int) -> None:
    await copy()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await template.copy((turn,) * 5)
    first, second = await copy(), await copy()
    assert [str(one.copy.pid) for one in (first, second)] == [first.pid, second.pid]


async def test_where_nothing_can_be_started_the_system_says_why(tmp_path: Path, turn: int) -> None:
    with pytest.raises(FileNotFoundError):
        await Template((str(tmp_path / "none"),)).copy((turn,) * 5)


async def test_who_is_nothing_to_be_copied_is_told_nothing_and_tells_nobody() -> None:
    ours, theirs = socket.socketpair()
    environ = {VARIABLE: str(theirs.detach())}
    line = line_of(environ)
    assert line is not None
    assert environ == {}, "what it starts is nothing to be copied"
    assert line_of(environ) is None
    ours.close()
    line.close()


# --- what they take up ---------------------------------------------------------------------------


def test_what_was_judged_last_is_taken_up(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    said = Said()
    for drain in (5, 6, 7):
        file.write_text(SMALL + f"drain_timeout: {drain}s\n")
        said.say(load(file))
    file.write_text("broken, meanwhile")
    examined = heard(said.descriptor)
    assert examined.sound().spec.drain_timeout == 7
    assert (examined.problems, examined.draft) == (examined.sound().warnings, examined.sound().draft)
    said.close()


def test_where_nothing_was_judged_nothing_is_taken_up() -> None:
    said = Said()
    with pytest.raises(ConfigError, match="cannot be had"):
        heard(said.descriptor)
    said.close()

"""How long does a worker stay dead, and how does one know what it is?"""

from __future__ import annotations

import asyncio
import signal
import socket

import pytest

from ostiary.workers import VARIABLE, Bond, how, pause_after


def test_an_accident_costs_no_pause_and_a_series_ever_longer_ones():
    pauses = [pause_after(failures) for failures in range(12)]
    assert pauses[:6] == [0, 0, 0.5, 1, 2, 4]
    assert pauses == sorted(pauses)
    assert pauses[-1] == pause_after(100_000) == 30


def test_the_end_of_a_process_is_told_in_words():
    assert how(3) == {"exit_code": 3}
    assert how(-signal.SIGKILL) == {"signal": "SIGKILL"}
    assert how(-63) == {"signal": 63}


def test_who_was_not_told_so_is_no_worker():
    assert Bond.take({}) is None


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()


def bond(theirs: socket.socket) -> Bond:
    environ = {VARIABLE: f"{theirs.detach()}:7"}
    found = Bond.take(environ)
    assert found is not None
    assert environ == {}, "whoever it starts is none"
    return found


async def test_a_worker_says_that_it_serves_and_ends_with_its_supervisor(ends):
    ours, theirs = ends
    one = bond(theirs)
    ours.send(b"3")
    assert one.wait()
    assert (one.number, one.turn) == (3, 7)
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
    one = bond(theirs)
    ours.close()
    assert not one.wait()
    one.channel.close()

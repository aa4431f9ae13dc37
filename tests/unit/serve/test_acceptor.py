"""Who is let in when the door closes?"""

from __future__ import annotations

import asyncio
import socket

import pytest

from ostiary.config.schema import ListenerLimits, ListenerTimeouts
from ostiary.edge.listening import Listening
from ostiary.serve.acceptor import Acceptor
from ostiary.serve.descriptors import Descriptors

WAITING = 5


class Line(asyncio.Protocol):
    def __init__(self, made: list[Line]) -> None:
        made.append(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"welcome")
        transport.close()


def door(made: list[Line], most: int = 100) -> Acceptor:
    listening = Listening(
        None,  # type: ignore[arg-type]  # nobody asks
        ListenerLimits.model_validate({"connections": most}),
        ListenerTimeouts(),
        "http",
        None,  # type: ignore[arg-type]  # nor proves
    )
    return Acceptor(listening, lambda: Line(made), lambda: None, Descriptors(1 << 16, lambda: 0))


@pytest.fixture
def crowd():
    """Callers whom the kernel has let in, and nobody else."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        listener.setblocking(False)
        callers = [socket.create_connection(listener.getsockname()) for _ in range(WAITING)]
        yield listener, callers
        for caller in callers:
            caller.close()


async def test_whom_the_kernel_has_let_in_is_served_though_the_door_closes(crowd) -> None:
    listener, callers = crowd
    made: list[Line] = []
    one = door(made)
    one.open(listener)
    assert one.close() is listener, "before the loop has looked"
    one.admit_the_rest(listener)
    listener.close()
    answers = await asyncio.gather(*(asyncio.to_thread(caller.recv, 100) for caller in callers))
    assert (answers, len(made)) == ([b"welcome"] * WAITING, WAITING)


async def test_limits_hold_for_them_too(crowd) -> None:
    listener, callers = crowd
    made: list[Line] = []
    one = door(made, most=2)
    one.open(listener)
    one.close()
    one.admit_the_rest(listener)
    answers = await asyncio.gather(*(asyncio.to_thread(caller.recv, 100) for caller in callers))
    assert sorted(answers) == [b""] * (WAITING - 2) + [b"welcome"] * 2


async def test_nobody_comes_after_them(crowd) -> None:
    listener, _ = crowd
    made: list[Line] = []
    one = door(made)
    one.open(listener)
    one.close()
    one.admit_the_rest(listener)
    where = listener.getsockname()
    listener.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.to_thread(socket.create_connection, where)

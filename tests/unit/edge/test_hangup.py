"""What does the kernel know of the other end of a connection?"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from ostiary.edge.hangup import hung_up, taken


class Line(asyncio.Transport):
    """A transport on a socket that is there."""

    def __init__(self, one: socket.socket, waiting: int = 0) -> None:
        self.one = one
        self.waiting = waiting

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"socket": self.one}.get(name, default)

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return False


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as ours:
        theirs, _ = server.accept()
        with theirs:
            ours.setblocking(False)
            yield ours, theirs


def fill(one: socket.socket) -> None:
    try:
        while True:
            one.send(bytes(1 << 16))
    except BlockingIOError:
        pass


def test_what_was_never_written_is_taken(ends) -> None:
    assert taken(Line(ends[0]))


def test_what_fits_into_the_other_ends_kernel_is_taken_though_nobody_has_read_it(ends) -> None:
    ours, _ = ends
    ours.send(b"farewell")
    for _ in range(100):
        if taken(Line(ours)):
            return
    pytest.fail("eight octets are not acknowledged")


def test_what_does_not_fit_is_not_taken(ends) -> None:
    fill(ends[0])
    assert not taken(Line(ends[0]))


def test_what_the_loop_still_has_is_not_taken(ends) -> None:
    assert not taken(Line(ends[0], waiting=1))


def test_of_a_socket_that_is_closed_nothing_is_known(ends) -> None:
    ends[0].close()
    assert (taken(Line(ends[0])), hung_up(Line(ends[0]))) == (False, False)


def test_an_end_is_seen_though_nobody_reads(ends) -> None:
    ours, theirs = ends
    assert not hung_up(Line(ours))
    theirs.close()
    assert hung_up(Line(ours))

"""Does what comes by FastCGI end in an answer, or in nothing at all?"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.http2 import Pipe
from tests.unit.edge.decide.test_answers import edge

from ostiary.config.schema import ListenerLimits, ListenerTimeouts
from ostiary.edge.decide.fastcgi import FastCgiConnection
from ostiary.edge.decide.fastcgi_records import (
    BEGIN,
    END,
    HEADER,
    PARAMS,
    STDIN,
    STDOUT,
    Malformed,
    answer,
    pairs,
    take,
)
from ostiary.edge.listening import Listening
from ostiary.observe.access import AccessLog

PARAMETERS = {
    "REQUEST_METHOD": "GET",
    "REQUEST_URI": "/open",
    "HTTP_HOST": "api.example.com",
    "HTTPS": "on",
    "REMOTE_ADDR": "192.0.2.7",
}
LISTENER = "{bind: '127.0.0.1:0', decide: apache}"


def record(kind: int, content: bytes = b"", request: int = 1, padding: int = 0) -> bytes:
    return HEADER.pack(1, kind, request, len(content), padding) + content + bytes(padding)


def begin(role: int = 2) -> bytes:
    return record(BEGIN, role.to_bytes(2) + bytes(6))


def parameters(changes: dict[str, str] | None = None) -> bytes:
    whole = b""
    for name, value in (PARAMETERS | (changes or {})).items():
        long = (len(value) | 0x80000000).to_bytes(4) if len(value) > 127 else bytes([len(value)])
        whole += bytes([len(name)]) + long + name.encode() + value.encode()
    return whole


@asynccontextmanager
async def connected(folder):
    async with edge(folder, LISTENER) as one:
        reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
        try:
            yield reader, writer
        finally:
            writer.close()


async def said(folder, *pieces: bytes) -> bytes:
    async with connected(folder) as (reader, writer):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        got = bytearray(await asyncio.wait_for(reader.read(), 10))
        return b"".join(one.content for one in take(got) if one.kind == STDOUT)


async def test_a_yes_is_variables(tmp_path):
    told = await said(tmp_path, begin(), record(PARAMS, parameters()), record(PARAMS), record(STDIN))
    assert told.startswith(b"Status: 200\r\n")
    assert b"Variable-OSTIARY_H_X_SUBJECT: nobody\r\n" in told
    assert b"Variable-OSTIARY_H_AUTHORIZATION: \r\n" in told
    assert b"Variable-OSTIARY_UPSTREAM: old\r\n" in told


async def test_a_no_is_a_problem(tmp_path):
    told = await said(tmp_path, begin(), record(PARAMS, parameters({"REQUEST_URI": "/nothing"})), record(PARAMS))
    assert told.startswith(b"Status: 404\r\n")
    assert b'"reason": "route.not-found"' in told


async def test_it_may_come_in_any_pieces(tmp_path):
    whole = begin() + record(PARAMS, parameters({"HTTP_X_LONG": "x" * 500})[:40], padding=7)
    whole += record(PARAMS, parameters({"HTTP_X_LONG": "x" * 500})[40:]) + record(PARAMS)
    told = await said(tmp_path, *(whole[at : at + 50] for at in range(0, len(whole), 50)))
    assert told.startswith(b"Status: 200\r\n")


@pytest.mark.parametrize("octets", [
    begin(role=1),
    b"GET / HTTP/1.1\r\n\r\n",
    record(PARAMS, parameters()),
    begin() + record(PARAMS, b"\xff\xff\xff\xff\xff") + record(PARAMS),
    begin() + record(PARAMS, parameters(), request=2),
    begin() + begin(),
    record(BEGIN, b"\0"),
    begin() + record(2),
    begin() + record(PARAMS, bytes(0xFFFF)) * 3,
])  # fmt: skip
async def test_what_is_no_ask_of_an_authorizer_ends_the_connection(tmp_path, octets):
    async with connected(tmp_path) as (reader, writer):
        writer.write(octets)
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 10) == b""


@given(st.binary(max_size=60))
def test_whatever_octets_come_are_records_or_an_end(data):
    buffer = bytearray(data)
    with suppress(Malformed):
        assert sum(len(one.content) for one in take(buffer)) <= len(data)
    with suppress(Malformed):
        pairs(data)


@given(st.binary(max_size=200_000))
def test_an_answer_of_any_length_is_whole(content):
    found = list(take(bytearray(answer(7, content))))
    assert b"".join(one.content for one in found if one.kind == STDOUT) == content
    assert (found[-1].kind, found[-1].request) == (END, 7)


async def test_what_comes_behind_the_parameters_is_not_kept():
    loop = asyncio.get_running_loop()
    decided = loop.create_future()

    class Undecided:
        access = AccessLog()

        async def handle(self, request, answer):
            await decided

    class Transport:
        def get_extra_info(self, name):
            return ("127.0.0.1", 4711) if name == "peername" else None

        def is_closing(self):
            return True

    listening = Listening(Undecided(), ListenerLimits(), ListenerTimeouts(), "http", lambda _: None)
    connection = FastCgiConnection(listening, loop)
    connection.connection_made(Transport())
    connection.data_received(begin() + record(PARAMS, parameters()) + record(PARAMS))
    assert connection.asked
    for _ in range(100):
        connection.data_received(record(STDIN, bytes(60_000)))
    assert len(connection._buffer) < 60_000
    connection.connection_lost(None)


async def test_one_that_is_closed_is_let_go_of_when_all_was_taken_and_stays_so(monkeypatch):
    ends = iter((True, False, True, True))  # between the first and the second look the loop has written more
    monkeypatch.setattr("ostiary.edge.decide.fastcgi.taken", lambda _: next(ends))
    listening = Listening(None, ListenerLimits(), ListenerTimeouts(), "http", lambda _: None)
    one = FastCgiConnection(listening, asyncio.get_running_loop())
    pipe = Pipe()
    one.connection_made(pipe)
    assert not one.parted()
    one.shut_down()
    assert one.parted()
    for _ in range(3):
        one.tick(0.0)
        assert not pipe.aborted
    one.tick(0.0)
    assert pipe.aborted

"""Is gRPC carried from end to end by the ASGI edge, where the server sends trailers: Hypercorn, by HTTP/2?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from tests.support.edges import BASIC, World, world
from tests.support.grpc_upstream import LARGE, Caller, Service, calling, route_calls, service, until
from tests.support.http2_caller import calling as by_hand
from tests.support.http2_caller import get

from ostiary import asgi
from ostiary.observe.access import AccessLog

pytestmark = pytest.mark.integration


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as one:
        yield one


@pytest.fixture
async def behind() -> AsyncIterator[Service]:
    async with service() as one:
        yield one


@pytest.fixture
async def caller(there: World, behind: Service) -> AsyncIterator[Caller]:
    route_calls(there, behind.port)
    with there.lines.open("wb") as file:
        log = AccessLog(file.fileno())
        async with asgi.hypercorn(there.file, access=log, drain=1) as server:
            async with calling(there, server.sockets[0].getsockname()[1]) as one:
                yield one
            log.flush()


async def test_a_call_is_answered_with_its_trailers_and_the_service_is_shown_our_credential(caller, behind):
    call = caller.unary(b"hello")
    assert await call == b"hello"
    assert dict(await call.trailing_metadata())["x-sum"] == "5"
    assert behind.metadata[0]["authorization"] == BASIC.decode()


async def test_an_error_of_the_service_arrives_with_its_words(caller):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await caller.unary(b"", "Fail")
    error = caught.value
    assert (error.code(), error.details()) == (grpc.StatusCode.FAILED_PRECONDITION, "not today: 100 % öffnen")
    assert dict(error.trailing_metadata())["x-why-bin"] == b"\0\1"


async def test_messages_come_and_go_one_by_one(caller):
    assert [one async for one in caller.count(20)] == [b"%d" % number for number in range(20)]
    call = caller.total()
    for number in range(20):
        await call.write(b"%d" % number)
    await call.done_writing()
    assert await call == b"190"


async def test_both_sides_speak_at_the_same_time(caller):
    call = caller.echo()
    for number in range(10):
        await call.write(b"%d" % number)
        assert await call.read() == b"%d" % number
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    assert await call.code() is grpc.StatusCode.OK


async def test_large_messages_arrive_whole(caller):
    message = bytes(LARGE // 4)
    assert await caller.unary(message) == message


async def test_a_caller_who_gives_up_is_given_up_at_the_service(caller, behind):
    call = caller.unary(b"", "Hold")
    await until(lambda: behind.held)
    call.cancel()
    await until(lambda: behind.cancelled)


async def test_a_deadline_is_kept(caller, behind):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await caller.unary(b"", "Hold", timeout=0.5)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await until(lambda: behind.cancelled)


async def test_a_refusal_is_in_the_words_of_grpc(caller, there):
    caller.metadata = ()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await caller.unary(b"hello")
    error = caught.value
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    told = dict(error.trailing_metadata())
    assert told["ostiary-reason"] == "token.missing"
    assert {"www-authenticate", "x-request-id"} <= set(told)


async def test_a_service_that_is_killed_costs_a_call_its_status_and_no_other_call_its_connection(caller, behind, there):
    call = caller.echo()
    await call.write(b"one")
    assert await call.read() == b"one"
    await behind.server.stop(0)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert caught.value.code() is not grpc.StatusCode.OK
    await behind.begin(behind.port)
    async with asyncio.timeout(9):
        while True:
            try:
                assert await caller.unary(b"again") == b"again"
                break
            except grpc.aio.AioRpcError as error:
                assert error.code() is grpc.StatusCode.UNAVAILABLE  # noqa: PT017 - until it is back
                await asyncio.sleep(0.05)


async def test_a_request_that_goes_on_behind_its_refusal_costs_nobody_the_connection(there):
    async with (
        asgi.hypercorn(there.file, access=AccessLog(), drain=1) as server,
        by_hand(there, server.sockets[0].getsockname()[1]) as caller,
    ):
        refused = caller.ask([*get(there, method="POST")[:4], (b"content-length", b"4000")], end=False)
        assert (await caller.answer(refused))[0] == 401
        for _ in range(4):
            caller.h2.send_data(refused, bytes(1000))
            caller.say()
            await caller.drain()
        assert (await caller.answer(caller.ask(get(there))))[0] == 200

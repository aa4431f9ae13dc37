"""Is gRPC carried from end to end, between a real client and a real server of it?"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from tests.support.admin import Administered
from tests.support.edges import BASIC, World, world
from tests.support.gateway_process import gateway_process
from tests.support.grpc_upstream import LARGE, Caller, Service, calling, gateway, route_calls, service, until

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
    async with gateway(there) as port, calling(there, port) as one:
        yield one


async def test_a_call_is_answered_and_the_service_is_shown_our_credential_in_place_of_the_callers(caller, behind):
    call = caller.unary(b"hello")
    assert await call == b"hello"
    assert dict(await call.trailing_metadata())["x-sum"] == "5"
    seen = behind.metadata[0]
    assert seen["authorization"] == BASIC.decode()
    assert seen["x-subject"]
    assert "te" not in seen or seen["te"] == "trailers"


async def test_messages_come_one_by_one_from_a_service_that_streams(caller):
    assert [one async for one in caller.count(50)] == [b"%d" % number for number in range(50)]


async def test_messages_go_one_by_one_to_a_service_that_sums_them_up(caller):
    call = caller.total()
    for number in range(50):
        await call.write(b"%d" % number)
    await call.done_writing()
    assert await call == b"1225"


async def test_both_sides_speak_at_the_same_time(caller):
    call = caller.echo()
    for number in range(20):
        await call.write(b"%d" % number)
        assert await call.read() == b"%d" % number
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    assert await call.code() is grpc.StatusCode.OK


async def test_a_stream_may_be_silent_for_longer_than_any_body_and_any_answer(there, behind):
    route_calls(there, behind.port, more="timeouts: {response: 200ms, idle: 200ms}")
    text = there.file.read_text()
    there.file.write_text(text.replace("bind: 127.0.0.1:0\n", "bind: 127.0.0.1:0\n    timeouts: {body: 200ms}\n", 1))
    async with gateway(there) as port, calling(there, port) as caller:
        call = caller.echo()
        for message in (b"one", b"two"):
            await asyncio.sleep(0.8)
            await call.write(message)
            assert await call.read() == message
        await call.done_writing()
        assert await call.code() is grpc.StatusCode.OK


async def test_what_the_service_fails_with_is_told_word_for_word(caller):
    with pytest.raises(grpc.aio.AioRpcError) as found:
        await caller.unary(b"", "Fail")
    assert found.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert found.value.details() == "not today: 100 % öffnen"
    assert dict(found.value.trailing_metadata())["x-why-bin"] == b"\0\1"


async def test_who_gives_up_lets_the_service_stop(caller, behind):
    call = caller.unary(b"", "Hold")
    await until(lambda: behind.held)
    call.cancel()
    await until(lambda: behind.cancelled)


async def test_a_deadline_is_told_to_the_service_and_kept(caller, behind):
    with pytest.raises(grpc.aio.AioRpcError) as found:
        await caller.unary(b"", "Hold", timeout=0.7)
    assert found.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert 0 < behind.remaining[0] < 0.71
    await until(lambda: behind.cancelled)


async def test_messages_of_four_megabytes_go_both_ways(caller):
    message = bytes(range(256)) * (LARGE // 256)
    assert await caller.unary(message) == message


async def test_a_hundred_calls_at_a_time_share_a_connection(caller, behind):
    calls = [asyncio.ensure_future(caller.unary(b"%d" % number, "Hold")) for number in range(100)]
    await until(lambda: behind.held == 100)
    async with asyncio.timeout(9):
        behind.release.set()
        assert await asyncio.gather(*calls) == [b"%d" % number for number in range(100)]


async def test_a_service_that_stops_with_grace_loses_no_call(caller, behind):
    before = asyncio.ensure_future(caller.unary(b"before", "Hold"))
    await until(lambda: behind.held)
    old, port = behind.server, behind.port
    stopping = asyncio.ensure_future(old.stop(5))
    await behind.begin(port)
    after = asyncio.ensure_future(caller.unary(b"after"))
    assert await after == b"after"
    behind.release.set()
    assert await before == b"before"
    await stopping


async def test_a_service_that_is_gone_is_unavailable_and_found_again_when_it_is_back(caller, behind):
    held = asyncio.ensure_future(caller.unary(b"", "Hold"))
    await until(lambda: behind.held)
    await behind.server.stop(0)
    with pytest.raises(grpc.aio.AioRpcError) as found:
        await held
    assert found.value.code() is not grpc.StatusCode.OK
    with pytest.raises(grpc.aio.AioRpcError) as found:
        await caller.unary(b"")
    assert found.value.code() is grpc.StatusCode.UNAVAILABLE
    await behind.begin(behind.port)
    await asyncio.sleep(1.1)  # an endpoint that could not be reached rests for a second
    assert await caller.unary(b"again") == b"again"


async def test_over_tls_the_service_is_who_it_should_be(there):
    pki = there.pki
    shown = grpc.ssl_server_credentials([(pki.server_key.read_bytes(), pki.server.read_bytes())])
    async with service(shown) as behind:
        route_calls(there, behind.port, "https", f"tls: {{trusted: [file:{pki.ca.relative_to(there.folder)}]}}")
        async with gateway(there) as port, calling(there, port) as caller:
            assert await caller.unary(b"hello") == b"hello"


async def test_the_log_tells_what_has_become_of_a_call(caller, there):
    await caller.unary(b"hello")
    await until(lambda: there.lines.read_text().endswith("\n"))
    line = json.loads(there.lines.read_text().splitlines()[0])
    assert (line["route"], line["reason"], line["status"], line["grpc_status"]) == ("calls", "allowed", 200, 0)


async def test_metrics_tell_calls_by_the_status_that_their_callers_read(there, behind):
    route_calls(there, behind.port)
    there.file.write_text(there.file.read_text() + "admin: {bind: 127.0.0.1:0}\n")
    async with gateway_process(there.file) as process, calling(there, process.port) as caller:
        gateway = Administered(there, process)
        assert await caller.unary(b"hello") == b"hello"
        for method in ("Fail", "Nobody"):
            with pytest.raises(grpc.aio.AioRpcError):
                await caller.unary(b"", method)
        caller.metadata = ()
        with pytest.raises(grpc.aio.AioRpcError):
            await caller.unary(b"refused by the gateway")
        await gateway.call("/both/a", token=gateway.token())  # is no call
        found = await gateway.metrics()
    told = {labels: count for (name, labels), count in found.items() if name == "ostiary_grpc_calls_total"}
    codes = {int(dict(labels)["grpc_status"]): count for labels, count in told.items()}
    assert codes == {
        code.value[0]: 1.0
        for code in (
            grpc.StatusCode.OK,
            grpc.StatusCode.FAILED_PRECONDITION,
            grpc.StatusCode.UNIMPLEMENTED,
            grpc.StatusCode.UNAUTHENTICATED,
        )
    }


async def test_a_gateway_as_its_operators_run_it_carries_streams_through_a_reload(there, behind):
    there.file.write_text("drain_timeout: 300ms\n" + there.file.read_text())
    route_calls(there, behind.port)
    async with gateway_process(there.file) as process, calling(there, process.port) as caller:
        call = caller.echo(timeout=30)
        await call.write(b"before")
        assert await call.read() == b"before"
        there.file.write_text(there.file.read_text() + "# changed\n")
        process.signal(signal.SIGHUP)
        closed = "the gateway before is closed"
        await until(lambda: [one["lasting"] for one in process.events() if one["event"] == closed] == [1])
        await call.write(b"after")
        assert await call.read() == b"after"
        assert await caller.unary(b"anew") == b"anew"
        await call.done_writing()
        assert await call.code() is grpc.StatusCode.OK

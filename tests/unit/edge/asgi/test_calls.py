"""How does a call of gRPC end by ASGI, where the server sends trailers and where it does not?"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.support.http2 import Gateway

from ostiary.config.schema import ListenerLimits, ListenerTimeouts
from ostiary.edge.asgi.exchange import AnswerBroken
from ostiary.edge.asgi.handler import TRAILERS, AsgiEdge
from ostiary.errors import Forbidden, UpstreamUnreachable
from ostiary.model import Headers

CALL = [(b"host", b"a.example"), (b"content-type", b"application/grpc+proto"), (b"te", b"trailers")]
TYPE = (b"content-type", b"application/grpc")


def scope(fields: list[tuple[bytes, bytes]] = CALL, version: str = "2", *, offered: bool = True) -> dict[str, Any]:
    return {
        "type": "http", "http_version": version, "method": "POST", "scheme": "https", "path": "/a.B/C",
        "raw_path": b"/a.B/C", "query_string": b"", "headers": fields, "client": ("192.0.2.7", 4711),
        "extensions": {TRAILERS: {}} if offered else {},
    }  # fmt: skip


class Server:
    """A server of ASGI: keeps what it is sent; its caller says what the test says."""

    def __init__(self, folder: Path) -> None:
        self.gateway = Gateway(folder / "access.log")
        self.edge = AsgiEdge(self.gateway, ListenerLimits(), ListenerTimeouts())
        self.said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []

    async def send(self, message: Any) -> None:
        self.sent.append(dict(message))

    def begin(self, one: dict[str, Any]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(self.edge.handle(one, self.said.get, self.send))

    async def asked(self) -> Any:
        async with asyncio.timeout(5):
            while not self.gateway.asked:  # noqa: ASYNC110 - the gateway of these tests has no event
                await asyncio.sleep(0)
        return self.gateway.asked[-1]

    def fields(self, kind: str) -> dict[bytes, bytes]:
        [message] = [one for one in self.sent if one["type"] == f"http.response.{kind}"]
        return dict(message["headers"])


@pytest.fixture
async def server(tmp_path: Path) -> Any:
    one = Server(tmp_path)
    yield one
    one.gateway.close()


async def test_an_answer_ends_with_its_trailers(server):
    task = server.begin(scope())
    asked = await server.asked()
    asked.start(200, TYPE)
    asked.answer.write(b"message")
    asked.answer.finish(Headers.of([(b"Grpc-Status", b"0")]))
    await task
    assert server.sent[0]["trailers"] is True
    assert [one["type"].rpartition(".")[2] for one in server.sent] == ["start", "body", "body", "trailers"]
    assert server.fields("trailers") == {b"grpc-status": b"0"}


async def test_an_answer_that_ends_with_its_head_is_told_in_trailers(server):
    task = server.begin(scope())
    asked = await server.asked()
    asked.start(200, TYPE, (b"grpc-status", b"5"), (b"x-why", b"1"), length=0)
    asked.answer.finish()
    await task
    assert set(server.fields("start")) == {b"content-type", b"content-length"}
    told = server.fields("trailers")
    assert (told[b"grpc-status"], told[b"x-why"]) == (b"5", b"1")


async def test_a_refusal_is_told_in_trailers(server):
    server.gateway.error = Forbidden()
    await server.begin(scope())
    assert server.sent[0]["status"] == 200
    told = server.fields("trailers")
    assert (told[b"grpc-status"], told[b"ostiary-reason"]) == (b"7", b"permission.missing")
    assert [one["status"] for one in server.gateway.lines()] == [403]


async def test_a_call_that_breaks_off_ends_with_a_status(server):
    task = server.begin(scope())
    asked = await server.asked()
    asked.start(200, TYPE)
    await asyncio.sleep(0.01)
    asked.answer.fail(UpstreamUnreachable())
    await task
    assert server.fields("trailers")[b"grpc-status"] == b"14"


async def test_what_is_no_call_breaks_off_visibly(server):
    task = server.begin(scope([CALL[0], (b"content-length", b"0"), CALL[2]]))
    asked = await server.asked()
    asked.start(200)
    await asyncio.sleep(0.01)
    asked.answer.fail(UpstreamUnreachable())
    with pytest.raises(AnswerBroken):
        await task


WITHOUT = {
    "a server that does not offer them": scope(offered=False),
    "a caller who does not take them": scope(CALL[:2]),
}


@pytest.mark.parametrize("one", WITHOUT.values(), ids=WITHOUT.keys())
async def test_without_trailers_a_call_is_refused_and_does_not_hang(server, one):
    await server.begin(one)
    assert server.gateway.asked == []
    told = server.fields("start")
    assert (told[b"grpc-status"], told[b"ostiary-reason"]) == (b"12", b"call.unsupported")
    assert server.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_over_http_1_a_call_is_refused_in_a_document(server):
    await server.begin(scope([*CALL, (b"content-length", b"0")], "1.1", offered=False))
    assert server.sent[0]["status"] == 501
    assert b'"reason": "call.unsupported"' in server.sent[1]["body"]


async def test_the_service_may_speak_first(server):
    """Nothing of the request has come but its head."""
    task = server.begin(scope())
    asked = await server.asked()
    asked.start(200, TYPE)
    asked.answer.write(b"hello")
    await asyncio.sleep(0.01)
    assert server.sent[1]["body"] == b"hello"
    asked.answer.finish()
    await task


async def test_a_caller_who_waits_is_not_hurried_where_the_service_is_patient(server):
    server.edge = AsgiEdge(server.gateway, ListenerLimits(), ListenerTimeouts.model_validate({"body": "50ms"}))
    server.gateway.flowing = False
    task = server.begin(scope())
    asked = await server.asked()
    asked.sink.patient = True
    asked.request.body.flow_to(asked.sink)
    await asyncio.sleep(0.15)
    await server.said.put({"type": "http.request", "body": b"late", "more_body": False})
    await asyncio.sleep(0.05)
    assert asked.sink.data == b"late"
    asked.start(200, TYPE)
    asked.answer.finish()
    await task


async def test_no_trailers_are_announced_for_what_can_have_none(server):
    server.gateway.error = None
    task = server.begin({**scope([CALL[0], (b"content-length", b"0"), CALL[2]]), "method": "GET"})
    asked = await server.asked()
    asked.whole(b"hello")
    await task
    assert server.sent[0]["trailers"] is False

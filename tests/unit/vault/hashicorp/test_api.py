"""What happens when the server, or something before it, does not behave?"""

from __future__ import annotations

import asyncio
import gzip
import ssl
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ostiary.model import Secret
from ostiary.vault.errors import Unavailable
from ostiary.vault.hashicorp.api import LARGEST, Api

CANARY = "canary-token-0c9d"


@asynccontextmanager
async def behaving(answer: bytes, *, pause: float = 0.0) -> AsyncIterator[tuple[Api, list[bytes]]]:
    """A server that gives this answer to everything, and an API that talks to it."""
    heads: list[bytes] = []
    serving: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        try:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            await asyncio.sleep(pause)
            writer.write(answer)
            await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            writer.transport.abort()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    api = Api(f"http://127.0.0.1:{port}", "team/a", 0.5, ssl.create_default_context())
    try:
        yield api, heads
    finally:
        await api.aclose()
        server.close()
        for task in filter(None, serving):
            task.cancel()
        await asyncio.gather(*filter(None, serving), return_exceptions=True)
        await asyncio.sleep(0)  # closed transports let go of their sockets


def http(status: str, body: bytes, *fields: str) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *fields])
    return head.encode("latin-1") + b"\r\n\r\n" + body


async def ask(api: Api):
    return await api.call("GET", "secret/data/a", token=Secret(CANARY))


async def test_every_question_carries_what_the_server_wants():
    async with behaving(http("200 OK", b'{"data": {}}')) as (api, heads):
        await ask(api)
    head = heads[0].lower()
    assert head.startswith(b"get /v1/secret/data/a http/1.1\r\n")
    for field in (
        b"x-vault-request: true",
        b"x-vault-namespace: team/a",
        b"x-vault-token: canary-token-0c9d",
        b"accept-encoding: identity",
    ):
        assert field in head


@pytest.mark.parametrize(
    "body", [b"<html>Forbidden</html>", b"", b"[]", b'"x"', b'{"message": "blocked"}', b"\xff", b"[" * 100_000]
)
async def test_what_is_not_the_vaults_own_json_is_not_its_word(body):
    async with behaving(http("403 Forbidden", body)) as (api, _):
        reply = await ask(api)
    assert (reply.status, reply.spoken, dict(reply.body)) == (403, False, {})


async def test_a_redirect_is_not_followed_and_the_token_goes_nowhere():
    async with behaving(http("200 OK", b"{}")) as (elsewhere, heads):
        target = f"Location: {elsewhere._addresses[0]}/v1/secret/data/a"
        async with behaving(http("307 Temporary Redirect", b"", target)) as (api, _):
            assert (await ask(api)).status == 307
        assert heads == []


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        (http("200 OK", b"x" * (LARGEST + 1)), 0.0),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b"x" * 65536 + b"\r\n", 0.0),
        (http("200 OK", b"{}"), 2.0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", 0.0),
        (b"garbage\r\n\r\n", 0.0),
        (b"", 0.0),
    ],
)
async def test_no_whole_answer_in_time_is_an_outage(answer, pause):
    async with behaving(answer, pause=pause) as (api, heads):
        with pytest.raises(Unavailable) as caught:
            await asyncio.wait_for(ask(api), 1.0)
        heads.clear()  # what the server saw is no leak
    assert CANARY not in f"{caught.value!r} {caught.value.__context__!r} {caught.value.__cause__!r}"
    assert CANARY not in str(caught.getrepr(showlocals=True))


@pytest.mark.attack(62)
async def test_a_compressed_answer_is_not_unpacked():
    bomb = gzip.compress(b'{"data": {"data": {"secret": "' + b"x" * (20 << 20) + b'"}}}')
    async with behaving(http("200 OK", bomb, "Content-Encoding: gzip")) as (api, _):
        tracemalloc.start()
        reply = await ask(api)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (reply.spoken, most < 5 << 20) == (False, True)


async def test_a_server_that_is_not_there_is_an_outage():
    api = Api("http://127.0.0.1:9", None, 0.5, ssl.create_default_context())
    with pytest.raises(Unavailable):
        await ask(api)
    await api.aclose()


@pytest.mark.parametrize(("text", "seconds"), [("7", 7.0), ("0", 0.0), ("soon", None), ("-1", None), ("\xb2", None)])
async def test_retry_after_is_read_when_it_is_a_number(text, seconds):
    async with behaving(http("503 Service Unavailable", b'{"errors": []}', f"Retry-After: {text}")) as (api, _):
        assert (await ask(api)).retry_after == seconds


async def test_the_environment_does_not_reroute_the_token(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with behaving(http("200 OK", b'{"data": {}}')) as (api, _):
        assert (await ask(api)).status == 200


# --- several servers --------------------------------------------------------------------------


class Cluster:
    """Servers that give one answer after the other."""

    def __init__(self, *answers: list[bytes]) -> None:
        self.answers = answers
        self.asked: list[int] = []

    async def serve(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked.append(number)
        answers = self.answers[number]
        writer.write(answers.pop(0) if len(answers) > 1 else answers[0])
        writer.close()


@asynccontextmanager
async def cluster(*answers: list[bytes]) -> AsyncIterator[tuple[Api, Cluster]]:
    servers = Cluster(*answers)
    listening = [
        await asyncio.start_server(lambda r, w, n=number: servers.serve(n, r, w), "127.0.0.1", 0)
        for number in range(len(answers))
    ]
    addresses = tuple(f"http://127.0.0.1:{one.sockets[0].getsockname()[1]}" for one in listening)
    api = Api(addresses, None, 2.0, ssl.create_default_context(), chance=lambda: 0.0)
    try:
        yield api, servers
    finally:
        await api.aclose()
        for one in listening:
            one.close()
        await asyncio.sleep(0.01)


GOOD = http("200 OK", b'{"data": {"of": "somebody"}}')


@pytest.mark.parametrize("status", ["307 x", "472 x", "473 x", "501 x", "503 x", "502 x", "504 x"])
async def test_a_server_that_does_not_answer_for_its_cluster_is_passed_over(status):
    async with cluster([http(status, b'{"errors": []}')], [GOOD]) as (api, servers):
        assert (await ask(api)).status == 200
        assert (await ask(api)).status == 200
    assert servers.asked == [0, 1, 1]


@pytest.mark.parametrize("status", ["400 x", "403 x", "404 x", "429 x", "500 x"])
async def test_an_answer_is_an_answer_and_nobody_else_is_asked(status):
    async with cluster([http(status, b'{"errors": []}')], [GOOD]) as (api, servers):
        assert (await ask(api)).status == int(status[:3])
    assert servers.asked == [0]


async def test_when_none_answers_for_the_cluster_the_last_answer_counts():
    async with cluster([http("503 x", b'{"errors": []}')], [http("473 x", b'{"errors": []}')]) as (api, _):
        assert (await ask(api)).status == 473


async def test_a_replica_that_has_not_heard_yet_is_asked_again():
    behind = http("412 x", b'{"errors": ["not yet"]}')
    async with cluster([behind, behind, GOOD]) as (api, servers):
        assert (await ask(api)).status == 200
    assert servers.asked == [0, 0, 0]


async def test_a_replica_that_never_hears_is_not_asked_for_ever():
    async with cluster([http("412 x", b'{"errors": ["not yet"]}')]) as (api, servers):
        assert (await ask(api)).status == 412
    assert len(servers.asked) == 3


async def test_what_may_have_been_done_already_is_not_done_twice():
    broken = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
    async with cluster([broken], [GOOD]) as (api, servers):
        with pytest.raises(Unavailable):
            await api.call("POST", "auth/approle/login", body={"role_id": "r"})
        assert servers.asked == [0]
        assert (await ask(api)).status == 200
    assert servers.asked == [0, 0, 1]


async def test_a_question_may_be_for_another_namespace():
    async with behaving(http("200 OK", b'{"data": {}}')) as (api, heads):
        await api.call("POST", "auth/approle/login", body={}, namespace="other")
    assert b"x-vault-namespace: other\r\n" in heads[0].lower()

"""Do all edges of the gateway decide alike, and carry every octet?"""

from __future__ import annotations

import asyncio
import json

import httpx2
import pytest
from tests.support.edges import BASIC, LARGE, hypercorn, hypercorn2, mounted, native, native2, world

from ostiary import asgi
from ostiary.asgi import AnswerBroken
from ostiary.errors import ConfigError
from ostiary.observe.access import AccessLog

pytestmark = pytest.mark.integration

TLS = [native, native2, hypercorn, hypercorn2]


@pytest.fixture
async def there(tmp_path):
    async with world(tmp_path) as one:
        yield one


@pytest.fixture(params=[*TLS, mounted], ids=lambda edge: edge.__name__)
async def edge(request, there):
    """Every edge; the client shows its certificate where there is TLS."""
    async with request.param(there) as make, make() as client:
        yield client


@pytest.fixture(params=TLS, ids=lambda edge: edge.__name__)
async def tls(request, there):
    """The edges with TLS: a maker of clients."""
    async with request.param(there) as make:
        yield make


def refused(answer: httpx2.Response, status: int, reason: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["reason"]) == (status, reason)
    assert answer.headers.get_list("x-request-id") == [problem["request_id"]]


def fields(head: bytes, name: bytes) -> list[bytes]:
    lines = [line.partition(b": ") for line in head.split(b"\r\n")[1:]]
    return [value for found, _, value in lines if found.lower() == name]


SCOPE = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/", "query_string": b""}


def bearer(there) -> tuple[bytes, bytes]:
    return b"authorization", there.token()["Authorization"].encode()


async def silent():
    """Receive nothing, for ever."""
    await asyncio.Event().wait()


async def told(there, said, headers=(), messages=((b"", False),)):
    """What an application sends for one scope."""
    sent, left = [], iter(messages)

    async def receive():
        for body, more in left:
            return {"type": "http.request", "body": body, "more_body": more}
        return await silent()

    async def send(message):
        sent.append(message)

    scope = {**SCOPE, "headers": [(b"host", b"localhost"), bearer(there), *headers], **said}
    async with asgi.app(there.file, access=AccessLog()) as edge, asyncio.timeout(5):
        await edge(scope, receive, send)
    return sent


async def pieces(data: bytes, size: int = 10_000):
    for at in range(0, len(data), size):
        yield data[at : at + size]


# --- who may ---------------------------------------------------------------------------------------


async def test_certificate_and_token_open_the_route_and_the_upstream_sees_the_credential(tls, there):
    async with tls() as client:
        answer = await client.get("/both/1?x=%20y", headers=there.token())
    assert (answer.status_code, answer.text) == (200, "hello")
    [head] = there.service.heads
    assert head.startswith(b"GET /both/1?x=%20y HTTP/1.1\r\n")
    assert fields(head, b"authorization") == [BASIC]
    assert fields(head, b"x-subject") == [b"alice"]
    assert there.token()["Authorization"].split(".")[0].encode() not in head


async def test_a_path_is_told_in_other_words_and_what_comes_back_is_as_well(edge, there):
    large = await edge.get("/public/large", headers=there.token())
    moved = await edge.get("/public/moved", headers=there.token(), follow_redirects=False)
    refused(await edge.get("/public/%2e%2e/x", headers=there.token()), 400, "path.ambiguous")

    assert (large.status_code, large.content) == (200, LARGE)
    assert there.service.heads[0].startswith(b"GET /old/large HTTP/1.1\r\n")
    assert (moved.status_code, moved.headers["location"]) == (302, "/public/1")
    assert moved.headers["set-cookie"] == "s=1; Path=/public"
    assert "x-powered-by" not in moved.headers
    assert len(there.service.heads) == 2


async def test_without_a_certificate_the_route_says_so(tls, there):
    async with tls(certificate=False) as client:
        refused(await client.get("/both/1", headers=there.token()), 401, "certificate.missing")
    assert there.service.heads == []


async def test_under_a_mount_nobody_has_a_certificate(there):
    async with mounted(there) as make, make() as client:
        refused(await client.get("/both/1", headers=there.token()), 401, "certificate.missing")


async def test_a_certificate_that_another_server_claims_is_not_believed(there):
    claimed = {"client_cert_chain": [there.pki.client.read_text()], "client_cert_name": "CN=client", "tls_version": 772}

    async with mounted(there) as make, make() as client:
        inner = client._transport.app

        async def claiming(scope, receive, send):
            await inner({**scope, "extensions": {"tls": claimed}}, receive, send)

        client._transport.app = claiming
        refused(await client.get("/both/1", headers=there.token()), 401, "certificate.missing")


async def test_without_a_token_there_is_a_challenge(edge, there):
    answer = await edge.get("/token/1")
    refused(answer, 401, "token.missing")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "error=" not in answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("claims", "status", "reason"),
    [
        ({"life": -3600.0}, 401, "token.expired"),
        ({"aud": "payments"}, 401, "token.audience-mismatch"),
        ({"permissions": {"accounts": ["list"]}}, 403, "permission.missing"),
    ],
)
async def test_a_token_that_is_not_good_enough_is_refused(edge, there, claims, status, reason):
    refused(await edge.get("/token/1", headers=there.token(**claims)), status, reason)
    assert there.service.heads == []


@pytest.mark.parametrize("name", ["X-Subject", "X_Subject", "x.subject"])
async def test_a_subject_that_the_caller_made_up_does_not_pass(edge, there, name):
    answer = await edge.get("/token/1", headers={**there.token(), name: "root"})
    assert answer.status_code == 200
    [head] = there.service.heads
    assert fields(head, b"x-subject") == [b"alice"]
    assert b"root" not in head


@pytest.mark.parametrize("kind", [native2, hypercorn2])
async def test_http_2_is_spoken_to_those_who_ask_for_it(there, kind):
    async with kind(there) as make, make() as client:
        assert (await client.get("/both/1", headers=there.token())).http_version == "HTTP/2"


# --- what is asked for -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/token/../both/1", "/token/%2e%2e/both/1", "/token/a%2fb", "/token//1"])
async def test_a_path_with_two_readings_is_refused(there, path):
    for kind in (native, native2, hypercorn, mounted):
        async with kind(there) as make, make() as client:
            request = client.build_request("GET", "/", headers=there.token())
            request.url = _Exact(request.url, path.encode())
            answer = await client.send(request)
            refused(answer, 400, answer.json()["reason"])
            assert answer.json()["reason"].startswith("path.")


class _Exact(httpx2.URL):
    """A URL whose path is sent as it is written."""

    def __init__(self, url: httpx2.URL, raw: bytes) -> None:
        super().__init__(url)
        self._raw = raw

    @property
    def raw_path(self) -> bytes:
        return self._raw


async def test_a_path_without_a_route_is_not_found(edge, there):
    refused(await edge.get("/nowhere", headers=there.token()), 404, "route.not-found")


async def test_a_method_without_a_route_is_not_allowed(edge, there):
    answer = await edge.delete("/token/1", headers=there.token())
    refused(answer, 405, "method.not-allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"


async def test_an_upstream_that_is_down_is_a_bad_gateway(edge, there):
    refused(await edge.get("/down", headers=there.token()), 502, "upstream.unreachable")


# --- what is carried -------------------------------------------------------------------------------


async def test_an_upload_of_unknown_length_arrives_whole(edge, there):
    answer = await edge.post("/token/1", headers=there.token(), content=pieces(LARGE))
    assert answer.status_code == 200
    assert there.service.bodies == [LARGE]


async def test_an_upload_of_known_length_arrives_whole(edge, there):
    answer = await edge.post("/token/1", headers=there.token(), content=LARGE)
    assert answer.status_code == 200
    assert there.service.bodies == [LARGE]
    assert fields(there.service.heads[0], b"content-length") == [b"%d" % len(LARGE)]


async def test_a_download_arrives_whole(edge, there):
    answer = await edge.get("/token/large", headers=there.token())
    assert answer.content == LARGE
    assert answer.headers["content-length"] == str(len(LARGE))


async def test_a_download_of_unknown_length_arrives_whole(edge, there):
    assert (await edge.get("/token/chunked", headers=there.token())).text == "well done"


async def test_the_answer_to_head_has_a_length_and_no_content(edge, there):
    answer = await edge.head("/token/large", headers=there.token())
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(LARGE))


async def test_a_connection_serves_one_request_after_another(edge, there):
    for _ in range(5):
        assert (await edge.get("/token/1", headers=there.token())).text == "hello"


async def test_an_answer_that_breaks_off_does_not_look_complete(tls, there):
    async with tls() as client:
        with pytest.raises(httpx2.TransportError):
            await client.get("/token/broken", headers=there.token())


async def test_under_a_mount_an_answer_that_breaks_off_is_an_exception(there):
    async with mounted(there) as make, make() as client:
        with pytest.raises(AnswerBroken):
            await client.get("/token/broken", headers=there.token())


async def test_a_caller_that_reads_nothing_stops_the_upstream(there):
    edge = asgi.app(there.file, access=AccessLog())
    scope = {**SCOPE, "raw_path": b"/token/endless", "headers": [(b"host", b"localhost"), bearer(there)]}
    sent, reading = [], asyncio.Event()

    async def send(message):
        sent.append(message)
        if message["type"] == "http.response.body":
            await reading.wait()

    async with edge:
        task = asyncio.create_task(edge(scope, silent, send))
        async with asyncio.timeout(10):
            stalled = -1
            while (written := there.service.written) == 0 or written != stalled:
                stalled = written
                await asyncio.sleep(0.3)
            reading.set()
            while there.service.written == stalled:  # noqa: ASYNC110 - two counters, nothing to wait on
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_caller_that_goes_away_lets_the_upstream_go(there):
    edge = asgi.app(there.file, access=AccessLog())
    scope = {**SCOPE, "raw_path": b"/token/endless", "headers": [(b"host", b"localhost"), bearer(there)]}
    gone = asyncio.Event()

    async def receive():
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.body":
            gone.set()

    async with edge, asyncio.timeout(5):
        await edge(scope, receive, send)
        await there.service.left.wait()


@pytest.mark.parametrize(
    ("headers", "messages"),
    [
        ([(b"content-length", b"5")], [(b"four", False)]),
        ([(b"content-length", b"5")], [(b"sixsix", False)]),
        ([], [(b"GET /smuggled HTTP/1.1\r\n\r\n", False)]),
        ([(b"content-length", b"5"), (b"transfer-encoding", b"chunked")], [(b"12345", False)]),
        ([(b"content-length", b"5"), (b"content-length", b"5")], [(b"12345", False)]),
    ],
)
async def test_a_body_that_is_not_what_was_announced_is_refused(there, headers, messages):
    answer = await told(there, {"method": "POST", "raw_path": b"/token/1"}, headers, messages)
    assert answer[0]["status"] == 400
    assert b"request.ambiguous" in answer[1]["body"]
    assert not any(there.service.bodies)


@pytest.mark.parametrize(
    "said",
    [
        {"method": "GET / HTTP/1.1\r\nX: y\r\n\r\nGET"},
        {"raw_path": b"/token/1 HTTP/1.1\r\nX-Subject: root\r\n\r\n"},
        {"raw_path": b"/token/1", "query_string": b"a\r\nX-Subject: root"},
        {"raw_path": b"*"},
        {"raw_path": b"http://localhost/token/1"},
        {"raw_path": None, "path": "/token/a b"},
    ],
)
async def test_octets_that_would_become_another_request_are_refused(there, said):
    answer = await told(there, said)
    assert answer[0]["status"] == 400
    assert there.service.heads == []


async def test_a_plain_path_needs_no_raw_path(there):
    assert (await told(there, {"raw_path": None, "path": "/token/1"}))[0]["status"] == 200


@pytest.mark.parametrize("field", [(b"x-a b", b"1"), (b"x\r\ny", b"1"), (b"x-a", b"1\r\nX-Subject: root")])
async def test_fields_that_would_become_others_are_refused(there, field):
    assert (await told(there, {"raw_path": b"/token/1"}, [field]))[0]["status"] == 400
    assert there.service.heads == []


@pytest.mark.parametrize(
    ("extensions", "types"),
    [
        ({}, ["websocket.close"]),
        ({"websocket.http.response": {}}, ["websocket.http.response.start", "websocket.http.response.body"]),
    ],
)
async def test_a_websocket_is_denied(there, extensions, types):
    answer = await told(there, {"type": "websocket", "raw_path": b"/token/1", "extensions": extensions})
    assert [message["type"] for message in answer] == types
    assert there.service.heads == []


async def test_a_lifespan_starts_and_stops_the_gateway(there):
    sent, wanted = [], iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive():
        return {"type": next(wanted)}

    async def send(message):
        sent.append(message["type"])

    await asgi.app(there.file, access=AccessLog())({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_the_file_is_the_one_that_the_environment_names(there, monkeypatch):
    with pytest.raises(ConfigError):
        asgi.app()
    monkeypatch.setenv("OSTIARY_CONFIG", str(there.file))
    assert isinstance(asgi.app(access=AccessLog()), asgi.GatewayApp)


async def test_every_request_has_one_line_in_the_log(edge, there):
    first = await edge.get("/token/1?secret=1", headers=there.token())
    second = await edge.get("/token/2")
    await asyncio.sleep(0.1)
    lines = [json.loads(line) for line in there.lines.read_text().splitlines()]
    assert [(line["id"], line["status"], line["path"]) for line in lines] == [
        (first.headers["x-request-id"], 200, "/token/1"),
        (second.headers["x-request-id"], 401, "/token/2"),
    ]
    assert (lines[0]["decision"], lines[0]["subject"], lines[0]["reason"]) == ("allow", "alice", "allowed")

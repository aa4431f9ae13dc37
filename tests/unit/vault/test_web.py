"""What is heard of a vault that answers over HTTP, and what is not?"""

from __future__ import annotations

import gzip
import ssl
from collections.abc import AsyncIterator

import pytest
from tests.support.origin import Origin, ok, origin

from ostiary.model import Secret
from ostiary.vault.errors import Unavailable
from ostiary.vault.web import Web

CANARY = "canary-web-81d0"


@pytest.fixture
async def server() -> AsyncIterator[Origin]:
    async with origin() as running:
        yield running


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    made = Web(2.0, ssl.create_default_context(), largest=1000)
    yield made
    await made.aclose()


async def why(web: Web, server: Origin, path: str) -> str:
    with pytest.raises(Unavailable) as caught:
        await web.ask("GET", server.url(path), {"Authorization": Secret(CANARY)})
    assert CANARY not in str(caught.value)
    return str(caught.value)


async def test_an_answer_is_as_large_as_it_may_be_and_no_larger(web: Web, server: Origin) -> None:
    server.answers = {"/whole": ok(b"x" * 1000), "/more": ok(b"x" * 1001)}
    assert len((await web.ask("GET", server.url("/whole"))).content) == 1000
    assert await why(web, server, "/more") == "the answer of the vault is too large"


@pytest.mark.attack(62)
@pytest.mark.parametrize("coding", ["gzip", "br", "GZIP", "identity, gzip"])
async def test_compressed_content_is_not_unpacked(web: Web, server: Origin, coding: str) -> None:
    server.answers["/bomb"] = ok(gzip.compress(bytes(1 << 20))[:900], f"Content-Encoding: {coding}")
    assert "compressed" in await why(web, server, "/bomb")


@pytest.mark.attack(65)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_an_answer_and_what_was_shown_goes_nowhere_else(
    web: Web, server: Origin, status: str
) -> None:
    server.answers["/here"] = f"HTTP/1.1 {status}\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n".encode()
    answer = await web.ask("GET", server.url("/here"), {"Authorization": Secret(CANARY)})
    assert answer.status == int(status[:3])
    assert server.asked == {"/here": 1}


async def test_the_environment_does_not_reroute_it(web: Web, server: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.answers["/a"] = ok(b"{}")
    fresh = Web(2.0, ssl.create_default_context())
    assert (await fresh.ask("GET", server.url("/a"))).json() == {}
    await fresh.aclose()


@pytest.mark.attack(65)
@pytest.mark.parametrize("content", [b"<html>", b"", b"\xff", b"[" * 900, b'{"a": 1, "a": 2}'])
async def test_what_is_no_json_in_one_reading_is_none(web: Web, server: Origin, content: bytes) -> None:
    server.answers["/a"] = ok(content)
    assert (await web.ask("GET", server.url("/a"))).json() is None


@pytest.mark.parametrize(("text", "pause"), [("7", 7.0), ("soon", None), ("-1", None), ("\xb2", None)])
async def test_a_pause_is_a_number_of_seconds(web: Web, server: Origin, text: str, pause: float | None) -> None:
    answer = f"HTTP/1.1 503 Oh\r\nRetry-After: {text}\r\nContent-Length: 0\r\n\r\n"
    server.answers["/a"] = answer.encode("latin-1")
    assert (await web.ask("GET", server.url("/a"))).retry_after == pause

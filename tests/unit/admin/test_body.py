"""With what may operators ask, and what could a web page have their browsers ask?"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse
from starlette.routing import Route
from tests.support.wire import Content, Told

from ostiary.admin.body import LARGEST
from ostiary.admin.handler import AdminHandler
from ostiary.errors import BadRequest, ContentTooLarge, CredentialsMissing, MethodNotAllowed
from ostiary.model import Headers, Peer, Record, Request, Secret


async def echo(request: Asked) -> JSONResponse:
    return JSONResponse(json.loads(await request.body()))


APP = Starlette(routes=[Route("/explain", echo, methods=["POST"])])
JSON = {"content-type": "application/json"}


def request(content: Content, *, method: str = "POST", path: str = "/explain", **fields: str) -> Request:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in {**JSON, **fields}.items()]
    return Request(
        id="r1", method=method, target=path.encode(), path=path, host="localhost", authority=b"localhost",
        scheme="http", headers=Headers.of(pairs), peer=Peer("127.0.0.1"), body=content, record=Record(),
    )  # fmt: skip


async def ask(one: Request, token: bytes | None = None) -> Any:
    told = Told()
    await AdminHandler(APP, frozenset(("localhost",)), None if token is None else Secret(token)).handle(one, told)
    return json.loads(told.content)


async def test_a_document_arrives_as_it_was_sent_in_however_many_pieces() -> None:
    assert await ask(request(Content(b'{"a":', b"1}", length=7))) == {"a": 1}
    assert await ask(request(Content(b'{"a":', b"1}", length=None))) == {"a": 1}


async def test_pages_that_are_read_are_not_asked_and_the_other_way_round() -> None:
    for method, path in (("GET", "/explain"), ("POST", "/config"), ("PUT", "/explain"), ("DELETE", "/livez")):
        with pytest.raises(MethodNotAllowed):
            await ask(request(Content(), method=method, path=path))


@pytest.mark.parametrize(
    "fields",
    [{"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"}, {"content-type": ""},
     {"origin": "https://evil.example"}, {"sec_fetch_site": "cross-site"}, {"Origin": "null"}],
)  # fmt: skip
async def test_what_a_web_page_could_send_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        await ask(request(Content(b"{}", length=2), **fields))


async def test_without_the_token_nothing_is_read() -> None:
    content = Content(b"{}", length=2)
    with pytest.raises(CredentialsMissing):
        await ask(request(content), token=b"canary")
    assert content.sink is None


@pytest.mark.parametrize("length", [LARGEST + 1, None])
async def test_a_document_is_bounded_announced_or_not(length: int | None) -> None:
    with pytest.raises(ContentTooLarge):
        await ask(request(Content(b"x" * LARGEST, b"x", length=length)))


async def test_a_caller_who_goes_away_ends_it() -> None:
    content = Content(b"{", length=7, complete=False)
    asked = asyncio.create_task(ask(request(content)))
    await asyncio.sleep(0)
    assert content.sink is not None
    content.sink.abandon()
    with pytest.raises(BadRequest):
        await asked

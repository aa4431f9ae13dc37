"""Who may ask for an admin page, and what comes back?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from tests.support.wire import Content, Told

from ostiary.admin.handler import AdminHandler
from ostiary.errors import CredentialsMissing, InvalidToken, MethodNotAllowed, MisdirectedRequest, RouteNotFound
from ostiary.model import Headers, Peer, Record, Request, Secret

TOKEN = b"canary-of-the-admin"


async def echo(request: Asked) -> JSONResponse:
    facts: dict[str, Any] = {"query": dict(request.query_params), "known": request.state.known}
    return JSONResponse({**facts, "fields": sorted(request.headers), "body": (await request.body()).decode()})


async def broken(_: Asked) -> PlainTextResponse:
    raise RuntimeError("a page failed")


APP = Starlette(routes=[Route("/echo", echo), Route("/readyz", echo), Route("/broken", broken)])


def request(target: str = "/echo", *, method: str = "GET", host: str = "localhost", **fields: str) -> Request:
    pairs = [(name.encode(), value.encode()) for name, value in fields.items()]
    return Request(
        id="r1", method=method, target=target.encode(), path=target.partition("?")[0], host=host, authority=host.encode(),
        scheme="http", headers=Headers.of(pairs), peer=Peer("127.0.0.1"), body=Content(), record=Record(),
    )  # fmt: skip


async def ask(one: Request, *, token: bytes | None = None, hosts: tuple[str, ...] = ("localhost",)) -> Told:
    told = Told()
    handler = AdminHandler(APP, frozenset(hosts), None if token is None else Secret(token))
    await handler.handle(one, told)
    return told


async def test_a_page_is_asked_as_an_asgi_application_is():
    told = await ask(request("/echo?verbose=1", accept="text/plain"))
    said = json.loads(told.content)
    assert said == {"query": {"verbose": "1"}, "known": True, "fields": ["accept"], "body": ""}
    assert (told.status, told.length, told.ends) == (200, len(told.content), 1)


async def test_every_answer_forbids_to_keep_it_and_to_be_framed():
    fields = dict(Headers.of(list((await ask(request())).headers)))
    assert fields[b"Cache-Control"] == b"no-store"
    assert fields[b"Content-Security-Policy"].startswith(b"default-src 'none'")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
async def test_nothing_but_reading_is_allowed(method):
    with pytest.raises(MethodNotAllowed) as caught:
        await ask(request(method=method))
    assert caught.value.allow == ("GET", "HEAD")


@pytest.mark.attack(63)
@pytest.mark.parametrize("host", ["attacker.example", "localhost.attacker.example", "127.0.0.1.nip.example", ""])
async def test_a_name_that_is_not_ours_is_refused(host):
    with pytest.raises(MisdirectedRequest):
        await ask(request(host=host))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "10.1.2.3", "[::1]", "gateway.internal"])
async def test_addresses_and_names_that_were_told_are_ours(host):
    assert (await ask(request(host=host), hosts=("localhost", "gateway.internal"))).status == 200


async def test_a_star_stands_for_one_label():
    hosts = ("*.gateways.internal",)
    assert (await ask(request(host="one.gateways.internal"), hosts=hosts)).status == 200
    for host in ("gateways.internal", "a.one.gateways.internal", "gateways.internal.example"):
        with pytest.raises(MisdirectedRequest):
            await ask(request(host=host), hosts=hosts)


async def test_a_page_that_is_not_there_is_not_found():
    with pytest.raises(RouteNotFound):
        await ask(request("/nothing"))


async def test_a_page_that_fails_says_nothing_itself():
    with pytest.raises(RuntimeError):
        await ask(request("/broken"))


async def test_without_the_token_only_health_is_told_and_knows_it():
    with pytest.raises(CredentialsMissing):
        await ask(request(), token=TOKEN)
    assert json.loads((await ask(request("/readyz"), token=TOKEN)).content)["known"] is False


async def test_with_the_token_every_page_is_told_and_the_page_does_not_see_it():
    told = await ask(request(authorization=f"Bearer {TOKEN.decode()}"), token=TOKEN)
    assert json.loads(told.content)["known"] is True
    assert TOKEN not in told.content
    assert "authorization" not in json.loads(told.content)["fields"]


@pytest.mark.parametrize("shown", ["Bearer wrong", "Bearer canary-of-the-admi", "Bearer canary-of-the-admin2"])
async def test_another_token_is_refused_on_health_too(shown):
    for page in ("/echo", "/readyz"):
        with pytest.raises(InvalidToken):
            await ask(request(page, authorization=shown), token=TOKEN)


async def test_a_refusal_names_the_scheme_that_is_wanted():
    one = request()
    with pytest.raises(CredentialsMissing):
        await ask(one, token=TOKEN)
    assert one.record.challenges == ('Bearer realm="ostiary admin"',)

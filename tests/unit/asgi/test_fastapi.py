"""What does an operation of FastAPI learn of its caller, and what does OpenAPI learn of the operation?"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Security, WebSocket
from tests.support.inside import Policy, ask, http, living, websocket

from ostiary.asgi.fastapi import Principal, principal, protect
from ostiary.asgi.testing import as_principal
from ostiary.observe.access import AccessLog

Reader = Annotated[Principal, Security(principal, scopes=["accounts:read"])]


def made() -> FastAPI:
    app = FastAPI()

    @app.get("/accounts/{number}")
    async def account(number: str, caller: Reader) -> dict[str, Any]:
        return {"number": number, "caller": caller.subject}

    @app.get("/open/a")
    async def opened(caller: Annotated[Principal, Security(principal)]) -> str:
        return caller.subject

    @app.get("/open/free")
    async def free() -> str:
        return "free"

    @app.websocket("/live")
    async def live(socket: WebSocket, caller: Reader) -> None:
        await socket.accept()
        await socket.close()

    return app


@pytest.fixture
async def guarded(policy: Policy) -> AsyncIterator[FastAPI]:
    app = made()
    protect(app, policy.file, mutual_tls=True, access=AccessLog(), reload=False)
    async with living(app):
        yield app


async def test_who_was_proven(policy, guarded):
    said = await ask(guarded, http("/accounts/7", policy.bearer(scope="read accounts:read")))
    assert (said.status, json.loads(said.content)) == (200, {"number": "7", "caller": "alice"})


async def test_a_permission_counts_as_the_scope_of_its_service_and_name(policy, guarded):
    said = await ask(guarded, http("/accounts/7", policy.bearer(permissions={"accounts": ["read"]})))
    assert said.status == 200


@pytest.mark.parametrize("claims", [{}, {"permissions": {"accounts": "read"}}, {"permissions": {"others": ["read"]}}])
async def test_without_the_scope_it_is_403(policy, guarded, claims):
    assert (await ask(guarded, http("/accounts/7", policy.bearer(**claims)))).status == 403


async def test_what_the_gateway_refuses_does_not_come_as_far(guarded):
    said = await ask(guarded, http("/accounts/7"))
    assert (said.status, said.reason) == (401, "token.missing")


async def test_nobody_is_nobody_on_an_open_route(guarded):
    assert (await ask(guarded, http("/open/free"))).status == 200
    said = await ask(guarded, http("/open/a"))
    assert (said.status, said.headers[b"www-authenticate"]) == (401, b"Bearer")


async def test_a_websocket_without_the_scope_is_not_accepted(policy, guarded):
    assert (await ask(guarded, websocket("/live", policy.bearer(scope="accounts:read")))).kinds[0] == "websocket.accept"
    assert (await ask(guarded, websocket("/live", policy.bearer(), denial=False))).kinds == ["websocket.close"]


@pytest.mark.parametrize("forged", [{}, {"user": "alice"}, {"ostiary": "alice"}])
async def test_without_the_middleware_nobody_gets_in(policy, forged):
    if "ostiary" in forged:
        assert (await ask(made(), http("/accounts/7", **forged))).status == 401
        return
    with pytest.raises(RuntimeError, match="OstiaryMiddleware"):  # after the server's 500
        await ask(made(), http("/accounts/7", policy.bearer(), **forged))


def test_openapi_has_the_schemes_and_the_scopes():
    app = made()
    protect(app, "nowhere.yaml", mutual_tls=True)
    for _ in range(2):  # the second is a copy that is kept
        document = app.openapi()
        schemes = document["components"]["securitySchemes"]
        assert (schemes["bearer"]["scheme"], schemes["mutualTLS"]["type"]) == ("bearer", "mutualTLS")
        wanted = document["paths"]["/accounts/{number}"]["get"]["security"]
        assert wanted == [{"bearer": ["accounts:read"]}, {"mutualTLS": ["accounts:read"]}]
        assert "security" not in document["paths"]["/open/free"]["get"]


def test_openapi_says_nothing_of_certificates_unless_it_is_to():
    app = made()
    protect(app, "nowhere.yaml")
    assert list(app.openapi()["components"]["securitySchemes"]) == ["bearer"]


class TestInPeoplesTests:
    async def test_somebody_is_proven_without_evidence(self):
        app = made()
        protect(app, "nowhere.yaml")
        with as_principal(app, "bob", scopes=["accounts:read"], tenant="north") as bob:
            said = await ask(app, http("/accounts/7"))
        assert (json.loads(said.content)["caller"], bob.tenant) == ("bob", "north")

    async def test_scopes_are_looked_at_as_ever(self):
        app = made()
        with as_principal(app, "bob", permissions={"accounts": ["write"]}):
            assert (await ask(app, http("/accounts/7"))).status == 403

    async def test_afterwards_all_is_as_before(self, policy):
        app = made()
        protect(app, policy.file)
        with as_principal(app, scopes=["accounts:read"]):
            assert (await ask(app, http("/accounts/7"))).status == 200
        assert (await ask(app, http("/accounts/7"))).status == 503

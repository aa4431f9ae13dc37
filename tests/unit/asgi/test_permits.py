"""What may an operation of FastAPI ask beyond scopes?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Security, WebSocket
from tests.support.inside import Policy, ask, http, living, websocket

from ostiary.asgi.fastapi import Principal, permits, principal, protect
from ostiary.observe.access import AccessLog

SAID: dict[str, Any] = {"1": True, "2": False, "3": None, "4": 1, "5": "no"}


async def owns(number: str, caller: Annotated[Principal, Security(principal)]) -> Any:
    return SAID[number] if caller.subject == "alice" else False


def of_the_north(caller: Annotated[Principal, Security(principal)]) -> bool:
    return caller.claims.get("region") == "north"


@pytest.fixture
async def guarded(policy: Policy) -> AsyncIterator[FastAPI]:
    app = FastAPI()

    @app.get("/accounts/{number}")  # noqa: FAST003 - the condition wants it
    async def account(caller: Annotated[Principal, Security(permits(owns), scopes=["accounts:read"])]) -> str:
        return caller.subject

    @app.websocket("/live")
    async def live(socket: WebSocket, _: Annotated[Principal, Security(permits(of_the_north))]) -> None:
        await socket.accept()
        await socket.close()

    protect(app, policy.file, access=AccessLog(), reload=False)
    async with living(app):
        yield app


async def status(app: FastAPI, policy: Policy, number: str, **claims: Any) -> int:
    return (
        await ask(app, http(f"/accounts/{number}", policy.bearer(**{"scope": "read accounts:read", **claims})))
    ).status


@pytest.mark.parametrize("number", SAID)
async def test_whatever_a_dependency_can_find_out_and_nothing_but_true_is_a_yes(guarded, policy, number):
    assert await status(guarded, policy, number) == (200 if number == "1" else 403)


async def test_of_whom_it_likes(guarded, policy):
    assert await status(guarded, policy, "1", sub="bob") == 403


async def test_scopes_are_wanted_as_well(guarded, policy):
    assert await status(guarded, policy, "1", scope="read") == 403


async def test_before_a_websocket_is_accepted(guarded, policy):
    north = await ask(guarded, websocket("/live", policy.bearer(region="north")))
    south = await ask(guarded, websocket("/live", policy.bearer(region="south"), denial=False))
    assert (north.kinds[0], south.kinds) == ("websocket.accept", ["websocket.close"])


def test_openapi_has_its_scopes():
    app = FastAPI()

    @app.get("/accounts/{number}")  # noqa: FAST003 - the condition wants it
    async def account(caller: Annotated[Principal, Security(permits(owns), scopes=["accounts:read"])]) -> str:
        return caller.subject

    document = app.openapi()
    assert {"bearer": ["accounts:read"]} in document["paths"]["/accounts/{number}"]["get"]["security"]

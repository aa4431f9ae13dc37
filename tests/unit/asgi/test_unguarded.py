"""Does an application of FastAPI start that wants principals, and has nobody who proves them?"""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Security, WebSocket
from starlette.routing import Mount
from tests.support.inside import ask, http, living

from ostiary.asgi import OstiaryMiddleware
from ostiary.asgi.fastapi import Principal, permits, principal, protect
from ostiary.asgi.testing import as_principal
from ostiary.observe.access import AccessLog

Caller = Annotated[Principal, Security(principal, scopes=["accounts:read"])]


async def hello(caller: Caller) -> str:
    return caller.subject


async def feed(socket: WebSocket, caller: Caller) -> None:
    await socket.accept()


async def nothing() -> str:
    return "nothing"


def of(route: str) -> FastAPI:
    """An application that wants a principal somewhere."""
    app, router = FastAPI(title="Accounts"), APIRouter()
    match route:
        case "an operation":
            app.get("/open/a")(hello)
        case "a WebSocket":
            app.websocket("/open/a")(feed)
        case "a router":
            router.get("/open/a")(hello)
            app.include_router(router)
        case "a router in a router":
            router.websocket("/open/a")(feed)
            outer = APIRouter()
            outer.include_router(router)
            app.include_router(outer, prefix="/x")
        case "all of a router":
            router.get("/open/a")(nothing)
            app.include_router(router, dependencies=[Security(principal)])
        case "all":
            app = FastAPI(title="Accounts", dependencies=[Depends(principal)])
            app.get("/open/a")(nothing)
        case "a condition":
            app.get("/open/a", dependencies=[Depends(permits(lambda: True))])(nothing)
        case "a mounted application":
            inner = FastAPI()
            inner.get("/open/a")(hello)
            app.mount("/x", inner)
    return app


async def started(app: Any) -> list[dict[str, Any]]:
    """What a server is told that starts an application, and ends it at once."""
    coming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return coming.pop(0)

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    try:
        await app(scope, receive, send)
    except RuntimeError:
        assert said
        assert said[-1]["type"] == "lifespan.startup.failed"
    return said


WANTING = (
    *("an operation", "a WebSocket", "a router", "a router in a router", "all of a router", "all", "a condition"),
    "a mounted application",
)


@pytest.mark.parametrize("route", WANTING)
async def test_not_at_all_and_the_server_is_told_why(route):
    (said,) = await started(of(route))
    assert said["type"] == "lifespan.startup.failed"
    assert "OstiaryMiddleware does not stand before it" in said["message"]
    assert "'Accounts'" in said["message"]


@pytest.mark.parametrize("route", WANTING)
async def test_with_the_middleware_it_does(policy, route):
    app = of(route)
    protect(app, policy.file, access=AccessLog(), reload=False)
    assert [one["type"] for one in await started(app)] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_so_it_does_where_the_middleware_is_all_around_it(policy):
    app = OstiaryMiddleware(of("an operation"), policy.file, access=AccessLog(), reload=False)
    assert [one["type"] for one in await started(app)] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_an_application_that_wants_nobody_is_none_of_our_business():
    app = FastAPI()
    app.get("/open/a")(nothing)
    async with living(app):
        assert (await ask(app, http("/open/a"))).status == 200


async def test_a_mounted_application_may_have_its_own_middleware(policy):
    inner = FastAPI()
    inner.get("/open/a")(hello)
    protect(inner, policy.file)
    async with living(FastAPI(routes=[Mount("/x", inner)])):
        pass


class TestInPeoplesTests:
    async def test_it_starts_as_somebody(self):
        app = of("an operation")
        with as_principal(app, "bob", scopes=["accounts:read"]):
            async with living(app):
                assert json.loads((await ask(app, http("/open/a"))).content) == "bob"

    async def test_it_starts_with_the_dependency_in_other_hands(self):
        app = of("an operation")
        app.dependency_overrides[principal] = lambda: Principal("carol", issuer="test", method="jwt")
        async with living(app):
            assert json.loads((await ask(app, http("/open/a"))).content) == "carol"

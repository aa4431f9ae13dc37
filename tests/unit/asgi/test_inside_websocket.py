"""Who may open a WebSocket to an application behind the middleware?"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.support.inside import Policy, Seen, ask, websocket

from ostiary.asgi import OstiaryMiddleware
from ostiary.observe.access import AccessLog


@pytest.fixture
async def guarded(policy: Policy, seen: Seen) -> AsyncIterator[OstiaryMiddleware]:
    async with OstiaryMiddleware(seen, policy.file, access=AccessLog(), reload=False) as middleware:
        yield middleware


async def test_who_is_permitted(policy, seen, guarded):
    said = await ask(guarded, websocket("/live", policy.bearer()))
    assert said.kinds == ["websocket.accept", "websocket.close"]
    assert seen.scopes[0]["ostiary"].principal.subject == "alice"


async def test_nobody_else_who_is_told_why_where_the_server_can(seen, guarded):
    said = await ask(guarded, websocket("/live"))
    assert said.kinds == ["websocket.http.response.start", "websocket.http.response.body"]
    assert (said.status, said.reason, seen.scopes) == (401, "token.missing", [])


async def test_and_is_closed_upon_where_it_cannot(seen, guarded):
    said = await ask(guarded, websocket("/live", denial=False))
    assert (said.kinds, said.messages[0]["code"], seen.scopes) == (["websocket.close"], 1008, [])


async def test_nobody_where_the_route_has_no_upgrades(policy, seen, guarded):
    said = await ask(guarded, websocket("/open/a"))
    assert (said.status, said.reason, seen.scopes) == (400, "upgrade.unsupported", [])


async def test_nobody_before_the_start(policy, seen):
    said = await ask(OstiaryMiddleware(seen, policy.file), websocket("/live", policy.bearer()))
    assert (said.status, seen.scopes) == (503, [])

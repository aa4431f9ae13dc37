"""How does the middleware live with its application, under one lifespan?"""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.inside import Policy, Seen, ask

from ostiary.asgi import OstiaryMiddleware
from ostiary.observe.access import AccessLog

START, END = {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}


def scope() -> dict[str, Any]:
    return {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}


def guarded(app: Any, policy: Policy) -> OstiaryMiddleware:
    return OstiaryMiddleware(app, policy.file, access=AccessLog(), reload=False)


class Living:
    """An application with a life of its own; it notes down whether the middleware was alive."""

    def __init__(self, fails: bool = False) -> None:
        self.noted: list[tuple[str, bool]] = []
        self.fails = fails
        self.before: OstiaryMiddleware | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope["state"]["mine"] = 1
        self._note((await receive())["type"])
        if self.fails:
            await send({"type": "lifespan.startup.failed", "message": "mine"})
            raise RuntimeError("mine")
        await send({"type": "lifespan.startup.complete"})
        self._note((await receive())["type"])
        await send({"type": "lifespan.shutdown.complete"})

    def _note(self, kind: str) -> None:
        assert self.before is not None
        self.noted.append((kind, self.before._gateway is not None))


async def test_it_begins_before_and_ends_after(policy):
    app = Living()
    app.before = middleware = guarded(app, policy)
    whole = scope()
    said = await ask(middleware, whole, START, END)
    assert said.kinds == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert app.noted == [("lifespan.startup", True), ("lifespan.shutdown", True)]
    assert (middleware._gateway, whole["state"]) == (None, {"mine": 1})


async def test_it_ends_when_the_application_does_not_begin(policy):
    app = Living(fails=True)
    app.before = middleware = guarded(app, policy)
    with pytest.raises(RuntimeError, match="mine"):
        await ask(middleware, scope(), START)
    assert middleware._gateway is None


async def test_the_server_is_told_why_it_does_not_begin(policy):
    policy.file.write_text(policy.file.read_text().replace("[bank]", "[bnk]"))
    app = Seen()
    said = await ask(guarded(app, policy), scope(), START)
    assert said.kinds == ["lifespan.startup.failed"]
    assert "did you mean" in said.messages[0]["message"]
    assert app.scopes == []


async def test_it_lives_alone_with_an_application_that_knows_no_lifespan(policy):
    said = await ask(guarded(Seen(), policy), scope(), START, END)
    assert said.kinds == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

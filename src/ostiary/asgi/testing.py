"""For the tests of applications that stand behind the middleware: somebody is proven, without any evidence.

    with as_principal(app, "alice", scopes=["accounts:read"]), TestClient(app) as client:
        assert client.get("/accounts/1").status_code == 200

Nothing in the product looks for this: it changes the application that it is given, and changes it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from starlette.applications import Starlette
from starlette.middleware import Middleware

from ostiary.asgi.inside import App
from ostiary.asgi.lifespan import PROVEN_BEFORE
from ostiary.asgi.middleware import OstiaryMiddleware
from ostiary.asgi.rights import Auth, User
from ostiary.asgi.verdict import SCOPE
from ostiary.edge.asgi.body import Receive
from ostiary.edge.asgi.exchange import Send
from ostiary.edge.asgi.handler import Scope
from ostiary.model import NOTHING, Permit, Principal


class Pretending:
    """Stands before an application in place of the middleware, and permits everything to somebody.

    Args:
        app: any ASGI 3 application.
        principal: who is calling.
    """

    def __init__(self, app: App, principal: Principal) -> None:
        self._app = app
        self._told = {SCOPE: Permit(principal, "pretended"), "user": User(principal), "auth": Auth(principal)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak ASGI."""
        told = self._told if scope["type"] in ("http", "websocket") else {PROVEN_BEFORE: True}
        await self._app({**scope, **told}, receive, send)


@contextmanager
def as_principal(
    app: Starlette,
    subject: str = "alice",
    *,
    scopes: Sequence[str] = (),
    permissions: Mapping[str, Sequence[str]] = NOTHING,
    **more: Any,
) -> Iterator[Principal]:
    """Let every request to an application of Starlette or FastAPI be somebody's, while the block runs.

    Args:
        app: with the middleware or without.
        subject: their name.
        scopes: what their token would say.
        permissions: by service, likewise.
        more: other attributes of `Principal`: issuer, method, claims, tenant, certificate, ...
    """
    held = {name: list(several) for name, several in permissions.items()}
    known = {"issuer": "test", "method": "jwt", "scopes": list(scopes), "permissions": held or None, **more}
    principal = Principal(subject, **known)
    before, stack = app.user_middleware, app.middleware_stack
    others = [one for one in before if cast("object", one.cls) is not OstiaryMiddleware]
    app.user_middleware, app.middleware_stack = [Middleware(Pretending, principal), *others], None
    try:
        yield principal
    finally:
        app.user_middleware, app.middleware_stack = before, stack

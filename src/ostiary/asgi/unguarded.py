"""An application of FastAPI that wants principals, and has nobody who proves them, does not start (ADR 0037).

FastAPI tells a dependency of its application when a request comes, and not before. What comes before is the lifespan;
its last step is the router's, behind every middleware. So that one is wrapped, once, by whoever imports `fastapi.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

from fastapi import APIRouter, FastAPI, routing
from fastapi.dependencies.models import Dependant

from ostiary.asgi.lifespan import PROVEN_BEFORE
from ostiary.asgi.middleware import OstiaryMiddleware
from ostiary.edge.asgi.body import Receive
from ostiary.edge.asgi.exchange import Send
from ostiary.edge.asgi.handler import Scope

_WHY: Final = "{name} wants principals, and OstiaryMiddleware does not stand before it: call protect(app, ...)"


def refuse_without(wanted: Callable[..., Any]) -> None:
    """Let no application of FastAPI start whose operations depend on `wanted`, unless it is proven or overridden."""
    before = APIRouter.lifespan

    async def lifespan(self: APIRouter, scope: Scope, receive: Receive, send: Send) -> None:
        app = scope.get("app")
        if PROVEN_BEFORE in scope or _overridden(app, wanted) or not _depends(self, wanted):
            await before(self, scope, receive, send)
            return
        await receive()
        why = _WHY.format(name=type(app).__name__ if app is None else repr(getattr(app, "title", "the application")))
        await send({"type": "lifespan.startup.failed", "message": why})
        raise RuntimeError(why)

    APIRouter.lifespan = lifespan  # type: ignore[method-assign, assignment]  # see above


def _overridden(app: Any, wanted: Callable[..., Any]) -> bool:
    overrides: Mapping[Callable[..., Any], Any] = getattr(app, "dependency_overrides", {})
    return wanted in overrides


def _depends(router: APIRouter, wanted: Callable[..., Any]) -> bool:
    """Whether an operation does: of this router, of one that it includes, or of an application that it mounts."""
    return any(_calls(one, wanted) for one in _dependants(router))


def _dependants(router: APIRouter) -> Iterator[Dependant]:
    every = getattr(routing, "iter_route_contexts", iter)  # before FastAPI had it, included routes were copied
    for route in every(router.routes):
        found = getattr(route, "dependant", None)  # what is no operation has none
        if found is not None:
            yield found
        inner = getattr(route, "app", None)
        if isinstance(inner, FastAPI) and OstiaryMiddleware not in [
            cast("object", one.cls) for one in inner.user_middleware
        ]:
            yield from _dependants(inner.router)


def _calls(dependant: Dependant, wanted: Callable[..., Any]) -> bool:
    return dependant.call is wanted or any(_calls(one, wanted) for one in dependant.dependencies)

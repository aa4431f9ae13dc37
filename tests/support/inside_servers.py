"""Real ASGI servers with TLS, each in a thread, and applications of real frameworks that tell what they were shown."""

from __future__ import annotations

import asyncio
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import django as package
import litestar as lite
import uvicorn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import JsonResponse
from django.urls import re_path
from fastapi import FastAPI, Request
from starlette.applications import Starlette
from starlette.responses import JSONResponse as Told
from tests.support.neighbours import PATIENCE, ROOT, free_port, running
from tests.support.plugin import World

from ostiary import asgi
from ostiary.asgi import OstiaryMiddleware
from ostiary.asgi.uvicorn import HttpProtocol, WebSocketProtocol
from ostiary.observe.access import AccessLog

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]


def told(scope: Any) -> dict[str, Any]:
    """What an application was shown, in the words of the upstream."""
    query = scope["query_string"].decode()
    headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]]
    return {"target": scope["raw_path"].decode() + (f"?{query}" if query else ""), "headers": headers}


def starlette(world: World) -> Any:
    async def view(request: Any) -> Told:
        return Told(told(request.scope))

    app = Starlette()
    app.add_route("/{rest:path}", view, METHODS)
    return _guarded(app, world)


def fastapi(world: World) -> Any:
    app = FastAPI()

    @app.api_route("/{rest:path}", methods=[*METHODS, "HEAD"])
    async def view(request: Request) -> dict[str, Any]:
        return told(request.scope)

    app.add_middleware(OstiaryMiddleware, config=world.file, access=AccessLog(), reload=False)
    return app


def django(world: World) -> Any:
    async def view(request: Any, **_: Any) -> JsonResponse:
        return JsonResponse(told(request.scope))

    class Urls:
        urlpatterns = (re_path("^", view),)

    if not settings.configured:
        settings.configure(ROOT_URLCONF=Urls, ALLOWED_HOSTS=["*"], SECRET_KEY="of a test", LOGGING_CONFIG=None)
        package.setup(set_prefix=False)
    return _guarded(get_asgi_application(), world)


def litestar(world: World) -> Any:
    @lite.route(["/", "/{rest:path}"], http_method=[*METHODS, "HEAD"], status_code=200)
    async def view(request: lite.Request) -> lite.Response:
        return lite.Response(told(request.scope), media_type="application/json")

    return _guarded(lite.Litestar([view], openapi_config=None), world)


def _guarded(app: Any, world: World) -> Any:
    return OstiaryMiddleware(app, world.file, access=AccessLog(), reload=False)


APPS: dict[str, Callable[[World], Any]] = {
    "starlette": starlette,
    "fastapi": fastapi,
    "django": django,
    "litestar": litestar,
}


def on_uvicorn(app: Any, world: World, **more: Any) -> AbstractContextManager[int]:
    """Serve with TLS on a port that is yielded."""
    tls = {
        "ssl_certfile": world.folder / "server.pem",
        "ssl_keyfile": world.folder / "server.key",
        "ssl_ca_certs": str(world.folder / "ca.pem"),
        "ssl_cert_reqs": ssl.CERT_OPTIONAL,
    }
    return plain_uvicorn(app, **tls, **more)


@contextmanager
def plain_uvicorn(app: Any, **more: Any) -> Iterator[int]:
    """Serve on a port that is yielded, in clear unless it is told otherwise."""
    port = free_port()
    classes = {"http": HttpProtocol, "ws": WebSocketProtocol}
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="on", **{**classes, **more}))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        _until(lambda: server.started or not thread.is_alive())
        assert server.started
        yield port
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


@contextmanager
def on_hypercorn(app: Any, world: World) -> Iterator[int]:
    """Serve with the TLS of the file's listener on a port that is yielded."""
    ready, stop = threading.Event(), asyncio.Event()
    found: list[Any] = []

    async def serve() -> None:
        async with asgi.serving(app, world.file, listener="native", bind="127.0.0.1:0") as server:
            found.extend((asyncio.get_running_loop(), server.sockets[0].getsockname()[1]))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    try:
        _until(lambda: ready.is_set() or not thread.is_alive())
        assert found, "the application does not start"
        yield found[1]
    finally:
        if found:
            found[0].call_soon_threadsafe(stop.set)
        thread.join(PATIENCE)


def _until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "the server does not begin"
        time.sleep(0.02)


@contextmanager
def on_granian(world: World) -> Iterator[int]:
    """Serve Starlette behind the middleware with granian and TLS, in a process of its own: it has no other way."""
    port, home = free_port(), world.folder / "granian"
    home.mkdir(exist_ok=True)
    keys = ("--ssl-certificate", world.folder / "server.pem", "--ssl-keyfile", world.folder / "server.key")
    asked = ("--ssl-ca", world.folder / "ca.pem", "--host", "127.0.0.1", "--port", str(port), "--interface", "asgi")
    around = {"OSTIARY_CONFIG": str(world.file), "PYTHONPATH": str(ROOT)}
    words = ("-m", "granian", *keys, *asked, "tests.support.inside_granian:app")
    with running(sys.executable, home, port, *words, around=around):
        yield port


SERVERS = {"uvicorn": on_uvicorn, "hypercorn": on_hypercorn}

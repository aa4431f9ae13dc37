"""The admin pages, as a Starlette application."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ostiary.admin.exposition import registry
from ostiary.admin.health import parts, report
from ostiary.admin.redact import digest, shown
from ostiary.admin.view import View

Page = Callable[[Request], Awaitable[Response]]


def admin_app(view: View) -> Starlette:
    """Return the pages over what is in use."""
    pages = Pages(view)
    return Starlette(
        routes=[
            Route("/livez", pages.alive),
            Route("/healthz", pages.alive),
            Route("/readyz", pages.ready),
            Route("/metrics", pages.metrics),
            Route("/config", pages.config),
        ]
    )


def _undisturbed(encode: Callable[[CollectorRegistry], bytes], registry: CollectorRegistry) -> bytes:
    """Write without the cyclic collector, which would go through a hundred thousand samples while requests wait."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        return encode(registry)
    finally:
        if enabled:
            gc.enable()


class Pages:
    """What each page says."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._registry = registry(view)

    async def alive(self, _: Request) -> Response:
        """Say that the event loop turns: whoever reads this knows it."""
        return JSONResponse({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """Say whether requests may be sent here; to those who may know also what is not as it should be."""
        view = self._view
        verbose = "verbose" in request.query_params
        found = tuple(parts(view, asyncio.get_running_loop().time(), time.time()))
        status, content = report(view.state, found, verbose=verbose)
        if not request.state.known:
            content = {"status": content["status"]}
        return JSONResponse(content, status)

    async def metrics(self, request: Request) -> Response:
        """Say everything that was counted. Thousands of lines take a while to write: requests are served meanwhile."""
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        content = await asyncio.to_thread(_undisturbed, encode, self._registry)
        return Response(content, headers={"content-type": kind})

    async def config(self, _: Request) -> Response:
        """Show the configuration in use."""
        loaded = self._view.loaded
        files = {"file": str(loaded.path), "overlays": [str(path) for path in loaded.overlays]}
        return JSONResponse({**files, "digest": digest(loaded), "config": shown(loaded)})

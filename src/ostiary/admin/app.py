"""The admin pages, as a Starlette application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ostiary.admin.report import report
from ostiary.admin.source import Source
from ostiary.admin.told import undisturbed

Page = Callable[[Request], Awaitable[Response]]


def admin_app(source: Source) -> Starlette:
    """Return the pages."""
    pages = Pages(source)
    return Starlette(
        routes=[
            Route("/livez", pages.alive),
            Route("/healthz", pages.alive),
            Route("/readyz", pages.ready),
            Route("/metrics", pages.metrics),
            Route("/config", pages.config),
        ]
    )


class Pages:
    """What each page says."""

    def __init__(self, source: Source) -> None:
        self._source = source

    async def alive(self, _: Request) -> Response:
        """Say that the event loop turns: whoever reads this knows it."""
        return JSONResponse({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """Say whether requests may be sent here; to those who may know also what is not as it should be."""
        verbose = "verbose" in request.query_params
        status, content = report(await self._source.health(), verbose=verbose)
        if not request.state.known:
            content = {"status": content["status"]}
        return JSONResponse(content, status)

    async def metrics(self, request: Request) -> Response:
        """Say everything that was counted. Thousands of lines take a while to write: requests are served meanwhile."""
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        content = await asyncio.to_thread(undisturbed, encode, await self._source.metrics())
        return Response(content, headers={"content-type": kind})

    async def config(self, _: Request) -> Response:
        """Show the configuration in use."""
        return JSONResponse(await self._source.config())

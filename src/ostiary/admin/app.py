"""The admin pages, as a Starlette application."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from ostiary.admin.encoding import undisturbed
from ostiary.admin.report import report
from ostiary.admin.source import Source
from ostiary.admin.status import Samples, status
from ostiary.reasons import Reason


def admin_app(source: Source) -> Starlette:
    """Return the pages."""
    pages = Pages(source)
    return Starlette(
        routes=[
            Route("/", pages.status),
            Route("/status.json", pages.facts),
            Route("/status.css", pages.style),
            Route("/livez", pages.alive),
            Route("/healthz", pages.alive),
            Route("/readyz", pages.ready),
            Route("/metrics", pages.metrics),
            Route("/config", pages.config),
            Route("/.well-known/{name}", pages.published),
            Route("/decisions/{id}", pages.decision),
            Route("/explain", pages.explain, methods=["POST"]),
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

    async def status(self, _: Request) -> Response:
        """Say how it is, to people."""
        from ostiary.admin.page import page  # noqa: PLC0415 - for those who look: most never do

        return HTMLResponse(page(await self._facts()))

    async def facts(self, _: Request) -> Response:
        """Say how it is, to programs that show it."""
        return JSONResponse(await self._facts())

    async def style(self, _: Request) -> Response:
        """Say how the page for people looks."""
        from ostiary.admin.page import STYLE  # noqa: PLC0415 - likewise

        return Response(STYLE, media_type="text/css")

    async def _facts(self) -> dict[str, Any]:
        source = self._source
        health, config, families = await source.health(), await source.config(), await source.metrics()
        samples = await asyncio.to_thread(undisturbed, lambda: Samples(families.collect()))
        return status(health, config, samples, time.time())

    async def decision(self, request: Request) -> Response:
        """Show what the access log has of a request that was, if it was one of the last."""
        found = await self._source.decision(request.path_params["id"])
        return Response(status_code=404) if found is None else JSONResponse(found)

    async def explain(self, request: Request) -> Response:
        """Say what would become of a request, by the objects that serve; nothing is forwarded."""
        try:
            told = await self._source.explain(json.loads(await request.body()))
        except (ValueError, RecursionError):
            told = {"unreadable": "JSON is wanted"}
        if told is None:
            return JSONResponse({"reason": str(Reason.WORKER_MISSING)}, 503)
        if "unreadable" in told:
            return JSONResponse({"reason": str(Reason.REQUEST_MALFORMED), "detail": told["unreadable"]}, 400)
        return JSONResponse(told)

    async def published(self, request: Request) -> Response:
        """Give our public keys, or say where they are; anybody may remember that for a while."""
        found = await self._source.published(request.url.path)
        if found is None:
            return Response(status_code=404)
        if found.content is None:
            return JSONResponse({"reason": str(Reason.CREDENTIAL_UNAVAILABLE)}, 503, {"retry-after": "1"})
        known = found.known(request.headers.get("if-none-match"))
        fields = {name.lower(): value for name, value in found.fields}
        return Response(b"" if known else found.content, 304 if known else 200, fields)

    async def config(self, _: Request) -> Response:
        """Show the configuration in use."""
        return JSONResponse(await self._source.config())

"""The gateway that one writes in an afternoon: verify the token, swap the credential, pass the bodies on.

The client certificate is demanded by hypercorn. Nothing here is made slow on purpose; nothing is made fast.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx2
import jwt
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from benchmarks.workloads import route_paths

_HOP_BY_HOP: Final = {b"connection", b"keep-alive", b"transfer-encoding", b"te", b"upgrade", b"host", b"authorization"}
_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
_keys: Final = jwt.PyJWKClient(os.environ["PROXY_JWKS"])


@asynccontextmanager
async def lifespan(application: Starlette) -> AsyncIterator[None]:
    """Keep one client for all requests."""
    limits = httpx2.Limits(max_connections=256, max_keepalive_connections=256)
    upstream = os.environ["PROXY_UPSTREAM"]
    async with httpx2.AsyncClient(base_url=upstream, limits=limits, trust_env=False, timeout=30) as client:
        application.state.client = client
        yield


def verify(request: Request) -> None:
    """Return if the token is good.

    Raises:
        jwt.PyJWTError: it is not, or there is none.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise jwt.InvalidTokenError("no bearer token")
    issuer, audience = os.environ["PROXY_ISSUER"], os.environ["PROXY_AUDIENCE"]
    key = _keys.get_signing_key_from_jwt(token)
    jwt.decode(token, key, algorithms=["ES256"], issuer=issuer, audience=audience)


async def proxy(request: Request) -> Response:
    """Answer as the upstream does, or 401."""
    try:
        verify(request)
    except jwt.PyJWTError:
        return Response(status_code=401, headers={"www-authenticate": "Bearer"})
    client: httpx2.AsyncClient = request.app.state.client
    headers = [(name, value) for name, value in request.headers.raw if name not in _HOP_BY_HOP]
    headers.append((b"authorization", os.environ["PROXY_AUTHORIZATION"].encode()))
    has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
    content = request.stream() if has_body else None
    outgoing = client.build_request(request.method, request.url.path, headers=headers, content=content)
    answer = await client.send(outgoing, stream=True)
    kept = [(name, value) for name, value in answer.headers.raw if name.lower() not in _HOP_BY_HOP]
    response = StreamingResponse(answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose))
    response.raw_headers = [(name.lower(), value) for name, value in kept]
    return response


def _patterns() -> list[str]:
    """Return the paths of the routes: one for everything, or as many as are asked for."""
    routes = int(os.environ["PROXY_ROUTES"])
    return [path.replace("leaf", "{rest:path}") for path in route_paths(routes)] if routes > 1 else ["/{path:path}"]


app = Starlette(routes=[Route(path, proxy, methods=_METHODS) for path in _patterns()], lifespan=lifespan)

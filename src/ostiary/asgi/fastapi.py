"""Principals as dependencies of FastAPI (extra `fastapi`).

    app = FastAPI(lifespan=...)
    protect(app, "gateway.yaml")

    @app.get("/accounts/{number}")
    async def account(caller: Annotated[Principal, Security(principal, scopes=["accounts:read"])]): ...

The middleware proves who is calling; `principal` reads that, and proves nothing by itself. What an operation wants
stands in OpenAPI, too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import FastAPI, HTTPException, Security, WebSocketException
from fastapi.openapi.models import HTTPBearer
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from ostiary.asgi.middleware import OstiaryMiddleware
from ostiary.asgi.rights import rights
from ostiary.asgi.verdict import SCOPE
from ostiary.model import Permit, Principal
from ostiary.observe.access import AccessLog

__all__ = ["Principal", "principal", "protect"]

BEARER: Final = "bearer"
MUTUAL_TLS: Final = "mutualTLS"
_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_VIOLATION: Final = 1008  # RFC 6455, section 7.4.1


class _Bearer(SecurityBase):
    """The scheme as OpenAPI has it; the evidence was looked at before."""

    def __init__(self) -> None:
        self.model = HTTPBearer(description="A token that `gateway.yaml` accepts.")
        self.scheme_name = BEARER

    async def __call__(self) -> None:
        """Nothing is left to do."""


def principal(
    connection: HTTPConnection, scopes: SecurityScopes, _: Annotated[None, Security(_Bearer())] = None
) -> Principal:
    """Return who was proven, if they have all scopes and permissions (`service:permission`) that are asked for.

    Raises:
        RuntimeError: the middleware is not there, so that nobody has looked at any evidence; it becomes 500.
        HTTPException: 401, there was no evidence (an anonymous route; or the middleware only observes, and would have
            refused); 403, something is missing. In the handshake of a WebSocket it is closed.
    """
    if SCOPE not in connection.scope:
        raise RuntimeError("OstiaryMiddleware does not stand before this application")
    permit = connection.scope[SCOPE]
    if not isinstance(permit, Permit) or permit.principal.method == "anonymous":
        raise _refusal(connection, 401, "Not authenticated", {"WWW-Authenticate": "Bearer"})
    if not set(scopes.scopes).issubset(rights(permit.principal)):
        raise _refusal(connection, 403, "A scope or a permission is missing", None)
    return permit.principal


def _refusal(connection: HTTPConnection, status: int, why: str, headers: dict[str, str] | None) -> Exception:
    if connection.scope["type"] == "websocket":
        return WebSocketException(_VIOLATION, why)
    return HTTPException(status, why, headers)


def protect(
    app: FastAPI,
    config: str | Path | None = None,
    mode: Literal["enforce", "observe"] = "enforce",
    *,
    mutual_tls: bool = False,
    listener: str | None = None,
    access: AccessLog | None = None,
    reload: bool = True,
) -> None:
    """Put the middleware before an application.

    Args:
        app: it has not served yet.
        config: the file, see `OstiaryMiddleware`.
        mode: "enforce" or "observe".
        mutual_tls: say in OpenAPI that a client certificate is evidence, too.
        listener: whose demands on client certificates hold.
        access: where the access log goes; to stdout by default.
        reload: take up changes of the files while the application runs.
    """
    app.add_middleware(OstiaryMiddleware, config=config, mode=mode, listener=listener, access=access, reload=reload)
    if mutual_tls:
        app.openapi = _telling(app.openapi)  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _telling(openapi: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """Return the document with certificates: FastAPI has no model for them (OpenAPI 3.1, section 4.8.27)."""

    def told() -> dict[str, Any]:
        document = openapi()
        schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
        if MUTUAL_TLS not in schemes:  # the document is kept, and comes by here again
            schemes[MUTUAL_TLS] = {"type": MUTUAL_TLS, "description": "A certificate that `gateway.yaml` accepts."}
            for path in document.get("paths", {}).values():
                for method in path.keys() & set(_METHODS):
                    _either(path[method])
        return document

    return told


def _either(operation: dict[str, Any]) -> None:
    """Let a certificate be the other evidence wherever a token is."""
    wanted = operation.get("security", [])
    operation.setdefault("security", wanted)[:] = [
        *wanted,
        *({MUTUAL_TLS: one[BEARER]} for one in wanted if BEARER in one),
    ]
    if not operation["security"]:
        del operation["security"]

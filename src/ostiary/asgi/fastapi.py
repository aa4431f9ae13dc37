"""Principals as dependencies of FastAPI (extra `fastapi`).

    app = FastAPI(lifespan=...)
    protect(app, "gateway.yaml")

    @app.get("/accounts/{number}")
    async def account(caller: Annotated[Principal, Security(principal, scopes=["accounts:read"])]): ...

The middleware proves who is calling; `principal` reads that, and proves nothing by itself: without the middleware the
application does not start. What an operation wants stands in OpenAPI, too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Final, Literal

try:
    from fastapi import Depends, FastAPI, HTTPException, Security, WebSocketException
    from fastapi.openapi.models import HTTPBearer
    from fastapi.security import SecurityScopes
    from fastapi.security.base import SecurityBase
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("ostiary.asgi.fastapi needs an extra: pip install 'ostiary[fastapi]'") from error
from starlette.requests import HTTPConnection

from ostiary.asgi.middleware import OstiaryMiddleware
from ostiary.asgi.openapi import BEARER, with_certificates
from ostiary.asgi.rights import rights
from ostiary.asgi.unguarded import refuse_without
from ostiary.asgi.verdict import SCOPE
from ostiary.model import Permit, Principal
from ostiary.observe.access import AccessLog

__all__ = ["Principal", "permits", "principal", "protect"]

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
        RuntimeError: nobody has looked at any evidence, because there is no middleware, and no lifespan that would have
            refused to begin without it; it becomes 500.
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


refuse_without(principal)


def permits(condition: Callable[..., bool | Awaitable[bool]]) -> Callable[..., Principal]:
    """Return a dependency like `principal`, with one more condition.

        def owns(number: str, caller: Annotated[Principal, Security(principal)]) -> bool: ...

        caller: Annotated[Principal, Security(permits(owns), scopes=["accounts:read"])]

    Args:
        condition: a dependency of FastAPI, which may want what every other may: the caller, parts of the path, a
            database. Whatever it returns but True is 403, for a WebSocket the end of its handshake.
    """

    def permitted(
        connection: HTTPConnection,
        caller: Annotated[Principal, Security(principal)],
        held: Any = Depends(condition),  # noqa: B008 - no annotation can name what this call was given
    ) -> Principal:
        if held is not True:
            raise _refusal(connection, 403, "A condition does not hold", None)
        return caller

    return permitted


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
        app.openapi = with_certificates(app.openapi)  # type: ignore[method-assign]  # FastAPI's own way to extend it

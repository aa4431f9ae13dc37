"""Scope -> Request, for an application that stands behind us in the same process."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from ostiary.config.schema import ListenerLimits
from ostiary.edge.asgi.handler import Proven, Scope, check_head, target_of
from ostiary.edge.decide.permit import NoBody
from ostiary.edge.head import body_length, read_head
from ostiary.errors import BadRequest
from ostiary.model import Headers, Record, Request
from ostiary.reasons import Reason

_SCHEMES: Final = {"ws": "http", "wss": "https"}
WEBSOCKET: Final = b"websocket"


def read_scope(scope: Scope, id: str, record: Record, proven: Proven, limits: ListenerLimits) -> Request:  # noqa: A002 - the word of the house
    """Return the request of an `http` or `websocket` scope. Its body is left alone.

    Raises:
        GatewayError: any edge would have refused it, or its certificate proves nobody.
    """
    headers = Headers.of([(bytes(name), bytes(value)) for name, value in scope["headers"]])
    shaking = scope["type"] == "websocket"
    method = "GET" if shaking else scope["method"]  # over HTTP/2, too: RFC 8441 only carries the handshake otherwise
    target = whole_target(scope)
    check_head(limits, method, target, headers)
    scheme: str = scope.get("scheme", "http")
    request = read_head(
        id=id,
        method=method,
        target=target,
        headers=headers,
        peer=proven.peer,
        scheme=_SCHEMES.get(scheme, scheme),
        body=NoBody(),
        record=record,
    )
    if proven.refusal is not None:
        raise proven.refusal
    body_length(headers, old=scope.get("http_version") == "1.0")
    request.upgrade = WEBSOCKET if shaking else None
    return request


def whole_target(scope: Scope) -> bytes:
    """Return path and query as the caller sent them, with what is mounted above us.

    The application finds its way by `path`; what is judged here is `raw_path`. So they have to say the same. A server
    or a mount may have taken `root_path` off both, off `path` only, or off none (as the specification has it).

    Raises:
        BadRequest: they say different things; the path has more than one spelling; or `root_path` stands in it, not at
            its beginning, where some applications cut it as well (Litestar 2: `/accounts/api/open` below `/api`).
    """
    target, path = target_of(scope), scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    said = unquote(target.partition(b"?")[0].decode("ascii", "replace"))
    below = path == root or path.startswith(f"{root}/")
    if root and root in path and not below:
        raise BadRequest("the path above is in the path below", reason=Reason.PATH_AMBIGUOUS)
    if root and said == root + path:
        return target
    if said != path:
        raise BadRequest("the server tells two paths", reason=Reason.PATH_AMBIGUOUS)
    return target if not root or below else root.encode() + target

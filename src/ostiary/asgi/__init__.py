"""The gateway as an ASGI 3 application.

    hypercorn --bind ... 'ostiary.asgi:app()'           with OSTIARY_CONFIG in the environment
    Mount("/legacy", app=ostiary.asgi.app("gateway.yaml"))

Client certificates are known only under `serve_hypercorn`; under any other server every route that demands
one refuses. Under a mount, routes match the whole path as the caller sent it, the mount's prefix included,
and that is what goes upstream. An answer that ends in the middle leaves as the exception `AnswerBroken`:
the server must then close the connection, as ASGI servers do when an application raises.

The files are watched while the application runs, as `ostiary serve` does; `reload=False` leaves them alone.

`OstiaryMiddleware` stands before somebody's application instead, and forwards nothing.

app.py         the application, and its life
generation.py  one configuration that serves, and the requests that it carries
server.py      Hypercorn, with the TLS of one of the listeners
middleware.py  the gateway inside an application: lifespan.py, inside.py (its edge), head.py (scope -> Request),
               verdict.py (what the application is shown), rights.py, refuse.py, clauses.py (what does not hold),
               callers.py (whose certificate)
uvicorn.py     uvicorn that tells of certificates; uvicorn_websocket.py  of those of WebSockets, too
               imported by whoever wants it, as are fastapi.py and testing.py
fastapi.py     principals as dependencies: openapi.py (certificates in it), unguarded.py (what does not start)
"""

from __future__ import annotations

from ostiary.asgi.app import VARIABLE, GatewayApp, app
from ostiary.asgi.middleware import OstiaryMiddleware
from ostiary.asgi.server import hypercorn, serve_hypercorn, serving
from ostiary.edge.asgi.exchange import AnswerBroken

__all__ = [
    "VARIABLE",
    "AnswerBroken",
    "GatewayApp",
    "OstiaryMiddleware",
    "app",
    "hypercorn",
    "serve_hypercorn",
    "serving",
]

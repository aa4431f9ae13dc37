"""HAProxy, Caddy, Traefik: one GET of `/decide`, whose fields say what the request is; the answer goes back as it is.

Caddy appends the caller's query to the path of the ask. It means nothing.
"""

from __future__ import annotations

from ostiary.edge.decide.ask import Asked, NotAsked, path_of, read_forwarded
from ostiary.model import Request


def read(request: Request) -> Asked:
    """Return what an ask is about; raises NotAsked."""
    if path_of(request) != b"/decide":
        raise NotAsked("it is not /decide that is asked for")
    return read_forwarded(request)

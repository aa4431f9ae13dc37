"""nginx, `auth_request`: a subrequest whose fields the configuration writes; refusals are asked for a second time.

A subrequest may end in 2xx, 401 or 403, and keeps no body and one challenge of several; everything else is an error in
nginx's log. So `/brief` knows one refusal, 403, and `/explain` has the whole of it, and never says yes.
"""

from __future__ import annotations

from typing import Final

from ostiary.edge.decide.ask import Asked, NotAsked, path_of, read_forwarded
from ostiary.model import Headers, Request

_PATHS: Final = (b"/decide", b"/brief", b"/explain")

_REFUSED: Final = b"ostiary-refusal"


def read(request: Request) -> Asked:
    """Return what an ask is about; raises NotAsked."""
    path = path_of(request)
    if path not in _PATHS:
        raise NotAsked("neither /decide, nor /brief, nor /explain is asked for")
    asked = read_forwarded(request)
    asked.brief = path == b"/brief"
    if path == b"/explain":
        asked.explain, asked.refused = True, refusal_of(request.headers)
    return asked


def refusal_of(headers: Headers) -> str:
    """Return the refusal that is to be explained, if the proxy says which."""
    found = [value for name, _, value in headers.fields if name.lower() == _REFUSED]
    return found[0].decode("latin-1") if len(found) == 1 else ""

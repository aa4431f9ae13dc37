"""nginx, `auth_request`: a subrequest whose fields the configuration writes; refusals are asked for a second time.

A subrequest may end in 2xx, 401 or 403, and keeps no body: `/explain` has the body, and never says yes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ostiary.edge.decide.ask import FORWARDED, Asked, Names, NotAsked, path_of, read_forwarded
from ostiary.model import Headers, Request

PATHS: Final = {b"/decide": False, b"/explain": True}

_REFUSED: Final = b"ostiary-refusal"
NAMES: Final = Names(
    method=FORWARDED.method,
    target=FORWARDED.target,
    authority=FORWARDED.authority,
    scheme=FORWARDED.scheme,
    address=FORWARDED.address,
    certificate=FORWARDED.certificate,
)


def read(request: Request) -> Asked:
    """Return what an ask is about; raises NotAsked."""
    explain = PATHS.get(path_of(request))
    if explain is None:
        raise NotAsked("neither /decide nor /explain is asked for")
    asked = read_forwarded(request, NAMES)
    return replace(asked, explain=True, refused=refusal_of(request.headers)) if explain else asked


def refusal_of(headers: Headers) -> str:
    """Return the id of the refusal that is to be explained, if the proxy says which."""
    found = [value for name, _, value in headers.fields if name.lower() == _REFUSED]
    return found[0].decode("latin-1") if len(found) == 1 else ""

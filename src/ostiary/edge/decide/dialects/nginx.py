"""nginx, `auth_request`: a subrequest whose fields the configuration writes; refusals are asked for a second time.

A subrequest may end in 2xx, 401 or 403, and keeps no body: `/explain` has the body, and never says yes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ostiary.edge.decide.ask import Asked, NotAsked, path_of, read_forwarded
from ostiary.model import Request

PATHS: Final = {b"/decide": False, b"/explain": True}


def read(request: Request) -> Asked:
    """Return what an ask is about; raises NotAsked."""
    explain = PATHS.get(path_of(request))
    if explain is None:
        raise NotAsked("neither /decide nor /explain is asked for")
    return replace(read_forwarded(request), explain=explain)

"""The configuration in use, fit to be shown: references as written, and never a secret.

Comments are left out, because people write passwords into them. Of what an injector writes, only
templates are shown: a constant may be anything. So may the query of a URL.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final

from ostiary.config.loaded import Loaded
from ostiary.config.messages.masking import STARS, hidden
from ostiary.config.problem import Path

_QUERY: Final = re.compile(r"(https?://[^?#]*\?).*", re.DOTALL)


def shown(loaded: Loaded) -> Any:
    """Return what the file says as plain data."""
    tree = loaded.draft.tree
    return _without(tree.data, (), hidden(tree))


def digest(loaded: Loaded) -> str:
    """Return twelve hexadecimal digits that differ when the file says something else."""
    said = json.dumps(loaded.draft.tree.data, sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _without(data: Any, path: Path, secret: frozenset[Path]) -> Any:
    if path in secret or _constant(data, path):
        return STARS
    if isinstance(data, dict):
        return {key: _without(value, (*path, key), secret) for key, value in data.items()}
    if isinstance(data, list):
        return [_without(item, (*path, index), secret) for index, item in enumerate(data)]
    if isinstance(data, str):
        return _QUERY.sub(rf"\1{STARS}", data)
    return data if isinstance(data, int) else str(data)


def _constant(data: Any, path: Path) -> bool:
    """Whether this is a constant that an injector writes."""
    written = "inject" in path and path[-1] == "value"
    return written and isinstance(data, str) and "{" not in data

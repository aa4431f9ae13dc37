"""Addresses in the server, built so that no name can walk out of its place.

The server itself takes `legacy//k1` and `legacy/../k1` for `legacy/k1`; we refuse to say such things.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from ostiary.errors import ConfigError

_REFUSED: Final = re.compile(r"[%\x00-\x1f\x7f-\x9f]")


def encoded(path: str) -> str:
    """Return a path with every segment percent-encoded (RFC 3986, section 2.1).

    Raises:
        ConfigError: a segment is empty, `.` or `..`, or has a `%` or a control character in it.
    """
    segments = path.split("/")
    for segment in segments:
        if segment in ("", ".", "..") or _REFUSED.search(segment):
            raise ConfigError(
                f"{path!r}: a path in a vault has no empty, . or .. segments, no % and no control character"
            )
    return "/".join(quote(segment, safe="") for segment in segments)


def data(mount: str, path: str, version: int | None) -> str:
    """Return where a version of a record is read (KV version 2).

    Raises:
        ConfigError: mount or path cannot be used.
    """
    query = "" if version is None else f"?version={version}"
    return f"{encoded(mount)}/data/{encoded(path)}{query}"

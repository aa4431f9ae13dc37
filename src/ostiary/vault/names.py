"""Paths and versions, checked before they become part of a file name or an address."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from ostiary.errors import ConfigError
from ostiary.vault.errors import Misconfigured

_REFUSED: Final = re.compile(r"[%\\\x00-\x1f\x7f-\x9f]")


def segments(path: str) -> list[str]:
    """Return the segments of a path.

    Raises:
        ConfigError: one is empty, `.` or `..`, or has a `%`, a backslash or a control character in it.
    """
    found = path.split("/")
    if any(segment in ("", ".", "..") or _REFUSED.search(segment) for segment in found):
        raise ConfigError(
            f"{path!r}: a path in a vault has no empty, . or .. segments, no %, no backslash and no control character"
        )
    return found


def encoded(path: str) -> str:
    """Return a path with every segment percent-encoded (RFC 3986, section 2.1).

    Raises:
        ConfigError: the path could be read in two ways.
    """
    return "/".join(quote(segment, safe="") for segment in segments(path))


def unversioned(version: object) -> None:
    """Refuse a pinned version, for vaults that keep one version only.

    Raises:
        Misconfigured: a version is asked for.
    """
    if version is not None:
        raise Misconfigured("this vault keeps one version only: take `version` out")

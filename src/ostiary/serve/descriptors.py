"""How many file descriptors are left for callers.

Each connection takes one, each exchange with an upstream another, and vaults, key sets and logs need some
of their own. Callers are let in only while enough are left for those; the rest waits in the kernel's queue.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger("ostiary.serve")

RESERVED: Final = 16
"""Descriptors that no caller gets, at least; an eighth of all where that is more."""

_MOST: Final = 1 << 20  # where the limit is none at all, tables as large as that are enough


def raise_limit() -> int:
    """Allow this process as many descriptors as it may allow itself; return how many that are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError) as error:
            log.warning("the limit of file descriptors stays as it is", limit=soft, detail=str(error))
            return soft
        return wanted
    return wanted if soft == resource.RLIM_INFINITY else soft


def used() -> int:
    """Return how many descriptors this process has open."""
    for folder in (Path("/proc/self/fd"), Path("/dev/fd")):
        try:
            return len(os.listdir(folder)) - 1  # noqa: PTH208 - names are all that is counted; one is the listing itself
        except OSError:
            continue
    return 0


class Descriptors:
    """Whether one more caller may be let in.

    Counting open descriptors takes a while when there are many, so it is done seldom: after half of what was
    left has been given away. The other half is for what callers cause: connections to upstreams.

    Args:
        limit: how many this process may have.
        count: how many it has.
    """

    def __init__(self, limit: int, count: Callable[[], int] = used) -> None:
        self._most = limit - max(RESERVED, limit // 8)
        self._count = count
        self._budget = 0

    def take(self) -> bool:
        """Take one for a caller. False: there is none left for callers now."""
        if self._budget <= 0:
            left = self._most - self._count()
            if left <= 0:
                return False
            self._budget = (left + 1) // 2
        self._budget -= 1
        return True

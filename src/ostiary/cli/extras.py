"""Which extras are installed, by what the distributions say of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from typing import Final

_REQUIREMENT: Final = re.compile(
    r"""(?P<name>[\w.-]+)\s*(?:\[(?P<extras>[^\]]*)\])?[^;]*;\s*extra\s*==\s*['"](?P<extra>[\w.-]+)['"]\s*$"""
)
"""What an extra needs, in the form of PEP 508; what depends on the system besides is left out."""


def extras(name: str = "ostiary") -> list[str]:
    """Return the extras of a distribution of which everything is installed, sorted.

    Args:
        name: the distribution; nothing is said of one that is not installed.
    """
    try:
        offered = distribution(name).metadata.get_all("Provides-Extra") or []
    except PackageNotFoundError:
        return []
    return sorted(extra for extra in offered if _whole(name, extra))


def _whole(name: str, extra: str) -> bool:
    return all(_is_there(needed, (more or "").split(",")) for needed, more in _needed(name, extra))


def _is_there(name: str, extras_wanted: list[str]) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return all(_whole(name, extra.strip()) for extra in extras_wanted if extra.strip())


def _needed(name: str, extra: str) -> Iterator[tuple[str, str | None]]:
    for line in distribution(name).requires or ():
        found = _REQUIREMENT.match(line)
        if found and found["extra"] == extra:
            yield found["name"], found["extras"]

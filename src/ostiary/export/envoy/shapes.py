"""Paths and hosts of which there is one reading, as regular expressions (RE2). Others are in doubt."""

from __future__ import annotations

from typing import Final

from ostiary.config.schema import MatchSpec
from ostiary.pki.naming import canonical

_SEGMENT: Final = r"[A-Za-z0-9_~!$&'()*+,=:@-][A-Za-z0-9_.~!$&'()*+,=:@-]*"
_PORT: Final = r"(?::(?:[0-9]{1,4}|[1-5][0-9]{4}))?"
_LABEL: Final = r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9_])?"

_PART: Final = r"[A-Za-z0-9_~-][A-Za-z0-9_.~-]*"
_AUTHORITY: Final = r"[a-z0-9_~-][a-z0-9_.~-]*"  # names of hosts are compared in lower case
_BEFORE_AUTHORITY: Final = 2  # `spiffe:` and nothing

PLAIN: Final = rf"(?:/{_SEGMENT})*/?"
"""Paths without escapes, dots at the beginning of a segment, or parameters; `routing.path` says why."""

TOKEN: Final = r"Bearer [A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"  # noqa: S105 - a shape, and no token
"""One signed token, in the one way in which most write it."""

TARGET: Final = r'[!"$-~]*'
"""Path and query without octets that they may not hold (RFC 3986)."""

NAME: Final = r".{1,253}"
"""As long as a name may be (RFC 1035, section 2.3.4)."""

_KINDS: Final = {"*": 1, "**": 3}


def order(path: str) -> tuple[int, ...]:
    """Return what patterns are sorted by, so that the first that fits is the one that the gateway finds.

    Segment by segment: a literal, `*`, the end, `**`.
    """
    kinds = [_KINDS.get(segment, 0) for segment in path[1:].split("/")]
    return tuple(kinds) if kinds[-1] == _KINDS["**"] else (*kinds, 2)


def path(pattern: str) -> str:
    """Return the plain paths that a pattern of the policy stands for."""
    whole = ""
    for segment in pattern[1:].split("/"):
        if segment == "**":
            return f"{whole}(?:/{_SEGMENT})*/?"
        whole += "/" + (_SEGMENT if segment == "*" else escaped(segment))
    return whole


def host(match: MatchSpec) -> str:
    """Return the hosts that a route is for, with a port or without."""
    if match.host is None:
        return rf"(?i){_LABEL}(?:\.{_LABEL})*{_PORT}"
    if match.host.startswith("*."):
        return rf"(?i){_LABEL}{escaped(match.host[1:])}{_PORT}"
    return rf"(?i){escaped(match.host)}{_PORT}"


def nearness(match: MatchSpec) -> int:
    """Return how exact a host is: the exact ones come first."""
    if match.host is None:
        return 2
    return int(match.host.startswith("*."))


def uri(pattern: str) -> str:
    """Return the URIs that a pattern of `allow` covers, in the one spelling that needs no second look."""
    if pattern == "**":
        return rf"[a-z][a-z0-9+.-]*://{_AUTHORITY}(?:/{_PART})*"
    steps = canonical(pattern, "san.uri").split("/")
    rest = steps[-1] == "**"
    fixed = [_step(step, number) for number, step in enumerate(steps[:-1] if rest else steps)]
    if not rest:
        return "/".join(fixed)
    first = _AUTHORITY if len(fixed) == _BEFORE_AUTHORITY else _PART
    return "/".join(fixed) + f"/{first}(?:/{_PART})*"


def _step(step: str, number: int) -> str:
    if step != "*":
        return escaped(step)
    return _AUTHORITY if number == _BEFORE_AUTHORITY else _PART


def escaped(text: str) -> str:
    """Return a text that stands for itself only."""
    return "".join(one if one.isalnum() or one in "/-_~:@=,'&! <>%" else f"\\{one}" for one in text)

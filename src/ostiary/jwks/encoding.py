"""base64url and JSON, read in one way only.

Two parsers that read one text differently are how a signature ends up covering something else than
what was acted upon. So there is one accepted spelling of everything; the rest raises ValueError.
"""

from __future__ import annotations

import json
import math
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Final, NoReturn

MAX_DEPTH: Final = 32
_STRUCTURE: Final = re.compile(r'"(?:[^"\\]|\\.?)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
"""A string, or a bracket. A string without an end goes to the end: else every quote in it would be tried as a start."""


def base64url(text: bytes) -> bytes:
    """Return the octets of canonical base64url: no padding, no white space, unused bits zero (RFC 7515, section 2).

    Raises:
        ValueError: any other spelling.
    """
    data = urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    if urlsafe_b64encode(data).rstrip(b"=") != text:
        raise ValueError("not canonical base64url")
    return data


def unpadded(data: bytes) -> str:
    """Return octets as base64url without padding (RFC 7515, section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def json_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object that `data` is: UTF-8, no member twice, bounded depth, finite numbers (RFC 8259).

    Raises:
        ValueError: it is anything else.
    """
    text = data.decode()
    if _depth(text) > MAX_DEPTH:
        raise ValueError("JSON is nested too deeply")
    value = json.loads(text, object_pairs_hook=_members, parse_constant=_no_constant, parse_float=_finite)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - one exception for what is not well-formed
    if "\\u" in text:
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate is no character: UnicodeEncodeError
    return value


def _depth(text: str) -> int:
    """Return how deeply brackets are nested; where there are few of them, their number is bound enough."""
    few = text.count("[") + text.count("{")
    if few <= MAX_DEPTH:
        return few
    depth = deepest = 0
    for match in _STRUCTURE.finditer(text):
        bracket = match[0]
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in "]}":
            depth -= 1
    return deepest


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member of a JSON object stands twice")
    return members


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a JSON number is out of range")
    return value

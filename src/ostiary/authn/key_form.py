"""Take an API key out of Authorization, in each way that programs write it.

    Authorization: Bearer KEY     RFC 6750
    Authorization: Basic KEY      the key where RFC 7617 has user and password
    Authorization: KEY            no scheme at all: `bare`

Only the forms that a route names count; which one it was makes no difference to what the key is. What stands behind
another scheme is somebody else's to judge.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, Literal, TypeAlias

from ostiary.authn.bearer import take_token
from ostiary.errors import InvalidKey
from ostiary.model import Headers

Form: TypeAlias = Literal["bearer", "basic", "bare"]

_BASIC: Final = re.compile(rb"basic(?= |\t|$)", re.IGNORECASE)
_SEVERAL: Final = re.compile(rb"[\s,]")


def take_key(headers: Headers, forms: Collection[Form]) -> tuple[Form, bytes] | None:
    """Return the form and the key that stands in it, or None when there is none in a form that counts.

    Raises:
        BadRequest: Authorization is repeated.
        InvalidToken: the scheme is Bearer, and no single key follows after one space.
        InvalidKey: the scheme is Basic, and no single key follows after one space; or a bare key is several.
    """
    if "bearer" in forms and (key := take_token(headers)) is not None:
        return "bearer", key
    value = headers.only(b"authorization")
    if value is None:
        return None
    if "basic" in forms and _BASIC.match(value):
        return "basic", _alone(value[6:] if value[5:6] == b" " else b"")
    if "bare" in forms and b" " not in value and b"\t" not in value:
        return "bare", _alone(value)
    return None


def _alone(key: bytes) -> bytes:
    if not key or _SEVERAL.search(key):
        raise InvalidKey("the scheme is not followed by one space and a key")
    return key

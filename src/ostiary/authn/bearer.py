"""Take the token out of `Authorization: Bearer` (RFC 6750, section 2.1).

One place, one spelling: exactly one Authorization field, the scheme in any case, one space, the
token. A token in the query, in the body or in a cookie is no evidence here. Another scheme
(`Basic ...`) is not ours to judge, and counts as no evidence either.
"""

from __future__ import annotations

import re
from typing import Final

from ostiary.errors import InvalidToken
from ostiary.model import Headers
from ostiary.reasons import Reason
from ostiary.remember import MANY, TEXT, Remembered

CHALLENGE: Final = 'Bearer realm="ostiary"'
ALL_BEARER: Final = ("a signed bearer token", "an opaque bearer token")
"""The two kinds of evidence that stand in one place: they look different, so each may have a judge of its own."""

_OURS: Final = re.compile(rb"bearer(?![!#$%&'*+\-.^_`|~0-9a-z])", re.IGNORECASE)

_COMMA: Final = ord(",")  # an octet is found in octets much faster than a string of one


def take_token(headers: Headers) -> bytes | None:
    """Return what stands where a bearer token stands, or None when there is none.

    Its characters are not looked at yet: a token that was verified before is known by all of them.

    Raises:
        BadRequest: Authorization is repeated.
        InvalidToken: the scheme is Bearer, and no single token follows after one space.
    """
    value = headers.only(b"authorization")
    return None if value is None else _TOKENS.of(value)


def _token(value: bytes) -> bytes | None:
    if value[:7] != b"Bearer ":
        if _OURS.match(value) is None:
            return None
        if value[6:7] != b" ":
            raise InvalidToken("the scheme is not followed by one space and a token")
    token = value[7:]
    if _COMMA in token:
        raise InvalidToken("more than one token in Authorization", reason=Reason.TOKEN_AMBIGUOUS)
    if not token or token[0] in b" \t":
        raise InvalidToken("the scheme is not followed by one space and a token")
    return token


_TOKENS: Final = Remembered(_token, MANY, TEXT)
"""The same octets, so that a token which comes again is looked up by an object whose hash is known."""


def looks_signed(token: bytes) -> bool:
    """Whether a token is meant to be a JWT: the base64url of a JSON object, and the dots of a JWS or a JWE."""
    return token[:2] == b"ey" and token.count(b".") in (2, 4)

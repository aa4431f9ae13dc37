"""A signed token in its compact form (RFC 7515, section 3.1)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from ostiary.model import SigningKey


async def compact(key: SigningKey, claims: Mapping[str, Any], kind: str = "JWT") -> str:
    """Return claims, signed.

    Args:
        key: the version of a key that signs.
        claims: what is said.
        kind: the `typ` of the token (RFC 8725, section 3.11).

    Raises:
        CredentialUnavailable: whoever keeps the key cannot sign now.
        ValueError: a claim is a number that JSON does not have.
    """
    header = {"alg": key.alg, "kid": key.kid, "typ": kind}
    data = f"{_part(header)}.{_part(claims)}"
    return f"{data}.{_base64url(await key.sign(data.encode()))}"


def _part(value: Mapping[str, Any]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":"), allow_nan=False).encode())


def _base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()

"""Take a signed token apart: JWS compact serialization, in its one accepted form (RFC 7515, section 7.1).

Nothing here is believed yet. What could be read in two ways, asks for an extension, or is encrypted
(RFC 7516) is refused before any cryptography. `jku`, `x5u`, `jwk` and `x5c` are not even looked at:
where keys come from is a matter of the configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ostiary.errors import InvalidToken
from ostiary.jwks.encoding import base64url, json_object
from ostiary.jwks.jwk import read_kid
from ostiary.reasons import Reason

_PARTS: Final = 3


@dataclass(frozen=True, slots=True)
class Jws:
    """The parts of a signed token.

    Attributes:
        algorithm: the header's `alg`, unverified.
        kid: the header's `kid`, or None.
        type: the header's `typ`, or None.
        payload: what is signed, decoded.
        signing_input: the octets that the signature is over.
        signature: the signature.
    """

    algorithm: str
    kid: str | None
    type: str | None
    payload: bytes
    signing_input: bytes
    signature: bytes


def parse(token: bytes, max_size: int) -> Jws:
    """Return the parts of a token.

    Args:
        token: as it was received.
        max_size: octets.

    Raises:
        InvalidToken: it is too large, not in compact form, or demands an extension.
    """
    return _parse(token, max_size)[0]


def parse_proof(proof: bytes, max_size: int) -> tuple[Jws, dict[str, Any]]:
    """Return the parts of a proof of possession, and the public key that it carries (RFC 9449, section 4.2).

    Raises:
        InvalidToken: it is too large, not in compact form, demands an extension, or carries no key.
    """
    jws, fields = _parse(proof, max_size)
    member = fields.get("jwk")
    if not isinstance(member, dict):
        raise InvalidToken("the header has no jwk")
    return jws, member


def _parse(token: bytes, max_size: int) -> tuple[Jws, dict[str, Any]]:
    if len(token) > max_size:
        raise InvalidToken(f"the token has {len(token)} octets", reason=Reason.TOKEN_TOO_LARGE)
    if token.count(b".") != _PARTS - 1:
        raise InvalidToken("a signed token has three parts")
    try:
        header, payload, signature = map(base64url, token.split(b"."))
        fields = json_object(header)
        kid = read_kid(fields)
    except ValueError as error:
        raise InvalidToken(f"the token is malformed: {error}") from error
    _refuse_extensions(fields)
    jws = Jws(
        algorithm=_text(fields, "alg") or "none",
        kid=kid,
        type=_text(fields, "typ"),
        payload=payload,
        signing_input=token[: token.rindex(b".")],
        signature=signature,
    )
    return jws, fields


def read_claims(payload: bytes) -> dict[str, Any]:
    """Return the claims of a token, unverified (RFC 7519, section 4).

    Raises:
        InvalidToken: the payload is not a JSON object, or can be read in two ways.
    """
    try:
        return json_object(payload)
    except ValueError as error:
        raise InvalidToken(f"the claims are malformed: {error}") from error


def _refuse_extensions(fields: dict[str, Any]) -> None:
    """RFC 7515, section 4.1.11: what is critical must be understood, and we understand none."""
    if "crit" in fields or "b64" in fields:  # RFC 7797
        raise InvalidToken("the header has crit or b64", reason=Reason.TOKEN_CRITICAL_UNKNOWN)
    if "zip" in fields or "enc" in fields:
        raise InvalidToken("the header has zip or enc, which no signed token has")


def _text(fields: dict[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is None and name not in fields:
        return None
    if not isinstance(value, str):
        raise InvalidToken(f"the header's {name} is not a string")
    return value

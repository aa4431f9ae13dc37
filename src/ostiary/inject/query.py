"""Show the upstream a parameter of the query.

The caller's own parameters of that name go first, however they are spelled; every other octet of
the target stays as it was received. Queries end up in many logs: prefer a header where the
upstream lets you choose.
"""

from __future__ import annotations

from urllib.parse import quote, quote_from_bytes

from ostiary.config.query import alike, is_named
from ostiary.errors import BadRequest
from ostiary.inject.value import Put
from ostiary.model import Credential, Outbound
from ostiary.reasons import Reason


def into(name: str) -> Put:
    """Return what writes a parameter of a name."""

    def put(outbound: Outbound, value: bytes) -> None:
        outbound.target = replaced(outbound.target, name, value)

    return put


def spell(text: str) -> str:
    """Return text, percent-encoded (RFC 3986, section 2.1)."""
    return quote(text, safe="")


def encode(credential: Credential) -> bytes:
    """Return the secret, percent-encoded (RFC 3986, section 2.1)."""
    return quote_from_bytes(credential.secret.reveal(), safe="").encode()


def replaced(target: bytes, name: str, value: bytes) -> bytes:
    """Return the target with one parameter of that name: ours, at the end.

    Args:
        target: path and query as received.
        name: the parameter.
        value: encoded.

    Raises:
        BadRequest: a `;` would make a parameter of that name for some servers, and not for others.
    """
    path, _, query = target.partition(b"?")
    wanted = alike(name.encode())
    kept = [piece for piece in query.split(b"&") if not is_named(piece, wanted)] if query else []
    if any(is_named(part, wanted) for piece in kept for part in piece.split(b";")):
        raise BadRequest(f"parameter {name} stands behind a semicolon", reason=Reason.REQUEST_AMBIGUOUS)
    return path + b"?" + b"&".join([*kept, quote(name, safe="").encode() + b"=" + value])

"""Tokens bound to a client certificate (RFC 8705, section 3; RFC 7800).

Whoever steals such a token has nothing: it counts only on a connection that proved the certificate
whose thumbprint it names. What the token demands is read once, with the token; whether this
connection meets it is checked for every request.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from ostiary.errors import InvalidToken
from ostiary.jwks.encoding import base64url
from ostiary.model import Certificate
from ostiary.reasons import Reason

Binding: TypeAlias = Literal["ignore", "when-present", "required"]
_SHA256: Final = 32


def read_binding(claims: Mapping[str, Any], mode: Binding) -> str | None:
    """Return the thumbprint (`x5t#S256`) that the certificate must have, or None when nothing is demanded.

    A confirmation that we cannot check (such as DPoP's `jkt`, RFC 9449) is refused rather than ignored:
    the issuer meant the token to be more than a bearer token.

    Raises:
        InvalidToken: a binding is required and absent, or is not one that can be checked.
    """
    if mode == "ignore":
        return None
    if "cnf" not in claims:
        if mode == "required":
            raise InvalidToken("cnf is absent", reason=Reason.TOKEN_NOT_BOUND)
        return None
    confirmation = claims["cnf"]
    thumbprint = confirmation.get("x5t#S256") if isinstance(confirmation, dict) else None
    if not isinstance(thumbprint, str) or not _is_thumbprint(thumbprint):
        raise InvalidToken("cnf is not a certificate's thumbprint", reason=Reason.TOKEN_CLAIM_INVALID)
    return thumbprint


def check_binding(thumbprint: str | None, certificate: Certificate | None) -> None:
    """Return when the connection's certificate is the one that the token names, or the token names none.

    Raises:
        InvalidToken: there is no certificate, or it is another one.
    """
    if thumbprint is None:
        return
    if certificate is None:
        raise InvalidToken("a bound token came without a certificate", reason=Reason.TOKEN_NOT_BOUND)
    if not hmac.compare_digest(thumbprint, certificate.thumbprint):
        raise InvalidToken("the token is bound to another certificate", reason=Reason.TOKEN_NOT_BOUND)


def _is_thumbprint(text: str) -> bool:
    """Whether it is base64url of a SHA-256 digest, neither hexadecimal nor padded (RFC 8705, section 3.1)."""
    try:
        return len(base64url(text.encode("ascii"))) == _SHA256
    except ValueError:
        return False

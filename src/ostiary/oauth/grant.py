"""What an answer of a token endpoint means (RFC 6749, sections 5.1 and 5.2; RFC 8693, section 2.2). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from ostiary.errors import CredentialUnavailable
from ostiary.jwks.encoding import base64url, json_object
from ostiary.model import Secret
from ostiary.reasons import Reason

_TOKEN: Final = re.compile(r"[!-~]{1,16384}")
_WORD: Final = re.compile(r"[a-z_]{1,64}")
_LONGEST: Final = 366 * 86400.0  # seconds; what promises more is asked again after that
_SEGMENTS: Final = 3
_PASSING: Final = frozenset(("temporarily_unavailable", "server_error", "slow_down"))
REFUSED_SUBJECT: Final = frozenset(("invalid_request", "invalid_grant", "access_denied", "interaction_required"))
"""What an issuer says when the token of a caller cannot be exchanged (RFC 8693, section 2.2.2), rather than ours."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A token, and how many seconds it lasts from when it was asked for."""

    token: Secret
    lasts: float


class RefusedError(Exception):
    """An issuer says no. `word` is its code of the error (RFC 6749, section 5.2)."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


def read_grant(status: int, said: Mapping[str, Any], lifetime: float) -> Grant:
    """Return the token of an answer.

    Args:
        status: of the answer.
        said: its object.
        lifetime: seconds that a token lasts whose answer does not say so.

    Raises:
        RefusedError: the issuer refuses.
        CredentialUnavailable: it cannot say now, or its answer cannot be used.
    """
    if status != HTTPStatus.OK:
        word = said.get("error")
        if not isinstance(word, str) or not _WORD.fullmatch(word) or word in _PASSING or _later(status):
            raise CredentialUnavailable(f"the token endpoint answered {status}")
        raise RefusedError(word)
    token, kind = said.get("access_token"), said.get("token_type")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise unusable("the answer has no token that can be shown")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise unusable("the token is not one to be shown alone (token_type is not Bearer)")
    return Grant(Secret(token), _seconds(said.get("expires_in"), lifetime))


def check_bound(token: Secret, thumbprint: str) -> None:
    """Return when a token is bound to a certificate, as far as that can be seen: opaque tokens do not tell.

    Args:
        token: as the issuer gave it. It is ours; its signature is the upstream's matter.
        thumbprint: `x5t#S256` of our certificate (RFC 8705, section 3.1).

    Raises:
        CredentialUnavailable: it is bound to another certificate, or to none.
    """
    parts = token.reveal().split(b".")
    if len(parts) != _SEGMENTS:
        return
    try:
        confirmation = json_object(base64url(parts[1])).get("cnf")
    except ValueError:
        return
    if not isinstance(confirmation, dict) or confirmation.get("x5t#S256") != thumbprint:
        raise unusable("the token is not bound to the certificate that it was asked for with")


def unusable(why: str) -> CredentialUnavailable:
    """Return the refusal to use an answer."""
    return CredentialUnavailable(why, reason=Reason.CREDENTIAL_UNUSABLE)


def _later(status: int) -> bool:
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _seconds(value: Any, lifetime: float) -> float:
    """Some issuers write the number as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:  # noqa: PLR2004 - no more
        value = int(value)
    if value is None:
        return lifetime
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise unusable("the answer's expires_in is no number of seconds")
    return float(min(value, _LONGEST))  # in this order: an integer may be larger than any float

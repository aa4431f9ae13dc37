"""Show the upstream a token: `Authorization: Bearer` (RFC 6750, section 2.1)."""

from __future__ import annotations

import re
from typing import Final

from ostiary.config.oauth import OnReject
from ostiary.inject.encoded import Each, encoded
from ostiary.inject.header import SecretHeader, authorization
from ostiary.inject.write import unusable
from ostiary.model import Credential, CredentialSource

_VISIBLE: Final = re.compile(rb"[!-~]+")


def bearer(
    source: CredentialSource | Each, on_reject: OnReject = "ignore", reject_status: tuple[int, ...] = (401,)
) -> SecretHeader:
    """Return the injector of a credential."""
    return authorization(encoded(source, encode), on_reject, reject_status)


def encode(credential: Credential) -> bytes:
    """Return the value of the header.

    Any visible ASCII is accepted, not only the letters of RFC 6750: real services hand out tokens
    with `|` and `:` in them, and none of these can end the header or the token.

    Raises:
        CredentialUnavailable: the secret has a space, a control character or non-ASCII in it.
    """
    if not _VISIBLE.fullmatch(credential.secret.reveal()):
        raise unusable(credential, "a bearer token is visible ASCII without spaces")
    return b"Bearer " + credential.secret.reveal()

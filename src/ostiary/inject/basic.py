"""Show the upstream a user name and a password: `Authorization: Basic` (RFC 7617)."""

from __future__ import annotations

import base64
import re
from typing import Final

from ostiary.config.oauth import OnReject
from ostiary.inject.encoded import Each, encoded
from ostiary.inject.header import SecretHeader, authorization
from ostiary.inject.write import unusable
from ostiary.model import Credential, CredentialSource

_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")  # CTL (RFC 5234, appendix B.1)


def basic(
    source: CredentialSource | Each, on_reject: OnReject = "ignore", reject_status: tuple[int, ...] = (401,)
) -> SecretHeader:
    """Return the injector of a credential."""
    return authorization(encoded(source, encode), on_reject, reject_status)


def encode(credential: Credential) -> bytes:
    """Return the value of the header; user name and password go in UTF-8, unchanged (section 2.1).

    Raises:
        CredentialUnavailable: no user name, a colon in it, or a control character (section 2).
    """
    if not credential.id:
        raise unusable(credential, "Basic needs a user name")
    if ":" in credential.id:
        raise unusable(credential, "a user name in Basic has no colon")
    if _CONTROL.search(credential.id.encode()) or _CONTROL.search(credential.secret.reveal()):
        raise unusable(credential, "a control character in it")
    return b"Basic " + base64.b64encode(credential.id.encode() + b":" + credential.secret.reveal())

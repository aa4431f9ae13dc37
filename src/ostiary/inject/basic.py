"""Show the upstream a user name and a password: `Authorization: Basic` (RFC 7617)."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import ClassVar, Final

from ostiary.config.oauth import OnReject
from ostiary.inject.encoded import Each, Written, encoded
from ostiary.inject.write import put, unusable
from ostiary.model import Credential, CredentialSource, Outbound

_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")  # CTL (RFC 5234, appendix B.1)


@dataclass(frozen=True, slots=True)
class BasicInjector:
    """Writes `Authorization: Basic`."""

    owns: ClassVar[frozenset[bytes]] = frozenset({b"authorization"})
    credential: Written
    on_reject: OnReject = "ignore"
    reject_status: tuple[int, ...] = (401,)

    async def inject(self, outbound: Outbound) -> None:
        """Write.

        Raises:
            CredentialUnavailable: there is no credential, or it cannot be said in Basic.
        """
        put(outbound, b"Authorization", await self.credential.octets(outbound))


def basic(
    source: CredentialSource | Each, on_reject: OnReject = "ignore", reject_status: tuple[int, ...] = (401,)
) -> BasicInjector:
    """Return the injector of a credential."""
    return BasicInjector(encoded(source, encode), on_reject, reject_status)


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

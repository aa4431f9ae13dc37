"""Show the upstream a token: `Authorization: Bearer` (RFC 6750, section 2.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from ostiary.config.oauth import OnReject
from ostiary.inject.encoded import Each, Written, encoded
from ostiary.inject.write import put, unusable
from ostiary.model import Credential, CredentialSource, Outbound

_VISIBLE: Final = re.compile(rb"[!-~]+")


@dataclass(frozen=True, slots=True)
class BearerInjector:
    """Writes `Authorization: Bearer`."""

    owns: ClassVar[frozenset[bytes]] = frozenset({b"authorization"})
    credential: Written
    on_reject: OnReject = "ignore"
    reject_status: tuple[int, ...] = (401,)

    async def inject(self, outbound: Outbound) -> None:
        """Write.

        Raises:
            CredentialUnavailable: there is no credential, or its secret cannot be a token.
        """
        put(outbound, b"Authorization", await self.credential.octets(outbound))


def bearer(
    source: CredentialSource | Each, on_reject: OnReject = "ignore", reject_status: tuple[int, ...] = (401,)
) -> BearerInjector:
    """Return the injector of a credential."""
    return BearerInjector(encoded(source, encode), on_reject, reject_status)


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

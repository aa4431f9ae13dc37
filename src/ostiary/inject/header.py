"""Show the upstream a header: a credential's secret, or text about the caller."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ostiary.config.oauth import OnReject
from ostiary.inject.encoded import Written
from ostiary.inject.template import Template, unsafe
from ostiary.inject.write import put, unusable
from ostiary.model import Credential, Outbound

_VALUE: Final = re.compile(rb"[!-~]([\t -~]*[!-~])?")  # field-value (RFC 9110, section 5.5), ASCII only
_OUTSIDE: Final = re.compile(r"[^ -$&-~]")  # what is percent-encoded: `%` itself, and all that is not visible ASCII


@dataclass(frozen=True, slots=True)
class SecretHeader:
    """Writes a credential's secret into a header."""

    name: bytes
    owns: frozenset[bytes]
    credential: Written
    on_reject: OnReject = "ignore"
    reject_status: tuple[int, ...] = (401,)

    async def inject(self, outbound: Outbound) -> None:
        """Write.

        Raises:
            CredentialUnavailable: there is no credential, or its secret cannot stand in a header.
        """
        put(outbound, self.name, await self.credential.octets(outbound))


def authorization(credential: Written, on_reject: OnReject, reject_status: tuple[int, ...]) -> SecretHeader:
    """Return what writes a credential, scheme and all, into `Authorization` (RFC 9110, section 11.6.2)."""
    return SecretHeader(b"Authorization", frozenset({b"authorization"}), credential, on_reject, reject_status)


@dataclass(frozen=True, slots=True)
class TextHeader:
    """Writes text about the caller into a header.

    Values are percent-encoded (RFC 3986, section 2.1) where they are not visible ASCII, and `%` always is:
    two callers never look the same to the upstream.
    """

    name: bytes
    owns: frozenset[bytes]
    template: Template

    async def inject(self, outbound: Outbound) -> None:
        """Write.

        Raises:
            Forbidden: a value cannot be passed on safely.
        """
        value = self.template.fill(outbound, percent_encoded)
        if value != value.strip():
            raise unsafe(f"the value of {self.name.decode()} begins or ends with a space, which upstreams drop")
        put(outbound, self.name, value.encode())


def encode(credential: Credential) -> bytes:
    """Return the secret as the value of a header, unchanged.

    Raises:
        CredentialUnavailable: it has a control character or non-ASCII in it, or a space at an end.
    """
    if not _VALUE.fullmatch(credential.secret.reveal()):
        raise unusable(credential, "it cannot stand in a header as it is")
    return credential.secret.reveal()


def percent_encoded(value: str) -> str:
    """Return a value as ASCII that stands for this value only."""
    return _OUTSIDE.sub(_octets, value)


def _octets(match: re.Match[str]) -> str:
    return "".join(f"%{octet:02X}" for octet in match[0].encode())

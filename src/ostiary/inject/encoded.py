"""Credentials, in the form in which they are written: encoded once per version, not per request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, runtime_checkable

from ostiary.inject.write import note
from ostiary.model import Credential, CredentialSource, Outbound


class Encoded:
    """A credential and its encoding.

    Args:
        source: where the credential comes from.
        encode: makes the octets to write, or raises CredentialUnavailable.
    """

    __slots__ = ("_credential", "_encode", "_octets", "_source")

    def __init__(self, source: CredentialSource, encode: Callable[[Credential], bytes]) -> None:
        self._source = source
        self._encode = encode
        self._credential: Credential | None = None
        self._octets = b""

    async def octets(self, outbound: Outbound) -> bytes:
        """Return what to write, and tell the log which version it is.

        Raises:
            CredentialUnavailable: there is no credential, or it cannot be written.
        """
        credential = await self._source.get()
        if credential is not self._credential:
            self._octets = self._encode(credential)
            self._credential = credential
        note(outbound, credential)
        return self._octets

    async def rejected(self, outbound: Outbound) -> bool:
        """Say that the upstream did not accept what was written; return whether something else can be had."""
        record, last = outbound.request.record, self._credential
        if last is not None and record.credential != last.alias:  # another injector has told the log after us
            return await _rejected(self._source, last.version)
        return await _rejected(self._source, record.credential_version)


class Obtainable(Protocol):
    """Something that gives a credential."""

    async def get(self) -> Credential:
        """Return it, from memory where it is fresh.

        Raises:
            GatewayError: it cannot be had.
        """


@runtime_checkable
class Each(Protocol):
    """Where the credentials of callers come from: each has its own."""

    def of(self, outbound: Outbound) -> Obtainable:
        """Return where the credential for a caller comes from.

        Raises:
            Forbidden: there is none for this caller.
        """


class EncodedEach:
    """Credentials of callers, and their encoding, which is made for each request.

    Args:
        each: where they come from.
        encode: makes the octets to write, or raises CredentialUnavailable.
    """

    __slots__ = ("_each", "_encode")

    def __init__(self, each: Each, encode: Callable[[Credential], bytes]) -> None:
        self._each = each
        self._encode = encode

    async def octets(self, outbound: Outbound) -> bytes:
        """Return what to write, and tell the log which version it is.

        Raises:
            Forbidden: there is no credential for this caller.
            CredentialUnavailable: it cannot be had, or it cannot be written.
        """
        credential = await self._each.of(outbound).get()
        note(outbound, credential)
        return self._encode(credential)

    async def rejected(self, outbound: Outbound) -> bool:
        """Say that the upstream did not accept what was written; return whether something else can be had."""
        return await _rejected(self._each.of(outbound), outbound.request.record.credential_version)


Written = Encoded | EncodedEach


def encoded(source: CredentialSource | Each, encode: Callable[[Credential], bytes]) -> Written:
    """Return how a credential is written, which is everybody's or each caller's own."""
    return EncodedEach(source, encode) if isinstance(source, Each) else Encoded(source, encode)


def finder(source: CredentialSource | Each) -> Callable[[Outbound], Obtainable]:
    """Return what finds the credential for a caller, which is everybody's or each caller's own."""
    return source.of if isinstance(source, Each) else lambda _: source


async def _rejected(source: object, version: str | None) -> bool:
    """Tell a source that its credential was not accepted, if it is one that cares."""
    told: Callable[[str], Awaitable[bool]] | None = getattr(source, "rejected", None)
    return told is not None and version is not None and await told(version)

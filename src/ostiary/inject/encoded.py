"""Credentials, in the form in which they are written: encoded once per version, not per request."""

from __future__ import annotations

from collections.abc import Callable

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

"""Credentials in memory, as a vault would give them."""

from __future__ import annotations

from ostiary.errors import CredentialUnavailable
from ostiary.model import Credential, Secret


class Record:
    """A credential source that a test rotates, or takes away."""

    def __init__(self, alias: str, id_: str, secret: str | bytes) -> None:
        self.alias = alias
        self._version = 0
        self.available = True
        self.put(id_, secret)

    def put(self, id_: str, secret: str | bytes) -> None:
        self._version += 1
        self._credential = Credential(self.alias, id_, Secret(secret), str(self._version))

    async def get(self) -> Credential:
        if not self.available:
            raise CredentialUnavailable(f"{self.alias} is not to be had", retry_after=1)
        return self._credential

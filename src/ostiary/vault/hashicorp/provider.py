"""The server as the gateway sees it: read only, KV version 2."""

from __future__ import annotations

import time

from ostiary.vault.hashicorp import path as paths
from ostiary.vault.hashicorp.client import Client
from ostiary.vault.hashicorp.judge import record
from ostiary.vault.record import SecretRecord


class HashicorpProvider:
    """One mount of one server; a record.Provider."""

    def __init__(self, client: Client, mount: str) -> None:
        self.client = client
        self._mount = mount

    async def start(self) -> None:
        """Begin to keep the token alive; the login itself comes with the first record."""
        await self.client.start()

    async def aclose(self) -> None:
        """Stop, and close the connections."""
        await self.client.aclose()

    @property
    def origin(self) -> str:
        """The server, the namespace and the engine."""
        return f"{self.client.place} {self._mount}"

    def inherit(self, previous: HashicorpProvider) -> None:
        """Log in anew: that costs little, and shows that the new configuration can."""

    def check(self, path: str) -> None:
        """Refuse a path that could be read in two ways.

        Raises:
            ConfigError: the path is not usable.
        """
        paths.data(self._mount, path, None)

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        """Read a record.

        Raises:
            SecretError: why not.
        """
        asked = time.monotonic()
        return record(await self.client.call("GET", paths.data(self._mount, path, version)), asked, version)

    def changed(self) -> bool:
        """Return False: the server does not tell; `cache.ttl` bounds how long a rotation goes unseen."""
        return False

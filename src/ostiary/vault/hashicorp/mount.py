"""One engine of the server, at the place where it is mounted."""

from __future__ import annotations

import time
from typing import Self

from ostiary.vault.hashicorp import path as paths
from ostiary.vault.hashicorp.client import Client
from ostiary.vault.record import SecretRecord


class Mount:
    """What all engines have in common; a record.Provider but for `fetch`. The login is the server's.

    Args:
        client: who asks.
        mount: where the engine is mounted.
    """

    engine = "kv"

    def __init__(self, client: Client, mount: str) -> None:
        self.client = client
        self.mount = mount

    @property
    def origin(self) -> str:
        """The server, the namespace, the mount and the engine."""
        return f"{self.client.place} {self.mount} {self.engine}"

    async def start(self) -> None:
        """Nothing: the server is opened once for all its engines."""

    async def aclose(self) -> None:
        """Nothing, likewise."""

    def inherit(self, previous: Self) -> None:
        """Nothing: to log in anew costs little, and shows that the new configuration can."""

    def check(self, path: str) -> None:
        """Refuse a path that could be read in two ways.

        Raises:
            ConfigError: the path is not usable.
        """
        paths.encoded(self.mount)
        paths.encoded(path)

    def changed(self) -> bool:
        """Return False: the server does not tell; `cache.ttl` bounds how long a rotation goes unseen."""
        return False

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        """Read a record.

        Raises:
            SecretError: why not.
        """
        raise NotImplementedError

    def now(self) -> float:
        """Return the monotonic clock, in seconds."""
        return time.monotonic()

"""The local vault as the gateway sees it: read in a thread, watched from the loop."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from ostiary.errors import ConfigError
from ostiary.sealed.files import check_file
from ostiary.sealed.store import LocalStore
from ostiary.sealed.watch import Watch
from ostiary.vault.errors import SecretError, Tampered
from ostiary.vault.record import SecretRecord

_OLDER: Final = "the vault is older than what was read from it before; restart to accept that"


class LocalProvider:
    """One encrypted file; a record.Provider.

    The counter of the vault is remembered: a file that is older than what this process has already
    read is refused, even when every seal in it is right.
    """

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self._watch = Watch(store.path)
        self._counter = 0

    async def start(self) -> None:
        """Check the file and its master key.

        Raises:
            ConfigError: there is no vault, others may read it, or the master key is another one.
        """
        await asyncio.to_thread(self._open)

    async def aclose(self) -> None:
        """Stop watching."""
        self._watch.close()

    @property
    def origin(self) -> str:
        """The file."""
        return str(self._store.path)

    def inherit(self, previous: LocalProvider) -> None:
        """A reload does not accept an older file either."""
        self._counter = previous._counter

    def check(self, path: str) -> None:
        """Accept any path: the file has no folders."""

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        """Read a record.

        Raises:
            SecretError: why not.
        """
        asked, before = time.monotonic(), self._counter
        opened, counter = await asyncio.to_thread(self._store.read, path, version)
        if counter < before:
            raise Tampered(_OLDER)
        self._counter = max(counter, self._counter)
        return SecretRecord(opened.fields, str(opened.version.number), asked)

    def changed(self) -> bool:
        """Whether another process, or a restore, has written to the file."""
        return self._watch.changed()

    def _open(self) -> None:
        check_file(self._store.path)
        try:
            counter = self._store.counter()
        except SecretError as error:
            raise ConfigError(f"{self._store.path}: {error}") from None
        if counter < self._counter:
            raise ConfigError(f"{self._store.path}: {_OLDER}")
        self._counter = counter
        self._watch.start()

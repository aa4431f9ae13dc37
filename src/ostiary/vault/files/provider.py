"""A folder as the gateway sees it: read in a thread, watched from the loop, looked at from time to time."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import structlog

from ostiary.errors import ConfigError
from ostiary.vault.errors import SecretError
from ostiary.vault.files.inotify import Inotify
from ostiary.vault.files.mounts import alone
from ostiary.vault.files.reader import Reader
from ostiary.vault.names import segments, unversioned
from ostiary.vault.record import SecretRecord

POLL: Final = 5.0  # seconds between two looks, for file systems whose changes the kernel does not tell
MOST: Final = 1024  # records that are looked at in that way

log = structlog.get_logger("ostiary.vault")


class FilesProvider:
    """One folder; a record.Provider."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._inotify = Inotify()
        self._known: dict[str, str] = {}  # the version of every record that was read, by path
        self._poll: asyncio.Task[None] | None = None
        self._differs = False
        reader.seen = self._inotify.watch

    async def start(self) -> None:
        """Begin to watch.

        Raises:
            ConfigError: there is no such folder.
        """
        root = self._reader.root
        if not await asyncio.to_thread(root.is_dir):
            raise ConfigError(f"{root}: there is no such folder")
        for one in await asyncio.to_thread(alone, root):
            log.warning("file is mounted by itself: a rotation is seen with the next start only", path=str(one))
        self._inotify.start()
        self._poll = asyncio.create_task(self._look_often())

    async def aclose(self) -> None:
        """Stop watching."""
        if self._poll is not None:
            self._poll.cancel()
            await asyncio.gather(self._poll, return_exceptions=True)
        self._inotify.close()

    @property
    def origin(self) -> str:
        """The folder."""
        return str(self._reader.root)

    def inherit(self, previous: FilesProvider) -> None:
        """Read anew: files are near."""

    def check(self, path: str) -> None:
        """Refuse a path that leads out of the folder, or could be read in two ways.

        Raises:
            ConfigError: the path is not usable.
        """
        segments(path)

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        """Read a record.

        Raises:
            SecretError: why not.
        """
        unversioned(version)
        asked = time.monotonic()
        self._known.pop(path, None)
        found = await asyncio.to_thread(self._reader.read, path)
        if len(self._known) < MOST:
            self._known[path] = found.version
        return SecretRecord(found.fields, found.version, asked)

    def changed(self) -> bool:
        """Whether something in the folders that were read has changed."""
        differs, self._differs = self._differs, False
        return self._inotify.changed() or differs

    async def _look_often(self) -> None:
        while True:
            await asyncio.sleep(POLL)
            self._differs |= await asyncio.to_thread(self._look)

    def _look(self) -> bool:
        """Whether any record that was read is another one by now."""
        return any(self._version(path) != version for path, version in tuple(self._known.items()))

    def _version(self, path: str) -> str:
        try:
            return self._reader.read(path).version
        except SecretError:
            return ""

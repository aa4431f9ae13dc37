"""The server as the gateway sees it: read only, KV version 2."""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus

from ostiary.vault.hashicorp import path as paths
from ostiary.vault.hashicorp.api import Api, Reply
from ostiary.vault.hashicorp.judge import record
from ostiary.vault.hashicorp.session import Session
from ostiary.vault.record import SecretRecord


class HashicorpProvider:
    """One mount of one server; a record.Provider."""

    def __init__(self, api: Api, session: Session, mount: str) -> None:
        self._api = api
        self._session = session
        self._mount = mount
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to keep the token alive; the login itself comes with the first record."""
        self._keeper = asyncio.create_task(self._session.keep())

    async def aclose(self) -> None:
        """Stop, and close the connections."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self._api.aclose()

    @property
    def origin(self) -> str:
        """The server, the namespace and the engine."""
        return f"{self._api.place} {self._mount}"

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
        return record(await self._read(paths.data(self._mount, path, version)), asked, version)

    def changed(self) -> bool:
        """Return False: the server does not tell; `cache.ttl` bounds how long a rotation goes unseen."""
        return False

    async def _read(self, where: str) -> Reply:
        token = await self._session.token()
        reply = await self._api.call("GET", where, token=token.value)
        if reply.status == HTTPStatus.FORBIDDEN and reply.spoken and await self._session.is_dead(token):
            token = await self._session.replaced(token)
            reply = await self._api.call("GET", where, token=token.value)
        return reply

"""A project as the gateway sees it."""

from __future__ import annotations

import re
import time
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from ostiary.config.vaults.cloud import GcpVaultSpec
from ostiary.errors import ConfigError
from ostiary.model import Secret
from ostiary.vault.fields import Format
from ostiary.vault.gcp.answer import record
from ostiary.vault.gcp.login import Login
from ostiary.vault.record import SecretRecord
from ostiary.vault.web import Answer, Web

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")


class GcpProvider:
    """The secrets of one project; a record.Provider."""

    def __init__(self, spec: GcpVaultSpec, web: Web, login: Login) -> None:
        self._secrets = f"{spec.address.rstrip('/')}/v1/projects/{spec.project}/secrets"
        self._format: Format = spec.format
        self._web = web
        self._login = login

    async def start(self) -> None:
        """Do nothing: the login comes with the first record."""

    async def aclose(self) -> None:
        """Close the connections."""
        await self._web.aclose()
        await self._login.aclose()

    @property
    def origin(self) -> str:
        """The project."""
        return self._secrets

    def inherit(self, previous: GcpProvider) -> None:
        """Log in anew."""

    def check(self, path: str) -> None:
        """Refuse a name that no secret can have.

        Raises:
            ConfigError: the name is not usable.
        """
        if not _NAME.fullmatch(path):
            raise ConfigError(f"{path!r}: a secret here is named by letters, digits, hyphens and underscores")

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        """Ask for a secret.

        Raises:
            SecretError: why not.
        """
        asked = time.monotonic()
        which = "latest" if version is None else quote(str(version), safe="")
        url = f"{self._secrets}/{path}/versions/{which}:access"
        shown = await self._login.shown()
        answer = await self._question(url, shown)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            answer = await self._question(url, await self._login.shown(dead=shown))
        return record(answer, self._format, asked)

    def changed(self) -> bool:
        """Return False: the service does not tell; `cache.ttl` bounds how long a rotation goes unseen."""
        return False

    async def _question(self, url: str, shown: Secret) -> Answer:
        return await self._web.ask("GET", url, {"Authorization": shown})

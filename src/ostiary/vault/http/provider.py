"""A custom service as the gateway sees it."""

from __future__ import annotations

import time
from collections.abc import Mapping

from ostiary.config.vaults import HttpVaultSpec
from ostiary.config.vaults.http import places
from ostiary.errors import CredentialUnavailable
from ostiary.model import Credential, CredentialSource
from ostiary.vault.errors import Unavailable
from ostiary.vault.http.answer import record
from ostiary.vault.http.template import Question
from ostiary.vault.names import segments, unversioned
from ostiary.vault.record import SecretRecord
from ostiary.vault.web import Web, json_body


class HttpProvider:
    """One service; a record.Provider, and a needs.Needy."""

    def __init__(self, spec: HttpVaultSpec, web: Web) -> None:
        self._spec = spec
        self._web = web
        texts = (spec.url, *spec.headers.values(), *spec.body.values())
        self._versions = any("version" in places(text) for text in texts)
        self._sources: Mapping[str, CredentialSource] = {}

    @property
    def needs(self) -> frozenset[str]:
        """The credentials that it is shown, by alias."""
        return frozenset(alias for alias, _ in self._spec.needs())

    def connect(self, sources: Mapping[str, CredentialSource]) -> None:
        """Know where those come from. Before `start`."""
        self._sources = {alias: sources[alias] for alias in self.needs}

    async def start(self) -> None:
        """Do nothing: the first question comes with the first record."""

    async def aclose(self) -> None:
        """Close the connections."""
        await self._web.aclose()

    @property
    def origin(self) -> str:
        """Where it is asked."""
        return self._spec.url

    def inherit(self, previous: HttpProvider) -> None:
        """Ask anew."""

    def check(self, path: str) -> None:
        """Refuse a path that could be read in two ways.

        Raises:
            ConfigError: the path is not usable.
        """
        segments(path)

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        """Ask for a record.

        Raises:
            SecretError: why not.
        """
        if not self._versions:
            unversioned(version)
        asked = time.monotonic()
        spec, question = self._spec, Question(path, "" if version is None else str(version), await self._shown())
        answer = await self._web.ask(
            spec.method,
            question.url(spec.url),
            {name: question.header(text) for name, text in spec.headers.items()}
            | ({"Content-Type": "application/json"} if spec.body else {}),
            json_body({name: question.text(text) for name, text in spec.body.items()}) if spec.body else None,
        )
        return record(answer, spec, asked)

    def changed(self) -> bool:
        """Return False: the service does not tell; `cache.ttl` bounds how long a rotation goes unseen."""
        return False

    async def _shown(self) -> dict[str, Credential]:
        """Return what the service is shown; that it cannot be had says nothing about a record."""
        try:
            return {alias: await source.get() for alias, source in self._sources.items()}
        except CredentialUnavailable as error:
            problem = f"what the vault is to be shown cannot be had: {error.detail}"
        raise Unavailable(problem)

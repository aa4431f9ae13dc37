"""Credentials, kept in files as the vaults have them.

What the gateway would show, the files hold: a new version within a second of the vault's cache knowing it, and nothing
once the gateway would answer 503. A run that ends leaves the files as they are. A policy that has changed is not taken
up, because Envoy would not: it is said, loudly.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import structlog

from ostiary.cli.export import place
from ostiary.embed import Credentials, open_vault
from ostiary.errors import CredentialUnavailable
from ostiary.export import Plan
from ostiary.export.envoy import FOLDER, credential_file, credential_secret, dump, withdrawn, written

_log = structlog.get_logger("ostiary.export")

_TICK: Final = 0.5
"""Seconds between two looks; what is fresh is looked up in memory."""

_NOTHING: Final = ""
"""The version of what is not to be had: no vault has one of that name."""


def _state(file: Path) -> tuple[int, int] | None:
    try:
        facts = file.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size


class Keeper:
    """Writes the files of credentials.

    Args:
        plan: what is exported.
        config: the configuration file.
        overlays: the files that are laid over it.

    Attributes:
        missing: aliases of credentials that are not to be had, as of the last look.
    """

    def __init__(self, plan: Plan, config: Path, overlays: Sequence[Path]) -> None:
        self._written = written(plan)
        self._folder = plan.place.home / FOLDER
        self._config, self._overlays = config, tuple(overlays)
        self._known: dict[str, str] = {}
        self._policy = self._seen()
        self.missing: list[str] = []

    async def run(self, *, watch: bool, before: Callable[[], None]) -> None:
        """Write every file, and the configuration, which needs them; then, to watch, write what changes.

        Raises:
            ConfigInvalid, ConfigError: the vaults of the file cannot work.
        """
        aliases = {alias for alias, _ in self._written.values()}
        async with open_vault(self._config, overlays=self._overlays, only=aliases) as vault:
            await self._look(vault)
            before()
            if watch:
                await self._keep(vault)

    async def _keep(self, vault: Credentials) -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        _log.info("watching", credentials=len(self._written), folder=str(self._folder))
        while not ended.is_set():
            try:
                await asyncio.wait_for(ended.wait(), _TICK)
            except TimeoutError:
                await self._look(vault)
                self._compare()

    def _seen(self) -> tuple[tuple[int, int] | None, ...]:
        """Return what tells one state of the policy's files from another."""
        return tuple(map(_state, (self._config, *self._overlays)))

    def _compare(self) -> None:
        seen = self._seen()
        if seen != self._policy:
            self._policy = seen
            _log.warning("the policy has changed: Envoy has the one before until it is exported anew")

    async def _look(self, vault: Credentials) -> None:
        """Write each file whose credential is another one than before."""
        self.missing = []
        for name, (alias, _) in self._written.items():
            await self._one(vault, name, alias)

    async def _one(self, vault: Credentials, name: str, alias: str) -> None:
        version, content, why = _NOTHING, withdrawn(name), ""
        try:
            credential = await vault.extract(alias)
            version, content = credential.version, credential_secret(name, self._written[name][1], credential)
        except CredentialUnavailable as error:
            version, why = _NOTHING, error.reason.value
            self.missing.append(alias)
        if self._known.get(name) == version:
            return
        place.put(self._folder / credential_file(name), dump(content), 0o600)
        self._known[name] = version
        if why:
            _log.warning("credential withdrawn", credential=alias, reason=why)
        else:
            _log.info("credential written", credential=alias, version=version)

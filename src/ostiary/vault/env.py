"""The environment, read once.

    path `legacy-accounts`   LEGACY_ACCOUNTS_ID, LEGACY_ACCOUNTS_SECRET   fields `id`, `secret`
    path `reports-key`       REPORTS_KEY                                  the field `secret`
                             REPORTS_KEY_FILE, ..._SECRET_FILE            the content of a file instead

Nothing rotates here: who may read /proc of this process reads it as well, and children inherit it. Files
are better; this is for places that have nothing else.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ostiary.config.vaults import EnvVaultSpec
from ostiary.errors import ConfigError
from ostiary.model import Secret
from ostiary.vault.errors import Misconfigured, NotFound, SecretError
from ostiary.vault.fields import SECRET, Fields, without_newline
from ostiary.vault.names import segments, unversioned
from ostiary.vault.record import SecretRecord

FILE: Final = "_FILE"
VERSION: Final = "environment"
_OTHER: Final = re.compile(r"[^A-Za-z0-9]")


class EnvProvider:
    """The environment of this process; a record.Provider.

    Args:
        prefix: what the names of all variables begin with.
        environ: the variables.
        folder: where relative names of files count from.
    """

    def __init__(self, prefix: str, environ: Mapping[str, str], folder: Path) -> None:
        self._prefix = prefix
        self._folder = folder
        self._found = {name: value for name, value in environ.items() if name.startswith(prefix)}
        self._read: dict[str, Fields] = {}

    async def start(self) -> None:
        """Do nothing: it has been read."""

    async def aclose(self) -> None:
        """Forget it."""
        self._found = {}
        self._read = {}

    @property
    def origin(self) -> str:
        """Which variables."""
        return self._prefix

    def inherit(self, previous: EnvProvider) -> None:
        """Read anew."""

    def check(self, path: str) -> None:
        """Read a record: what is wrong with a file that a variable names stops the start.

        Raises:
            ConfigError: the path is not usable, a variable is given twice, or its file cannot be read.
        """
        segments(path)
        self._load(path)

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        """Return a record as it was in the beginning.

        Raises:
            SecretError: there is none, or a version is asked for.
        """
        unversioned(version)
        try:
            fields = self._load(path)
        except ConfigError as error:
            problem: SecretError = Misconfigured(str(error))
        else:
            if fields:
                return SecretRecord(fields, VERSION, time.monotonic())
            problem = NotFound(f"there is no variable {self._name(path)}, nor one that begins with {self._name(path)}_")
        raise problem

    def changed(self) -> bool:
        """Return False: an environment does not change."""
        return False

    def _load(self, path: str) -> Fields:
        if path not in self._read:
            self._read[path] = dict(self._fields(path))
        return self._read[path]

    def _name(self, path: str) -> str:
        return self._prefix + _OTHER.sub("_", path).upper()

    def _fields(self, path: str) -> Iterator[tuple[str, Secret]]:
        name = self._name(path)
        for variable in self._found:
            plain = variable.removesuffix(FILE)
            if plain != variable and plain in self._found and plain.startswith(name):
                raise ConfigError(f"{plain} and {variable} are both set: which one counts?")
            if plain == name:
                yield SECRET, self._secret(variable)
            elif plain.startswith(f"{name}_") and self._found[variable]:
                yield plain.removeprefix(f"{name}_").lower(), self._secret(variable)

    def _secret(self, variable: str) -> Secret:
        value = self._found[variable]
        if not variable.endswith(FILE):
            return Secret(os.fsencode(value))
        try:
            return Secret(without_newline((self._folder / value).read_bytes()))
        except OSError as error:
            raise ConfigError(f"{variable}: the file that it names: {error.strerror}") from None


def compile_env(spec: EnvVaultSpec, folder: Path) -> EnvProvider:
    """Make the provider of the environment, which is read now."""
    return EnvProvider(spec.prefix or "", os.environ, folder)

"""Key-value stores. Version 2 has versions; version 1 has what is there now."""

from __future__ import annotations

import json
from hashlib import blake2b
from secrets import token_bytes
from typing import Final

from ostiary.errors import ConfigError
from ostiary.model import Secret
from ostiary.vault.hashicorp import path as paths
from ostiary.vault.hashicorp.judge import content, record
from ostiary.vault.hashicorp.mount import Mount
from ostiary.vault.record import SecretRecord

_SALT: Final = token_bytes(16)  # so that nobody can try out contents against a version that was logged


class KeyValue(Mount):
    """KV version 2."""

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        """Read a version of a record.

        Raises:
            SecretError: why not.
        """
        asked = self.now()
        return record(await self.client.call("GET", paths.data(self.mount, path, version)), asked, version)


class KeyValueOne(Mount):
    """KV version 1: the version of a record is a keyed hash of its content."""

    engine = "kv-v1"

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        """Read a record.

        Raises:
            SecretError: why not.
        """
        if version is not None:
            raise ConfigError(f"{path!r}: a store of version 1 has no versions")
        asked = self.now()
        data = content(await self.client.call("GET", f"{paths.encoded(self.mount)}/{paths.encoded(path)}"))
        texts = {name: Secret(value) for name, value in data.items() if isinstance(value, str)}
        return SecretRecord(texts, digest(data), asked)


def digest(data: object) -> str:
    """Return what stands for a content in this process, and tells nothing of it."""
    return blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=8, key=_SALT).hexdigest()

"""The server as the gateway sees it: read only; by default KV version 2."""

from __future__ import annotations

from ostiary.config.vaults import CredentialSpec
from ostiary.errors import ConfigError
from ostiary.vault.hashicorp.client import Client
from ostiary.vault.hashicorp.database import Database
from ostiary.vault.hashicorp.keyvalue import KeyValue, KeyValueOne
from ostiary.vault.hashicorp.mount import Mount
from ostiary.vault.hashicorp.path import encoded
from ostiary.vault.hashicorp.pki import Issuing


class HashicorpProvider(KeyValue):
    """One server; a record.Provider, and a record.Branching.

    Args:
        client: who asks.
        mount: where the key-value store is that is meant when a credential does not say.
    """

    def __init__(self, client: Client, mount: str) -> None:
        super().__init__(client, mount)
        encoded(mount)

    async def start(self) -> None:
        """Begin to keep the token alive; the login itself comes with the first record."""
        await self.client.start()

    async def aclose(self) -> None:
        """Stop, and close the connections."""
        await self.client.aclose()

    def branch(self, spec: CredentialSpec) -> Mount:
        """Return the engine that a credential comes from.

        Raises:
            ConfigError: it cannot be used like that.
        """
        engine = spec.engine or "kv"
        if engine != "kv" and spec.version is not None:
            raise ConfigError(f"`version`: what engine {engine} gives has no versions to choose from")
        if engine != "pki" and spec.parameters is not None:
            raise ConfigError(f"`parameters`: engine {engine} takes none")
        match engine:
            case "database":
                return Database(self.client, spec.mount or "database")
            case "pki":
                return Issuing(self.client, spec.mount or "pki", spec.parameters or {})
            case "kv-v1":
                return KeyValueOne(self.client, spec.mount or self.mount)
        return self if spec.mount in (None, self.mount) else KeyValue(self.client, spec.mount or self.mount)

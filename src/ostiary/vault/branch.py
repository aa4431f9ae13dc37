"""One engine of a vault: its provider, a cache before it, and the credentials taken from it."""

from __future__ import annotations

from ostiary.config.vaults import CredentialSpec
from ostiary.vault.cache import Cache
from ostiary.vault.freshness import Policy
from ostiary.vault.identity import VaultIdentity
from ostiary.vault.record import Provider
from ostiary.vault.source import VaultCredential


class Branch:
    """A provider and its cache.

    Args:
        vault: the vault's name in the configuration.
        provider: how to talk to it.
        policy: how long records are used.
    """

    def __init__(self, vault: str, provider: Provider, policy: Policy) -> None:
        self.provider = provider
        self.cache = Cache(vault, provider, policy)

    def source(self, alias: str, spec: CredentialSpec) -> VaultCredential:
        """Return a credential.

        Raises:
            ConfigError: this vault cannot have such a path.
        """
        self.provider.check(spec.path or alias)
        return VaultCredential(alias, spec, self.cache)

    def identity(self, alias: str, spec: CredentialSpec) -> VaultIdentity:
        """Return a certificate and its key.

        Raises:
            ConfigError: this vault cannot have such a path.
        """
        self.provider.check(spec.path or alias)
        return VaultIdentity(alias, spec, self.cache)


class Members:
    """The credentials of one alias, which has a record for each caller: they come and go.

    Args:
        alias: its name in the configuration.
        spec: which fields.
        branch: where the records are.
    """

    def __init__(self, alias: str, spec: CredentialSpec, branch: Branch) -> None:
        self._alias = alias
        self._spec = spec
        self._branch = branch

    def member(self, path: str) -> VaultCredential:
        """Return the credential in a record.

        Raises:
            ConfigError: this vault cannot have such a path.
        """
        return self._branch.source(self._alias, self._spec.model_copy(update={"path": path}))

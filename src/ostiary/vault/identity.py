"""A TLS identity that a vault makes: a certificate, its chain and its key, replaced before it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ostiary.config.vaults import CredentialSpec
from ostiary.errors import CredentialUnavailable
from ostiary.model import Secret
from ostiary.reasons import Reason
from ostiary.vault.cache import Cache
from ostiary.vault.record import SecretRecord

CERTIFICATE: Final = "certificate"
KEY: Final = "private_key"


@dataclass(frozen=True, slots=True)
class MadeIdentity:
    """A certificate and its key: whole, and never changed.

    Attributes:
        certificate: the chain (PEM), leaf first.
        key: the private key (PEM).
        version: the vault's name for it; compared for equality only.
        not_after: when it ends, seconds on the monotonic clock, or None.
    """

    certificate: bytes = field(repr=False)
    key: Secret
    version: str
    not_after: float | None


class VaultIdentity:
    """Where a TLS identity comes from. The vault room renews it by itself; who uses it is told of each new one.

    Args:
        alias: its name in the configuration.
        spec: which record.
        cache: the records of its vault.
    """

    def __init__(self, alias: str, spec: CredentialSpec, cache: Cache) -> None:
        self.alias = alias
        self.required = spec.start == "require"
        self._slot = cache.slot(spec.path or alias, spec.version)
        self._cache = cache
        self._hearing: list[Callable[[MadeIdentity], None]] = []
        self._told: str | None = None
        self._slot.heard.append(self._tell)

    async def get(self) -> MadeIdentity:
        """Return the identity to show now.

        Raises:
            CredentialUnavailable: the vault does not give it, or what it gives is none.
        """
        record = self._cache.peek(self._slot, self._cache.clock()) or await self._cache.obtain(self._slot)
        if record is None:
            failure = self._slot.state.failure
            reason = failure.reason if failure else Reason.CREDENTIAL_UNAVAILABLE
            raise CredentialUnavailable(f"identity {self.alias}: {failure or 'the vault is closed'}", reason=reason)
        self._tell(record)  # one that was handed on by a reload is new to those who hear here
        return identity_of(self.alias, record)

    def subscribe(self, hear: Callable[[MadeIdentity], None]) -> None:
        """Have every identity that comes into use told once, on the loop, before anybody else can use it."""
        self._hearing.append(hear)

    def _tell(self, record: SecretRecord) -> None:
        if record.version != self._told:
            self._told = record.version
            made = identity_of(self.alias, record)
            for hear in self._hearing:
                hear(made)


def identity_of(alias: str, record: SecretRecord) -> MadeIdentity:
    """Return the identity that a record holds.

    Raises:
        CredentialUnavailable: it has no certificate, or no key (reason `credential.unusable`).
    """
    certificate, key = record.fields.get(CERTIFICATE), record.fields.get(KEY)
    if certificate is None or key is None:
        raise CredentialUnavailable(
            f"identity {alias}: version {record.version} is no certificate with its key",
            reason=Reason.CREDENTIAL_UNUSABLE,
        )
    return MadeIdentity(certificate.reveal(), key, record.version, record.not_after)

"""From a record to the credential that an injector writes."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from ostiary.config.vaults import CredentialSpec
from ostiary.errors import CredentialUnavailable
from ostiary.model import Credential
from ostiary.reasons import Reason
from ostiary.vault.cache import Cache
from ostiary.vault.record import SecretRecord


@dataclass(frozen=True, slots=True)
class CredentialState:
    """What is known of a credential now.

    Attributes:
        version: of the copy in memory, or None when there is none.
        usable: whether that copy may be used.
        age: seconds since it was asked for, or None.
        expires: seconds until its version ends by itself, or None when it does not say so.
        reason: why the last fetch failed, or None when it did not.
        rotations: how often another version came into use.
    """

    version: str | None
    usable: bool
    age: float | None
    expires: float | None
    reason: Reason | None
    rotations: int


class VaultCredential:
    """One alias of the configuration: a model.CredentialSource.

    As long as the record is the same, `get` returns the same object, so that what is encoded from it
    can be kept.

    Args:
        alias: its name in the configuration.
        spec: which record, which fields.
        cache: the records of its vault.
    """

    def __init__(self, alias: str, spec: CredentialSpec, cache: Cache) -> None:
        self._alias = alias
        self._spec = spec
        self._cache = cache
        self._slot = cache.slot(spec.path or alias, spec.version)
        self._record: SecretRecord | None = None
        self._credential: Credential | None = None

    @property
    def alias(self) -> str:
        """Its name in the configuration."""
        return self._alias

    @property
    def state(self) -> CredentialState:
        """What is known of it now; nothing is fetched."""
        now, state = self._cache.clock(), self._slot.state
        record = state.record
        end = None if record is None else record.not_after
        return CredentialState(
            version=None if record is None else record.version,
            usable=record is not None and now < state.life.dead,
            age=None if record is None else now - record.fetched_at,
            expires=None if end is None else end - now,
            reason=None if state.failure is None else state.failure.reason,
            rotations=self._slot.rotations,
        )

    @property
    def required(self) -> bool:
        """Whether there is no start without it."""
        return self._spec.start == "require"

    def current(self, now: float) -> Credential | None:
        """Return the credential when it is fresh, else None. Takes about a microsecond."""
        record = self._cache.peek(self._slot, now)
        return self._credential if record is not None and record is self._record else None

    async def get(self) -> Credential:
        """Return the credential; does not suspend while it is fresh.

        Raises:
            CredentialUnavailable: the vault does not give it, or it lacks what was configured.
        """
        return self.current(self._cache.clock()) or await self._obtain()

    async def rejected(self, version: str) -> bool:
        """Look for another version than one that an upstream has rejected; return whether there is one."""
        return await self._cache.rejected(self._slot, version)

    def release(self) -> None:
        """Let go of the record: the credential is not used any more."""
        self._cache.release(self._slot)

    async def _obtain(self) -> Credential:
        record = await self._cache.obtain(self._slot)
        if record is None:
            raise self._refusal()
        if record is not self._record or self._credential is None:
            self._credential = credential_of(self._alias, self._spec, record)
            self._record = record
        return self._credential

    def _refusal(self) -> CredentialUnavailable:
        state = self._slot.state
        wait = max(1, ceil(state.retry_at - self._cache.clock())) if state.failure else 1
        reason = state.failure.reason if state.failure else Reason.CREDENTIAL_UNAVAILABLE
        why = f"{type(state.failure).__name__}: {state.failure}" if state.failure else "the vault is closed"
        return CredentialUnavailable(f"credential {self._alias}: {why}", reason=reason, retry_after=wait)


def credential_of(alias: str, spec: CredentialSpec, record: SecretRecord) -> Credential:
    """Return the credential that a record holds.

    The id may be missing when the configuration does not name its field: a token has none.

    Raises:
        CredentialUnavailable: a field is missing, is empty, or is not UTF-8 (reason `credential.unusable`).
    """
    wants_id = "id" in spec.model_fields_set or spec.id in record.fields
    name = _text(alias, spec.id, record) if wants_id else ""
    _text(alias, spec.secret, record)
    return Credential(alias, name, record.fields[spec.secret], record.version)


def _text(alias: str, field: str, record: SecretRecord) -> str:
    value = record.fields.get(field)
    problem = "no text"
    if value is not None and value.reveal():
        try:
            return value.reveal().decode()
        except UnicodeDecodeError:
            problem = "not UTF-8"
    raise CredentialUnavailable(
        f"credential {alias}: field {field!r} of version {record.version}: {problem}", reason=Reason.CREDENTIAL_UNUSABLE
    )

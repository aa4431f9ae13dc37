"""Azure Key Vault, by Microsoft's client: secrets.

A secret is one text; with `format: value` its tags are fields beside it, so that a user name may be a tag.
Microsoft's advice on throttling is what the cache does anyway: keep it in memory, ask again when it stops
working.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ostiary.config.secrets import resolve
from ostiary.config.vaults.cloud import AzureManagedSpec, AzureSecretSpec, AzureVaultSpec
from ostiary.errors import ConfigError
from ostiary.model import Secret
from ostiary.vault.errors import AccessDenied, Destroyed, Misconfigured, NotFound, SecretError, Throttled, Unavailable
from ostiary.vault.extra import extra
from ostiary.vault.fields import Format, fields_of
from ostiary.vault.record import SecretRecord

PAUSE: Final = 2.0  # least pause after having asked too often, in seconds
_TOO_MANY: Final = 429
_PATH: Final = re.compile(r"[0-9A-Za-z-]{1,127}(/[0-9a-zA-Z]{1,64})?")
_REFUSALS: Final[Mapping[int, type[SecretError]]] = {
    400: Misconfigured,
    401: AccessDenied,
    403: AccessDenied,
    404: NotFound,
}


class AzureProvider:
    """One key vault; a record.Provider.

    Args:
        address: the key vault.
        form: what a secret holds.
        patience: seconds for one question.
        client: Microsoft's client.
        credential: Microsoft's credential, which the client does not close.

    Attributes:
        login: the credential and options of Microsoft's clients, for whoever asks the key vault for keys.
    """

    def __init__(self, address: str, form: Format, patience: float, client: Any, credential: Any) -> None:
        self._address = address
        self._format = form
        self._patience = patience
        self._client = client
        self._credential = credential
        self.login: tuple[Any, Mapping[str, Any]] = (credential, {})
        self._errors = extra("azure", "azure.core.exceptions")

    async def start(self) -> None:
        """Do nothing: the login comes with the first record."""

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()
        await self._credential.close()

    @property
    def origin(self) -> str:
        """The key vault."""
        return self._address

    def inherit(self, previous: AzureProvider) -> None:
        """Log in anew."""

    def check(self, path: str) -> None:
        """Refuse a name that no secret of a key vault can have.

        Raises:
            ConfigError: the name is not usable.
        """
        if not _PATH.fullmatch(path):
            raise ConfigError(f"{path!r}: a secret in a key vault is NAME or NAME/VERSION: letters, digits and hyphens")

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        """Ask for a secret.

        Raises:
            SecretError: why not.
        """
        if version is not None:
            raise Misconfigured("versions have no numbers here: take `version` out, and write NAME/VERSION as the path")
        asked = time.monotonic()
        name, _, pinned = path.partition("/")
        try:
            async with asyncio.timeout(self._patience):
                found = await self._client.get_secret(name, pinned or None)
        except self._errors.HttpResponseError as error:
            refusal = _refusal(error.status_code)
        except Exception as error:  # noqa: BLE001 - whatever else the library raises is no answer; its text may tell
            refusal = Unavailable(f"no answer from the vault: {type(error).__name__}")
        else:
            return self._record(found, asked)
        raise refusal

    def changed(self) -> bool:
        """Return False: the service does not tell; `cache.ttl` bounds how long a rotation goes unseen."""
        return False

    def _record(self, found: Any, asked: float) -> SecretRecord:
        if not isinstance(found.value, str):
            raise Unavailable("the answer of the vault has no value")
        facts, now = found.properties, time.time()
        if facts.expires_on is not None and facts.expires_on.timestamp() <= now:
            raise Destroyed("the secret has expired")
        if facts.not_before is not None and facts.not_before.timestamp() > now:
            raise AccessDenied("the secret is not to be used yet")
        tags = (facts.tags or {}) if self._format == "value" else {}
        fields = {name: Secret(text) for name, text in tags.items()} | dict(
            fields_of(found.value.encode(), self._format)
        )
        ends = None if facts.expires_on is None else asked + facts.expires_on.timestamp() - now
        return SecretRecord(fields, str(facts.version), asked, ends)


def _refusal(status: int | None) -> SecretError:
    said = f"the vault answered {status}"
    if status == _TOO_MANY:
        return Throttled(said, retry_after=PAUSE)
    return _REFUSALS.get(status or 0, Unavailable)(said)


def compile_azure(spec: AzureVaultSpec, folder: Path) -> AzureProvider:
    """Make the provider of a key vault.

    Raises:
        ConfigError: the extra is not installed, or a secret that the spec refers to is not there.
    """
    trust = [str(reference.below(folder)) for reference in spec.authorities]
    options: dict[str, Any] = {
        "connection_timeout": spec.timeout,
        "read_timeout": spec.timeout,
        "retry_total": 0,  # the cache asks again, and knows when
        "use_env_settings": False,
        **({"connection_verify": trust[0]} if trust else {}),
    }
    credential = _credential(spec, folder, options)
    client = extra("azure", "azure.keyvault.secrets.aio").SecretClient(spec.address, credential, **options)
    provider = AzureProvider(spec.address, spec.format, spec.timeout, client, credential)
    provider.login = (credential, options)
    return provider


def _credential(spec: AzureVaultSpec, folder: Path, options: Mapping[str, Any]) -> Any:
    library, way = extra("azure", "azure.identity.aio"), spec.auth.value
    if isinstance(way, AzureSecretSpec):
        secret = resolve(way.client_secret, folder).reveal().decode()
        other = {} if way.authority is None else {"authority": way.authority, "disable_instance_discovery": True}
        return library.ClientSecretCredential(way.tenant, way.client_id, secret, **other, **options)
    if isinstance(way, AzureManagedSpec):
        return library.ManagedIdentityCredential(client_id=way.client_id)
    return library.DefaultAzureCredential()

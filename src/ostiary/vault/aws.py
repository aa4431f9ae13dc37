"""AWS Secrets Manager, by botocore.

botocore finds out who asks (environment, files, the role of a pod or a machine), which is more than a
gateway should write anew. It blocks, so it runs in a thread; a record is asked for once a minute or so.
Errors are told apart by their code: AWS says 400 for nearly all of them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ostiary.config.vaults.cloud import AwsVaultSpec
from ostiary.errors import ConfigError
from ostiary.vault.errors import AccessDenied, Destroyed, Misconfigured, NotFound, SecretError, Throttled, Unavailable
from ostiary.vault.extra import extra
from ostiary.vault.fields import Format, fields_of
from ostiary.vault.names import segments
from ostiary.vault.record import SecretRecord

PAUSE: Final = 2.0  # least pause after having asked too often, in seconds
_REFUSALS: Final[Mapping[str, type[SecretError]]] = {
    "ResourceNotFoundException": NotFound,
    "InvalidRequestException": Destroyed,
    "AccessDeniedException": AccessDenied,
    "DecryptionFailure": AccessDenied,
    "InvalidParameterException": Misconfigured,
    "ValidationException": Misconfigured,
}
_TOO_OFTEN: Final = frozenset(("ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"))


class AwsProvider:
    """The secrets of one account in one region; a record.Provider."""

    def __init__(self, spec: AwsVaultSpec, client: Any) -> None:
        self._stage = spec.stage
        self._place = f"{spec.region} {spec.stage} {spec.endpoint or ''}"
        self._format: Format = spec.format
        self._client = client
        self._patience = spec.timeout

    async def start(self) -> None:
        """Do nothing: the first question comes with the first record."""

    async def aclose(self) -> None:
        """Close the connections."""
        await asyncio.to_thread(self._client.close)

    @property
    def origin(self) -> str:
        """The region, and the stage."""
        return self._place

    def inherit(self, previous: AwsProvider) -> None:
        """Ask anew."""

    def check(self, path: str) -> None:
        """Refuse a path that could be read in two ways.

        Raises:
            ConfigError: the path is not usable.
        """
        segments(path)

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        """Ask for a secret.

        Raises:
            SecretError: why not.
        """
        if version is not None:
            raise Misconfigured("versions have no numbers here: take `version` out, or say which `stage` of the vault")
        asked = time.monotonic()
        try:
            async with asyncio.timeout(self._patience):
                said = await asyncio.to_thread(self._ask, path)
        except TimeoutError:
            problem = "no answer from the vault in time"
        else:
            octets = _octets(said)
            return SecretRecord(fields_of(octets, self._format), str(said.get("VersionId")), asked)
        raise Unavailable(problem)

    def changed(self) -> bool:
        """Return False: the service does not tell; `cache.ttl` bounds how long a rotation goes unseen."""
        return False

    def _ask(self, path: str) -> Mapping[str, Any]:
        client = self._client
        try:
            return client.get_secret_value(SecretId=path, VersionStage=self._stage)  # type: ignore[no-any-return]
        except client.exceptions.ClientError as error:
            refusal = _refusal(error.response)
        except Exception as error:  # noqa: BLE001 - whatever else the library raises is no answer; its text may tell
            refusal = Unavailable(f"no answer from the vault: {type(error).__name__}")
        raise refusal


def _octets(said: Mapping[str, Any]) -> bytes:
    if isinstance(text := said.get("SecretString"), str):
        return text.encode()
    if isinstance(octets := said.get("SecretBinary"), bytes):
        return octets
    raise Unavailable("the answer of the vault has no secret")


def _refusal(response: Mapping[str, Any]) -> SecretError:
    code = str(response.get("Error", {}).get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    said = f"the vault answered {status} {code if code.isalnum() else ''}".rstrip()
    if code in _TOO_OFTEN:
        return Throttled(said, retry_after=PAUSE)
    return _REFUSALS.get(code, Unavailable)(said)


def compile_aws(spec: AwsVaultSpec, folder: Path) -> AwsProvider:
    """Make the provider of AWS Secrets Manager.

    Raises:
        ConfigError: the extra is not installed, or there is no such service.
    """
    session = extra("aws", "botocore.session").get_session()
    config = extra("aws", "botocore.config").Config(
        connect_timeout=spec.timeout,
        read_timeout=spec.timeout,
        retries={"mode": "standard", "total_max_attempts": 1},  # the cache asks again, and knows when
        proxies={},
        user_agent_extra="ostiary",
    )
    verify = [str(reference.below(folder)) for reference in spec.authorities]
    try:
        client = session.create_client(
            "secretsmanager",
            spec.region,
            endpoint_url=spec.endpoint,
            verify=verify[0] if verify else None,
            config=config,
        )
    except (extra("aws", "botocore.exceptions").BotoCoreError, ValueError) as error:
        raise ConfigError(f"aws: {error}") from None
    return AwsProvider(spec, client)

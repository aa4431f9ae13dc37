"""Keys of Azure Key Vault, by Microsoft's client: they sign there, and RSA keys also decrypt.

Elliptic curve keys only sign: the service does not agree on keys with them.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ostiary.errors import ConfigError
from ostiary.keys.algorithms import encrypts
from ostiary.keys.errors import KeyRefused
from ostiary.keys.version import KeyVersion, begins, described
from ostiary.sealed.errors import AccessDenied, Misconfigured, NotFound, SecretError, Throttled, Unavailable

_CURVES: Final[Mapping[str, ec.EllipticCurve]] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}
_REFUSALS: Final[Mapping[int, type[SecretError]]] = {
    400: Misconfigured,
    401: AccessDenied,
    403: AccessDenied,
    404: NotFound,
}
_TOO_MANY: Final = 429
_PAUSE: Final = 2.0  # least pause after having asked too often, in seconds


@dataclass(frozen=True, slots=True)
class AzureKey:
    """Which key, and how.

    Attributes:
        address: the key vault.
        name: the key.
        wanted: the algorithm of the configuration, or None.
        lead: how long a version is published before it signs, in seconds.
        patience: seconds for one question.
    """

    address: str
    name: str
    wanted: str | None
    lead: float
    patience: float


class AzureKeeper:
    """One key of a key vault; a keeper.Keeper.

    Args:
        key: which, and how.
        credential: Microsoft's credential, which belongs to the vault of the configuration.
        options: of Microsoft's clients.
    """

    def __init__(self, key: AzureKey, credential: Any, options: Mapping[str, Any]) -> None:
        self._key = key
        self._credential = credential
        self._options = dict(options)
        self._errors, self._crypto = _library("azure.core.exceptions"), _library("azure.keyvault.keys.crypto")
        self._remote = _library("azure.keyvault.keys.crypto.aio")
        self._client = _library("azure.keyvault.keys.aio").KeyClient(key.address, credential, **self._options)
        self._signers: dict[str, Any] = {}

    @property
    def origin(self) -> str:
        """The key vault, and the key."""
        return f"{self._key.address} {self._key.name}"

    async def start(self) -> None:
        """Nothing: the login comes with the first question."""

    async def aclose(self) -> None:
        """Close the connections."""
        for one in (*self._signers.values(), self._client):
            await one.close()

    def changed(self) -> bool:
        """Return False: the service does not tell."""
        return False

    async def versions(self) -> Sequence[KeyVersion]:
        """Ask for every version."""
        found: list[KeyVersion] = await self._asked(self._versions())
        return found

    async def sign(self, version: KeyVersion, data: bytes) -> bytes:
        """Have a version sign the hash; elliptic curves answer with r and s already."""
        way = self._crypto.SignatureAlgorithm(version.alg)
        digest = hashlib.new(f"sha{version.alg[2:]}", data).digest()
        answer = await self._asked(self._signer(version.id).sign(way, digest))
        return bytes(answer.signature)

    def opens(self, version: KeyVersion) -> bool:
        """Whether the service unwraps for a version: for RSA keys, whatever else they do."""
        return isinstance(version.public, rsa.RSAPublicKey)

    async def unwrap(self, version: KeyVersion, wrapped: bytes) -> bytes:
        """Return the key of a token that was encrypted to a version (RFC 7518, section 4.3).

        Raises:
            KeyRefused: it was not.
        """
        way = self._crypto.KeyWrapAlgorithm(version.alg if encrypts(version.alg) else "RSA-OAEP-256")
        try:
            answer = await self._asked(self._signer(version.id).unwrap_key(way, wrapped))
        except Misconfigured:
            raise KeyRefused("the token stays closed") from None
        return bytes(answer.key)

    async def _versions(self) -> list[KeyVersion]:
        listed = [one async for one in self._client.list_properties_of_key_versions(self._key.name)]
        if not listed:
            raise NotFound(f"the key vault has no key {self._key.name}")
        listed.sort(key=lambda one: one.created_on)
        starts = begins({n: one.created_on.timestamp() for n, one in enumerate(listed)}, self._key.lead)
        return [await self._version(number, facts, starts[number]) for number, facts in enumerate(listed)]

    async def _version(self, number: int, facts: Any, begin: float) -> KeyVersion:
        found = await self._client.get_key(self._key.name, facts.version)
        given = 0.0 if facts.not_before is None else _moment(facts.not_before)
        ends = None if facts.expires_on is None else _moment(facts.expires_on)
        try:
            version = described(
                facts.version, number, _public(found.key), self._key.wanted, begins=max(begin, given), ends=ends
            )
        except KeyRefused as error:
            raise Misconfigured(f"key {self._key.name} of the key vault: {error}") from None
        return replace(version, enabled=bool(facts.enabled))

    def _signer(self, version: str) -> Any:
        if version not in self._signers:
            place = f"{self._key.address.rstrip('/')}/keys/{self._key.name}/{version}"
            client = self._remote.CryptographyClient(place, self._credential, **self._options)
            self._signers[version] = client
        return self._signers[version]

    async def _asked(self, question: Any) -> Any:
        """Return an answer.

        Raises:
            SecretError: what there is in its place, in our words: those of the library may tell.
        """
        try:
            async with asyncio.timeout(self._key.patience):
                return await question
        except SecretError:
            raise
        except self._errors.HttpResponseError as error:
            problem = _refusal(error.status_code)
        except Exception as error:  # noqa: BLE001 - whatever else the library raises is no answer
            problem = Unavailable(f"no answer from the key vault: {type(error).__name__}")
        raise problem


def _public(key: Any) -> Any:
    """Return a public key from the members of its JWK."""
    if key.n is not None and key.e is not None:
        return rsa.RSAPublicNumbers(int.from_bytes(key.e, "big"), int.from_bytes(key.n, "big")).public_key()
    curve = _CURVES.get(str(getattr(key.crv, "value", key.crv)))
    if curve is None:
        raise KeyRefused("a key of another kind: RSA, EC P-256 and EC P-384 are used")
    return ec.EllipticCurvePublicNumbers(int.from_bytes(key.x, "big"), int.from_bytes(key.y, "big"), curve).public_key()


def _moment(value: datetime) -> float:
    return value.timestamp()


def _refusal(status: int | None) -> SecretError:
    said = f"the key vault answered {status}"
    if status == _TOO_MANY:
        return Throttled(said, retry_after=_PAUSE)
    return _REFUSALS.get(status or 0, Unavailable)(said)


def _library(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise ConfigError("keys of type azure need an extra: pip install 'ostiary[azure]'") from None

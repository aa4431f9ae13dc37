"""Keys of AWS KMS, by botocore: they sign there, or decrypt; a key there does only one of the two.

KMS does not rotate keys that sign. A ring is a list of them in the configuration, the newest last. One that joins
the list with a reload is published before it signs; those of the start sign at once.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from ostiary.config.keys import AwsKeySpec
from ostiary.errors import ConfigError
from ostiary.keys.errors import KeyRefused
from ostiary.keys.version import KeyVersion, described
from ostiary.sealed.errors import AccessDenied, Destroyed, Misconfigured, NotFound, SecretError, Throttled, Unavailable

T = TypeVar("T")

_WAYS: Final = {
    **{f"RS{size}": f"RSASSA_PKCS1_V1_5_SHA_{size}" for size in (256, 384, 512)},
    **{f"PS{size}": f"RSASSA_PSS_SHA_{size}" for size in (256, 384, 512)},
    **{f"ES{size}": f"ECDSA_SHA_{size}" for size in (256, 384)},
}
_UNWRAPPING: Final = {"RSA-OAEP-256": "RSAES_OAEP_SHA_256", "RSA-OAEP": "RSAES_OAEP_SHA_1"}
_SIZES: Final = {"ES256": 32, "ES384": 48}
_REFUSALS: Final[Mapping[str, type[SecretError]]] = {
    "NotFoundException": NotFound,
    "AccessDeniedException": AccessDenied,
    "DisabledException": AccessDenied,
    "KMSInvalidStateException": Destroyed,
    "InvalidKeyUsageException": Misconfigured,
    "UnsupportedOperationException": Misconfigured,
    "ValidationException": Misconfigured,
}
_TOO_OFTEN: Final = frozenset(("ThrottlingException", "LimitExceededException", "TooManyRequestsException"))
_MOST: Final = 4096  # octets of a message that the service takes
_PAUSE: Final = 2.0  # least pause after having asked too often, in seconds


class AwsKeeper:
    """Some keys of KMS; a keeper.Keeper.

    Args:
        client: botocore's client of KMS.
        spec: the block of the configuration.
        clock: epoch seconds.
    """

    def __init__(self, client: Any, spec: AwsKeySpec, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._spec = spec
        self._clock = clock
        self._seen: dict[str, float] = {}

    @property
    def origin(self) -> str:
        """The region. Which keys of it are in the ring may change from one configuration to the next."""
        return f"{self._spec.region} {self._spec.endpoint or ''}"

    def inherit(self, previous: AwsKeeper) -> None:
        """Know which keys were in the list before: those that are new to it are published first."""
        self._seen = dict(previous._seen)

    async def start(self) -> None:
        """Nothing: the login comes with the first question."""

    async def aclose(self) -> None:
        """Close the connections."""
        await asyncio.to_thread(self._client.close)

    def changed(self) -> bool:
        """Return False: the service does not tell."""
        return False

    async def versions(self) -> Sequence[KeyVersion]:
        """Ask for the public half of each key."""
        found = [await self._call(self._version, number, key) for number, key in enumerate(self._spec.ids, start=1)]
        start = self._clock() + self._spec.publish_before if self._seen else 0.0
        return [replace(one, begins=self._seen.setdefault(one.id, start)) for one in found]

    async def sign(self, version: KeyVersion, data: bytes) -> bytes:
        """Have a key sign; elliptic curves answer in DER, which becomes r and s."""
        if version.alg not in _WAYS:
            raise Misconfigured(f"KMS does not sign with {version.alg} here")
        signature = await self._call(self._signature, version, data)
        size = _SIZES.get(version.alg)
        if size is None:
            return signature
        r, s = decode_dss_signature(signature)
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    def opens(self, version: KeyVersion) -> bool:
        """Whether the service unwraps for a version."""
        return version.alg in _UNWRAPPING

    async def unwrap(self, version: KeyVersion, wrapped: bytes) -> bytes:
        """Return the key of a token that was encrypted to a version (RFC 7518, section 4.3).

        Raises:
            KeyRefused: it was not.
        """
        return await self._call(self._unwrapped, version, wrapped)

    def _unwrapped(self, version: KeyVersion, wrapped: bytes) -> bytes:
        way = _UNWRAPPING[version.alg]
        try:
            answer = self._client.decrypt(KeyId=version.id, CiphertextBlob=wrapped, EncryptionAlgorithm=way)
        except self._client.exceptions.InvalidCiphertextException:
            raise KeyRefused("the token stays closed") from None
        return bytes(answer["Plaintext"])

    def _version(self, number: int, key: str) -> KeyVersion:
        facts = self._client.describe_key(KeyId=key)["KeyMetadata"]
        wanted = "ENCRYPT_DECRYPT" if self._spec.algorithm in _UNWRAPPING else "SIGN_VERIFY"
        if facts["KeyUsage"] != wanted:
            raise Misconfigured(f"key {number} of KMS is for {facts['KeyUsage']}, and {wanted} is wanted")
        public = load_der_public_key(self._client.get_public_key(KeyId=key)["PublicKey"])
        try:
            enabled = facts["KeyState"] == "Enabled"
            return described(key, number, public, self._spec.algorithm, begins=0.0, enabled=enabled)
        except KeyRefused as error:
            problem = Misconfigured(f"key {number} of KMS: {error}")
        raise problem

    def _signature(self, version: KeyVersion, data: bytes) -> bytes:
        raw = len(data) <= _MOST  # longer ones are hashed here
        answer = self._client.sign(
            KeyId=version.id,
            Message=data if raw else hashlib.new(f"sha{version.alg[2:]}", data).digest(),
            MessageType="RAW" if raw else "DIGEST",
            SigningAlgorithm=_WAYS[version.alg],
        )
        return bytes(answer["Signature"])

    async def _call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function in a thread.

        Raises:
            SecretError: what it ended with, in our words: those of the library may tell.
        """
        try:
            async with asyncio.timeout(self._spec.timeout):
                return await asyncio.to_thread(function, *arguments)
        except (SecretError, KeyRefused):
            raise
        except self._client.exceptions.ClientError as error:
            problem = _refusal(str(error.response.get("Error", {}).get("Code", "")))
        except Exception as error:  # noqa: BLE001 - whatever else the library raises is no answer
            problem = Unavailable(f"no answer from KMS: {type(error).__name__}")
        raise problem


def _refusal(code: str) -> SecretError:
    said = f"KMS refused: {code if code.isalnum() else 'an error'}"
    if code in _TOO_OFTEN:
        return Throttled(said, retry_after=_PAUSE)
    return _REFUSALS.get(code, Unavailable)(said)


def compile_aws(spec: AwsKeySpec, clock: Callable[[], float] = time.time) -> AwsKeeper:
    """Return the keeper of some keys of KMS; nothing is asked.

    Raises:
        ConfigError: the extra is not installed, or there is no such region.
    """
    try:
        session, config = importlib.import_module("botocore.session"), importlib.import_module("botocore.config")
    except ImportError:
        raise ConfigError("keys of type aws need an extra: pip install 'ostiary[aws]'") from None
    logging.getLogger("botocore").setLevel(logging.WARNING)  # it would write down what it sends
    patience = {"connect_timeout": spec.timeout, "read_timeout": spec.timeout}
    options = config.Config(**patience, retries={"mode": "standard", "total_max_attempts": 2}, proxies={})
    try:
        client = session.get_session().create_client("kms", spec.region, endpoint_url=spec.endpoint, config=options)
    except Exception as error:  # noqa: BLE001 - the library has many kinds of errors for a wrong name
        raise ConfigError(f"keys of type aws: {type(error).__name__}: {spec.region}") from None
    return AwsKeeper(client, spec, clock)

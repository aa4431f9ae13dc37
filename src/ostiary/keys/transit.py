"""A ring in the Transit engine of OpenBao or HashiCorp Vault: the private halves never leave the server.

The server lets the newest version sign by itself; here it is always said which is meant, so that a version is
published before it signs there as well.
"""

from __future__ import annotations

from base64 import b64decode, b64encode, urlsafe_b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, NoReturn, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ostiary.errors import CredentialUnavailable
from ostiary.keys.errors import KeyRefused
from ostiary.keys.version import KeyVersion, begins, described
from ostiary.model import Secret
from ostiary.sealed.errors import AccessDenied, Misconfigured, NotFound, Unavailable

_HASHES: Final = {"256": "sha2-256", "384": "sha2-384", "512": "sha2-512"}
_REFUSALS: Final = {HTTPStatus.FORBIDDEN: AccessDenied, HTTPStatus.NOT_FOUND: NotFound}


class Server(Protocol):
    """Whom we ask, logged in by a vault of the configuration."""

    async def ask(
        self, method: str, path: str, body: Mapping[str, Secret | str | int] | None = None
    ) -> tuple[int, Mapping[str, Any]]:
        """Return the status and the object of an answer that is about the question.

        Raises:
            CredentialUnavailable: it cannot answer now, or does not let us in.
        """


class TransitKeeper:
    """A key of the Transit engine; a keeper.Keeper.

    Args:
        server: who is asked.
        place: the mount and the name of the key, each encoded.
        wanted: the algorithm of the configuration, or None.
        lead: how long a version is published before it signs, in seconds.
    """

    def __init__(self, server: Server, place: tuple[str, str], wanted: str | None, lead: float) -> None:
        self._server = server
        self._mount, self._name = place
        self._wanted = wanted
        self._lead = lead

    @property
    def origin(self) -> str:
        """The server, the engine and the key."""
        return f"{getattr(self._server, 'place', '')} {self._mount} {self._name}"

    async def start(self) -> None:
        """Nothing: the vault logs in."""

    async def aclose(self) -> None:
        """Nothing: the vault closes the connections."""

    def changed(self) -> bool:
        """Return False: the server does not tell."""
        return False

    async def versions(self) -> Sequence[KeyVersion]:
        """Ask for the public halves."""
        status, body = await self._ask("GET", f"{self._mount}/keys/{self._name}", None)
        data = body.get("data")
        known = data.get("keys") if isinstance(data, Mapping) else None
        if status != HTTPStatus.OK or not isinstance(known, Mapping):
            self._refuse(status)
        created = {int(number): _facts(facts) for number, facts in known.items()}
        starts = begins({number: moment for number, (moment, _) in created.items()}, self._lead)
        try:
            return [
                described(str(number), number, public, self._wanted, begins=starts[number])
                for number, (_, public) in sorted(created.items())
            ]
        except KeyRefused as error:
            problem = Misconfigured(f"key {self._name} of the server: {error}")
        raise problem

    async def sign(self, version: KeyVersion, data: bytes) -> bytes:
        """Have the server sign: RSA as JOSE has it, elliptic curves as r and s."""
        question: dict[str, Secret | str | int] = {
            "input": b64encode(data).decode(),
            "key_version": version.order,
            "marshaling_algorithm": "jws",
            **_how(version.alg),
        }
        status, body = await self._ask("POST", f"{self._mount}/sign/{self._name}", question)
        answer = body.get("data")
        signature = answer.get("signature") if isinstance(answer, Mapping) else None
        if status != HTTPStatus.OK or not isinstance(signature, str):
            self._refuse(status)
        text = signature.rpartition(":")[2]
        return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))

    def opens(self, version: KeyVersion) -> bool:
        """Whether the service unwraps for a version: for RSA keys, whatever else they do."""
        return isinstance(version.public, RSAPublicKey)

    async def unwrap(self, version: KeyVersion, wrapped: bytes) -> bytes:
        """Return the key of a token that was encrypted to a version by RSA-OAEP-256 (RFC 7518, section 4.3).

        Raises:
            KeyRefused: it was not.
        """
        question: dict[str, Secret | str | int] = {
            "ciphertext": f"vault:v{version.order}:{b64encode(wrapped).decode()}"
        }
        status, body = await self._ask("POST", f"{self._mount}/decrypt/{self._name}", question)
        answer = body.get("data")
        plain = answer.get("plaintext") if isinstance(answer, Mapping) else None
        if status == HTTPStatus.BAD_REQUEST:
            raise KeyRefused("the token stays closed")
        if status != HTTPStatus.OK or not isinstance(plain, str):
            self._refuse(status)
        return b64decode(plain)

    async def _ask(
        self, method: str, path: str, body: Mapping[str, Secret | str | int] | None
    ) -> tuple[int, Mapping[str, Any]]:
        try:
            return await self._server.ask(method, path, body)
        except CredentialUnavailable as error:
            problem = Unavailable(error.detail)
        raise problem

    def _refuse(self, status: int) -> NoReturn:
        error = _REFUSALS.get(HTTPStatus(status), Misconfigured)
        raise error(f"the server answered {status} about its key {self._name}")


def _how(alg: str) -> dict[str, Secret | str | int]:
    if alg == "EdDSA":
        return {}
    way: dict[str, Secret | str | int] = {"hash_algorithm": _HASHES[alg[2:]]}
    match alg[:2]:
        case "RS":
            return way | {"signature_algorithm": "pkcs1v15"}
        case "PS":  # the salt as long as the hash (RFC 7518, section 3.5)
            return way | {"signature_algorithm": "pss", "salt_length": "hash"}
    return way


def _facts(facts: Any) -> tuple[float, Any]:
    """Return when a version was made, and its public half."""
    try:
        created = datetime.fromisoformat(facts["creation_time"]).timestamp()
        text = facts["public_key"]
        if text.startswith("-----BEGIN"):
            return created, load_pem_public_key(text.encode())
        return created, Ed25519PublicKey.from_public_bytes(b64decode(text))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Misconfigured("the key of the server is not one that signs") from None

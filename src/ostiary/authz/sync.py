"""Tell an identity service which permissions there are, when the gateway starts (Axinom Mosaic).

    GET  {auth_endpoint}/.well-known                    -> where permissions are kept
    POST {auth_endpoint}/graphql                        a token for our service account
    POST {accessManagementGraphQlEndpoint}              the permissions; what is there already stays

Told again, nothing changes, so it is told at every start. While the service is away it is tried again, less and
less often; requests do not wait for it, unless the configuration says that nothing works without.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import structlog

from ostiary.bounded import whole
from ostiary.config.sync import SyncSpec
from ostiary.config.values import secure_url
from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.model import CredentialSource, Secret

_LARGEST: Final = 256 << 10
_FIRST, _LONGEST = 1.0, 300.0
_TRIES: Final = 5
"""Attempts before a start that needs it fails."""
_AUTHENTICATE: Final = (
    "mutation ($clientId: String!, $clientSecret: String!) "
    "{ authenticateServiceAccount(input: {clientId: $clientId, clientSecret: $clientSecret}) { accessToken } }"
)
_SYNC: Final = (
    "mutation ($input: SynchronizePermissionsInput!) { synchronizePermissions(input: $input) { added removed } }"
)
_log = structlog.get_logger("ostiary.authz")


class SyncError(Exception):
    """It could not be told. The text is for the log, and holds no secret."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the service made of it.

    Attributes:
        added, removed: how many permissions it did not know, and how many it has forgotten.
    """

    added: int
    removed: int


class PermissionSync:
    """Tells an identity service the permissions of a service, once for each start.

    Args:
        name: the issuer's name in the configuration.
        spec: what is to be told.
        endpoint: the identity service.
        source: the service account: client id and secret.
        tls: what the service is verified with.
        chance: 0 to 1, spreads the attempts of many gateways.
    """

    def __init__(
        self,
        name: str,
        spec: SyncSpec,
        endpoint: str,
        source: CredentialSource,
        *,
        tls: ssl.SSLContext,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self._spec = spec
        self._endpoint = endpoint.rstrip("/")
        self._source = source
        self._chance = chance
        self._first = _FIRST
        self._http = httpx2.AsyncClient(verify=tls, timeout=spec.timeout, follow_redirects=False, trust_env=False)
        self._task: asyncio.Task[None] | None = None
        self.told: Told | None = None

    async def start(self) -> None:
        """Tell it beside the requests; or, where it is required, before the first.

        Raises:
            ConfigError: it is required, and could not be told.
        """
        if self._task is None and not self._spec.required:
            self._task = asyncio.create_task(self._until_told(None), name=f"permissions of {self.name}")
        elif self._task is None:
            await self._until_told(_TRIES)

    async def aclose(self) -> None:
        """Stop, and let go of connections."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._http.aclose()

    async def _until_told(self, most: int | None) -> None:
        pause, tries = self._first, 0
        while True:
            tries += 1
            try:
                self.told = await self.tell()
            except (SyncError, CredentialUnavailable) as error:
                _log.warning("permissions not told", issuer=self.name, why=str(error), tries=tries)
                if most is not None and tries >= most:
                    raise ConfigError(
                        f"issuers.{self.name}.sync: the permissions could not be told: {error}"
                    ) from error
                await asyncio.sleep(pause * (1 + self._chance()))
                pause = min(2 * pause, _LONGEST)
            else:
                added, removed = self.told.added, self.told.removed
                _log.info(
                    "permissions told", issuer=self.name, service=self._spec.service, added=added, removed=removed
                )
                return

    async def tell(self) -> Told:
        """Tell it now.

        Raises:
            SyncError: the service did not take it.
            CredentialUnavailable: the service account cannot be had.
        """
        where = await self._where()
        answer = await self._graphql(where, _SYNC, {"input": self._permissions()}, await self._token())
        done = answer.get("synchronizePermissions")
        if not isinstance(done, dict):
            raise SyncError("the answer does not say what was done")
        return Told(_count(done.get("added")), _count(done.get("removed")))

    def _permissions(self) -> dict[str, Any]:
        offered = [{"key": key, "title": title} for key, title in self._spec.permissions.items()]
        return {"serviceId": self._spec.service, "permissions": offered}

    async def _where(self) -> str:
        """Return where permissions are kept: a place of the service's own naming, held to the rules of all URLs."""
        document = await self._ask("GET", f"{self._endpoint}/.well-known")
        try:
            place = secure_url(document.get("accessManagementGraphQlEndpoint"))
        except ValueError as error:
            raise SyncError(f"accessManagementGraphQlEndpoint: {error}") from error
        if place.startswith("http:") and not self._endpoint.startswith("http:"):
            raise SyncError("accessManagementGraphQlEndpoint is http")
        return place

    async def _token(self) -> Secret:
        credential = await self._source.get()
        account = {"clientId": credential.id, "clientSecret": credential.secret.reveal().decode()}
        answer = await self._graphql(f"{self._endpoint}/graphql", _AUTHENTICATE, account, None)
        made = answer.get("authenticateServiceAccount")
        token = made.get("accessToken") if isinstance(made, dict) else None
        if not isinstance(token, str) or not token:
            raise SyncError("the service account was not let in")
        return Secret(token)

    async def _graphql(self, url: str, query: str, given: Mapping[str, Any], token: Secret | None) -> dict[str, Any]:
        """Errors come with 200, in `errors`; what they say may repeat what was sent, so only their codes are told."""
        headers = {} if token is None else {"Authorization": f"Bearer {token.reveal().decode()}"}
        document = await self._ask("POST", url, {"query": query, "variables": given}, headers)
        if document.get("errors"):
            raise SyncError(f"{url} refused: {_codes(document['errors'])}")
        data = document.get("data")
        if not isinstance(data, dict):
            raise SyncError(f"{url} answered without data")
        return data

    async def _ask(
        self, method: str, url: str, content: Any = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            async with (
                asyncio.timeout(self._spec.timeout),
                self._http.stream(method, url, json=content, headers=dict(headers or {})) as response,
            ):
                if response.status_code != httpx2.codes.OK:
                    raise SyncError(f"{url} answered {response.status_code}")
                body = await whole(response.aiter_raw(), _LARGEST)
                if body is None:
                    raise SyncError(f"{url} answered with more than {_LARGEST} octets")
                document = httpx2.Response(200, content=body).json()
        except TimeoutError as error:
            raise SyncError(f"{url}: no answer within {self._spec.timeout:g} s") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise SyncError(f"{url}: {type(error).__name__}") from error
        except ValueError as error:
            raise SyncError(f"{url} answered with what is not JSON") from error
        if not isinstance(document, dict):
            raise SyncError(f"{url} answered with what is not an object")
        return document


def _count(names: Any) -> int:
    """Return how many there are in a list of names, which is null where there are none."""
    return len(names) if isinstance(names, list) else 0


def _codes(errors: Any) -> str:
    several = errors if isinstance(errors, list) else []
    codes = [one.get("code") or (one.get("extensions") or {}).get("code") for one in several if isinstance(one, dict)]
    return ", ".join(str(code)[:64] for code in codes if code) or "without a code"

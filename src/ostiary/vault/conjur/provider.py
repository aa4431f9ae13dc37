"""Variables as records.

A variable is one value. A pair is two variables, and two questions could fall before and after a rotation:
they are asked for in one. What the server says of a variable that was never set is what it says of one
that is not there.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from ostiary.config.vaults.cyberark import ConjurVaultSpec
from ostiary.errors import ConfigError
from ostiary.model import Secret
from ostiary.vault.conjur.session import Session
from ostiary.vault.errors import AccessDenied, Misconfigured, NotFound, SecretError, Unavailable
from ostiary.vault.fields import SECRET, marked
from ostiary.vault.names import segments, unversioned
from ostiary.vault.record import SecretRecord
from ostiary.vault.web import Answer, Web

_REFUSALS: Final[Mapping[int, type[SecretError]]] = {
    HTTPStatus.UNAUTHORIZED: AccessDenied,
    HTTPStatus.FORBIDDEN: AccessDenied,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.UNPROCESSABLE_ENTITY: Misconfigured,
}


class ConjurProvider:
    """One account of one server; a record.Provider."""

    def __init__(self, spec: ConjurVaultSpec, web: Web, session: Session) -> None:
        self._variables = spec.variables
        self._account = spec.account
        self._address = spec.address.rstrip("/")
        self._web = web
        self._session = session

    async def start(self) -> None:
        """Do nothing: the login comes with the first record."""

    async def aclose(self) -> None:
        """Close the connections."""
        await self._web.aclose()

    @property
    def origin(self) -> str:
        """The server, the account, and what records are made of."""
        return f"{self._address} {self._account} {','.join(self._variables)}"

    def inherit(self, previous: ConjurProvider) -> None:
        """Log in anew."""

    def check(self, path: str) -> None:
        """Refuse a path that could be read in two ways.

        Raises:
            ConfigError: the path is not usable.
        """
        segments(path)
        if self._variables and "," in path:
            raise ConfigError(f"{path!r}: a path has no comma in it where several variables are fetched together")

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        """Ask for a variable, or for all variables of a record together.

        Raises:
            SecretError: why not.
        """
        asked = time.monotonic()
        fields = await (self._together(path, version) if self._variables else self._one(path, version))
        return SecretRecord(fields, marked(fields) if version is None else str(version), asked)

    def changed(self) -> bool:
        """Return False: the server does not tell; `cache.ttl` bounds how long a rotation goes unseen."""
        return False

    async def _one(self, path: str, version: int | None) -> dict[str, Secret]:
        query = "" if version is None else f"?version={version}"
        target = f"secrets/{quote(self._account, safe='')}/variable/{quote(path, safe='')}{query}"
        answer = await self._asked(target, "identity")
        if answer.kind not in ("text/plain", "application/octet-stream"):
            raise Unavailable("the answer is not that of a variable")
        return {SECRET: Secret(answer.content)}

    async def _together(self, path: str, version: int | None) -> dict[str, Secret]:
        unversioned(version)
        ids = {f"{self._account}:variable:{path}/{name}": name for name in self._variables}
        query = ",".join(quote(one, safe="") for one in ids)
        said = (await self._asked(f"secrets?variable_ids={query}", "base64")).json()
        if not isinstance(said, Mapping) or not said.keys() >= ids.keys():
            raise Unavailable("the answer does not hold every variable that was asked for")
        return {name: _decoded(said[one]) for one, name in ids.items()}

    async def _asked(self, target: str, encoding: str) -> Answer:
        shown = await self._session.shown()
        answer = await self._question(target, encoding, shown)
        if answer.status == HTTPStatus.UNAUTHORIZED and answer.kind != "text/html":
            answer = await self._question(target, encoding, await self._session.shown(dead=shown))
        if answer.status == HTTPStatus.OK:
            return answer
        kind = _REFUSALS.get(answer.status)
        if kind is None or answer.kind == "text/html":  # of something in between
            raise answer.not_now()
        raise kind(f"the vault answered {answer.status}")

    async def _question(self, target: str, encoding: str, shown: Secret) -> Answer:
        headers: dict[str, str | Secret] = {"Authorization": shown, "Accept": "*/*", "Accept-Encoding": encoding}
        return await self._web.ask("GET", f"{self._address}/{target}", headers)


def _decoded(value: Any) -> Secret:
    try:
        return Secret(base64.b64decode(value, validate=True))
    except (binascii.Error, TypeError, ValueError):
        pass
    raise Unavailable("the value of a variable is not in base64, as it was asked for")

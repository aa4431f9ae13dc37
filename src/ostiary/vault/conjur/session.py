"""Who we are to the server: a token that lives some minutes, got anew in time, by one login however many want it."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol
from urllib.parse import quote, urlencode

import structlog

from ostiary.errors import ConfigError
from ostiary.model import Secret
from ostiary.vault.errors import AccessDenied, Unavailable
from ostiary.vault.web import Web

log = structlog.get_logger("ostiary.vault")

Read = Callable[[], Secret]


class Login(Protocol):
    """A way to get a token."""

    @property
    def target(self) -> str:
        """Where it is asked for, below the address."""

    def body(self) -> Secret:
        """Return what is sent. Blocks.

        Raises:
            ConfigError: it is not there any more.
        """

    @property
    def kind(self) -> str:
        """The media type of that."""


@dataclass(frozen=True, slots=True)
class ByKey:
    """An API key, for a user or a host."""

    account: str
    login: str
    key: Read

    @property
    def target(self) -> str:
        """The plain authenticator."""
        return f"authn/{quote(self.account, safe='')}/{quote(self.login, safe='')}/authenticate"

    def body(self) -> Secret:
        """Return the key."""
        return self.key()

    @property
    def kind(self) -> str:
        """Text."""
        return "text/plain"


@dataclass(frozen=True, slots=True)
class ByJwt:
    """A token of somebody else's, which the server knows how to verify."""

    account: str
    service: str
    host: str | None
    token: Read

    @property
    def target(self) -> str:
        """One authenticator of the kind authn-jwt."""
        parts = ["authn-jwt", self.service, self.account, *([self.host] if self.host else []), "authenticate"]
        return "/".join(quote(part, safe="") for part in parts)

    def body(self) -> Secret:
        """Return the token, as a form."""
        return Secret(urlencode({"jwt": self.token().reveal()}))

    @property
    def kind(self) -> str:
        """A form."""
        return "application/x-www-form-urlencoded"


class Session:
    """The current token.

    Args:
        web: the connections.
        address: the server.
        login: how a token is got.
        lasts: seconds after which another one is got.
    """

    def __init__(self, web: Web, address: str, login: Login, lasts: float) -> None:
        self._web = web
        self._address = address
        self._login = login
        self._lasts = lasts
        self._shown: Secret | None = None
        self._ends = 0.0
        self._lock = asyncio.Lock()

    async def shown(self, *, dead: Secret | None = None) -> Secret:
        """Return the value of the Authorization header.

        Args:
            dead: one that the server did not accept any more.

        Raises:
            AccessDenied: the server does not accept us.
            Unavailable: it cannot say now.
        """
        async with self._lock:
            if self._shown is None or self._shown is dead or time.monotonic() >= self._ends:
                self._shown = await self._anew()
                self._ends = time.monotonic() + self._lasts
                log.info("logged in to the vault", lasts=self._lasts, renewable=False)
            return self._shown

    async def _anew(self) -> Secret:
        try:
            body = await asyncio.to_thread(self._login.body)
        except ConfigError as error:
            problem = str(error)
        else:
            return await self._exchanged(body)
        raise Unavailable(problem)

    async def _exchanged(self, body: Secret) -> Secret:
        answer = await self._web.ask(
            "POST", f"{self._address}/{self._login.target}", {"Content-Type": self._login.kind}, body
        )
        if answer.status == HTTPStatus.OK and isinstance(answer.json(), dict):
            return Secret(b'Token token="' + base64.b64encode(answer.content) + b'"')
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) and answer.kind != "text/html":
            raise AccessDenied(f"the vault refused the login: {answer.status}")
        raise answer.not_now()

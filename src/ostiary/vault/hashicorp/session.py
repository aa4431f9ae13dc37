"""The life of our own token: logged in when first needed, renewed in time, replaced when dead.

A dead token and a policy that says no look alike: both are 403. `auth/token/lookup-self` tells them
apart, and a dead token is replaced once, by one login, however many requests notice it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from http import HTTPStatus
from itertools import count
from typing import Final

import structlog

from ostiary.vault.errors import SecretError, Unavailable
from ostiary.vault.hashicorp.api import Api
from ostiary.vault.hashicorp.judge import refusal
from ostiary.vault.hashicorp.login import Login, Token, seconds

log = structlog.get_logger("ostiary.vault")

RENEW: Final = 2 / 3  # of a token's life, after which it is renewed
FLOOR: Final = 10.0  # least time between two logins that were made because a token was dead, in seconds
_SESSIONS: Final = count(1)
_MANY: Final = 1 << 32  # more logins than a session makes
_CANNOT_SAY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
IDLE: Final = 60.0  # pause of the keeper when there is nothing to keep, in seconds


def due(token: Token | None, failures: int, now: float) -> float:
    """Return in how many seconds the keeper should act; at least one, more after failures."""
    if failures:
        return min(2.0**failures, IDLE)
    if token is None or token.lasts == 0.0:
        return IDLE
    return max(1.0, token.since + token.lasts * RENEW - now)


class Session:
    """Who we are to the server."""

    def __init__(self, api: Api, login: Login) -> None:
        self._api = api
        self._login = login
        self._token: Token | None = None
        self._lock = asyncio.Lock()
        self._news = asyncio.Event()
        self._replaced_at = float("-inf")
        self._failures = 0
        self._logins = next(_SESSIONS) * _MANY

    @property
    def login(self) -> int:
        """Which login is in use: no two of a process have the same number."""
        return 0 if self._token is None else self._token.number

    async def token(self) -> Token:
        """Return the current token, logging in when there is none or it has run out.

        Raises:
            SecretError: the login failed.
        """
        token = self._token
        if token is not None and (token.lasts == 0.0 or time.monotonic() < token.since + token.lasts):
            return token
        return await self._anew(token)

    async def is_dead(self, token: Token) -> bool:
        """Whether the server knows a token no more.

        Raises:
            Unavailable: it cannot say now.
        """
        reply = await self._api.call("GET", "auth/token/lookup-self", token=token.value)
        if reply.status in (HTTPStatus.OK, HTTPStatus.FORBIDDEN) and reply.spoken:
            return reply.status == HTTPStatus.FORBIDDEN
        error = refusal(reply)
        raise error if isinstance(error, Unavailable) else Unavailable(str(error))

    async def replaced(self, dead: Token) -> Token:
        """Return a token in place of a dead one, by at most one login for each.

        Raises:
            Unavailable: one was replaced just before; nobody is helped by a storm of logins.
            SecretError: the login failed.
        """
        return await self._anew(dead, because_dead=True)

    async def keep(self) -> None:
        """Renew the token for as long as we run, so that it lives through quiet times too."""
        while True:
            self._news.clear()
            try:
                async with asyncio.timeout(due(self._token, self._failures, time.monotonic())):
                    await self._news.wait()  # another token has other times
            except TimeoutError:
                await self._try_to_renew()

    async def _anew(self, old: Token | None, *, because_dead: bool = False) -> Token:
        async with self._lock:
            if self._token is not None and self._token is not old:
                return self._token
            if because_dead:
                self._count_replacement()
            given = await self._login.login(self._api)
            if self._token is None or given.value != self._token.value:  # what was lent to a token stays with it
                self._logins += 1
            self._token = replace(given, number=self._logins)
            self._news.set()
            log.info("logged in to the vault", lasts=self._token.lasts, renewable=self._token.renewable)
            return self._token

    def _count_replacement(self) -> None:
        now = time.monotonic()
        if now < self._replaced_at + FLOOR:
            wait = self._replaced_at + FLOOR - now
            raise Unavailable("a token that was just given is dead already", retry_after=wait)
        self._replaced_at = now

    async def _try_to_renew(self) -> None:
        try:
            await self._renew()
            self._failures = 0
        except SecretError as error:
            self._failures += 1
            log.warning("vault token not renewed", error=type(error).__name__, detail=str(error))

    async def _renew(self) -> None:
        token = self._token
        if token is None or token.lasts == 0.0:
            return
        if not token.renewable:
            await self._anew(token)
            return
        reply = await self._api.call("POST", "auth/token/renew-self", token=token.value, body={})
        auth = reply.body.get("auth")
        if reply.status == HTTPStatus.OK and isinstance(auth, dict):
            await self._extended(token, seconds(auth.get("lease_duration")))
        elif reply.status in _CANNOT_SAY or not reply.spoken:
            raise refusal(reply)
        else:  # dead, or at the end of its longest life: OpenBao says 403 or 500
            await self._anew(token)

    async def _extended(self, token: Token, lasts: float) -> None:
        """Take a renewal; when it gave less than half of the first life, the end is near: log in anew."""
        if lasts >= token.first / 2:
            self._token = replace(token, since=time.monotonic(), lasts=lasts)
        else:
            await self._anew(token)

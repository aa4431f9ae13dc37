"""The server as somebody who is logged in sees it: one question, one answer, whoever asks.

`build/` hands it to the rooms that ask the server other things than records (Transit keys); they know its
`ask`, and import nothing from here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Any, Final

from ostiary.errors import CredentialUnavailable
from ostiary.model import Secret
from ostiary.vault.errors import SecretError, Unavailable
from ostiary.vault.hashicorp.api import ELSEWHERE, Api, Fields, Reply
from ostiary.vault.hashicorp.health import Health
from ostiary.vault.hashicorp.judge import refusal
from ostiary.vault.hashicorp.session import Session

_ANSWERS: Final = frozenset((HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND))


class Client:
    """A server, a namespace and a login, shared by everything that asks there.

    Args:
        api: how questions get there.
        session: who asks.
    """

    def __init__(self, api: Api, session: Session) -> None:
        self._api = api
        self.session = session
        self._health = Health(api)
        self._keeper: asyncio.Task[None] | None = None

    @property
    def place(self) -> str:
        """The server, and the part of it that is asked."""
        return self._api.place

    async def start(self) -> None:
        """Begin to keep the token alive; the login itself comes with the first question."""
        self._keeper = asyncio.create_task(self.session.keep())

    async def aclose(self) -> None:
        """Stop, and close the connections."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self._health.aclose()
        await self._api.aclose()

    async def ask(
        self, method: str, path: str, body: Mapping[str, Secret | str | int] | None = None
    ) -> tuple[int, Mapping[str, Any]]:
        """Ask, for a room that knows no more of vaults than that they may be down.

        Args:
            method: GET, POST, ...
            path: below `/v1/`, encoded.
            body: what is sent as JSON.

        Returns:
            The status and the JSON object of an answer that is about the question: 2xx, 400, 403, 404.

        Raises:
            CredentialUnavailable: the server cannot answer now, or does not let us in.
        """
        try:
            reply = await self.call(method, path, body)
            error = None if _is_answer(reply) else refusal(reply)
        except SecretError as found:
            error = found
        if error is not None:
            raise _outage(error)
        return reply.status, reply.body

    async def call(self, method: str, path: str, body: Fields | None = None) -> Reply:
        """Ask, and log in anew once when the token turns out to be dead.

        Raises:
            SecretError: no answer, or no login.
        """
        try:
            reply = await self._call(method, path, body)
        except Unavailable:
            self._health.trouble()
            raise
        if reply.status in ELSEWHERE:
            self._health.trouble()
        return reply

    async def _call(self, method: str, path: str, body: Fields | None) -> Reply:
        token = await self.session.token()
        reply = await self._api.call(method, path, token=token.value, body=body)
        if reply.status == HTTPStatus.FORBIDDEN and reply.spoken and await self.session.is_dead(token):
            token = await self.session.replaced(token)
            reply = await self._api.call(method, path, token=token.value, body=body)
        return reply


def _is_answer(reply: Reply) -> bool:
    """Whether an answer is about the question, and not about the state of the server."""
    return reply.status == HTTPStatus.NO_CONTENT or (reply.status in _ANSWERS and reply.spoken)


def _outage(error: SecretError) -> CredentialUnavailable:
    wait = error.retry_after if isinstance(error, Unavailable) else None
    return CredentialUnavailable(
        f"{type(error).__name__}: {error}", reason=error.reason, retry_after=max(1, ceil(wait or 1.0))
    )

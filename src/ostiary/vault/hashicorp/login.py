"""Ways to log in. What they need is read anew each time: an agent may have renewed it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Protocol

from ostiary.errors import ConfigError
from ostiary.model import Secret
from ostiary.vault.errors import AccessDenied, Unavailable
from ostiary.vault.hashicorp.api import Api, Fields, Reply
from ostiary.vault.hashicorp.judge import refusal
from ostiary.vault.hashicorp.path import encoded

Read = Callable[[], Secret]
_VISIBLE: Final = re.compile(rb"[!-~]+")
_LONGEST: Final = 1e9  # seconds; no integer of JSON that is larger than any float


@dataclass(frozen=True, slots=True)
class Token:
    """What the gateway shows to the server.

    Attributes:
        value: the token.
        since: when it was given or renewed, seconds on the monotonic clock.
        lasts: seconds it lives from then on; 0.0 when it does not die by itself.
        renewable: whether it can be renewed.
        first: what `lasts` was in the beginning: a renewal that gives much less is the last but few.
        number: which of our logins gave it.
    """

    value: Secret
    since: float
    lasts: float
    renewable: bool
    first: float
    number: int = 0


class Login(Protocol):
    """A way to get a token."""

    async def login(self, api: Api) -> Token:
        """Return a token.

        Raises:
            AccessDenied: the server does not accept us.
            Unavailable: it cannot say now.
        """


@dataclass(frozen=True, slots=True)
class Method:
    """Where a way to log in is to be found.

    Attributes:
        mount: where it is mounted.
        namespace: in which namespace, or None for that of the vault.
    """

    mount: str
    namespace: str | None = None

    async def show(self, api: Api, body: Fields) -> Token:
        """Show what proves us, and return the token that it is good for."""
        path = f"auth/{encoded(self.mount)}/login"
        reply = await api.call("POST", path, body=body, namespace=self.namespace)
        auth = reply.body.get("auth")
        value = auth.get("client_token") if isinstance(auth, Mapping) else None
        if reply.status == HTTPStatus.OK and isinstance(auth, Mapping) and isinstance(value, str):
            return token_of(Secret(value), auth.get("lease_duration"), auth.get("renewable"))
        if reply.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN) and reply.spoken:
            raise AccessDenied(f"the vault refused the login: {reply.status}")
        raise not_now(reply)


class Opener(Protocol):
    """Where the secret of a role comes from."""

    async def secret(self, api: Api) -> Secret:
        """Return it."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A secret as it is."""

    source: Read

    async def secret(self, api: Api) -> Secret:  # noqa: ARG002 - nobody must be asked
        """Return it, read anew."""
        return await read_line(self.source)


@dataclass(frozen=True, slots=True)
class AppRole:
    """HashiCorp's AppRole: a role and its secret for a token."""

    method: Method
    role_id: Read
    secret_id: Opener

    async def login(self, api: Api) -> Token:
        """Log in."""
        body = {"role_id": await read_line(self.role_id), "secret_id": await self.secret_id.secret(api)}
        return await self.method.show(api, body)


@dataclass(frozen=True, slots=True)
class JwtLogin:
    """Somebody else's token for ours: the methods `jwt` and `kubernetes`, which are asked in the same words."""

    method: Method
    role: str
    token: Read

    async def login(self, api: Api) -> Token:
        """Log in with the token that is there now: whoever put it there renews it."""
        return await self.method.show(api, {"role": self.role, "jwt": await read_line(self.token)})


@dataclass(frozen=True, slots=True)
class CertificateLogin:
    """The certificate that the connection was made with."""

    method: Method
    role: str | None

    async def login(self, api: Api) -> Token:
        """Log in."""
        return await self.method.show(api, {} if self.role is None else {"name": self.role})


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A token that somebody else got for us."""

    value: Read

    async def login(self, api: Api) -> Token:
        """Ask the server what the token is worth."""
        value = await read_line(self.value)
        reply = await api.call("GET", "auth/token/lookup-self", token=value)
        data = reply.body.get("data")
        if reply.status == HTTPStatus.OK and isinstance(data, Mapping):
            return token_of(value, data.get("ttl"), data.get("renewable"))
        if reply.status == HTTPStatus.FORBIDDEN and reply.spoken:
            raise AccessDenied("the vault does not accept the token")
        raise not_now(reply)


def token_of(value: Secret, lasts: Any, renewable: Any) -> Token:
    """Return a token from what the server said of it."""
    return Token(value, time.monotonic(), seconds(lasts), renewable is True, seconds(lasts))


def seconds(lasts: Any) -> float:
    """Return a length of life as the server writes it: seconds, 0 for no end."""
    return float(min(lasts, _LONGEST)) if isinstance(lasts, int | float) else 0.0


def not_now(reply: Reply) -> Unavailable:
    """Return a transient error: what goes wrong at the login says nothing about a record."""
    error = refusal(reply)
    return error if isinstance(error, Unavailable) else Unavailable(f"the login failed: {error}")


async def read_line(source: Read) -> Secret:
    """Return what a login needs, read in a thread.

    Raises:
        Unavailable: it is not there now, or is more than one line of visible ASCII.
    """
    try:
        secret = await asyncio.to_thread(source)
    except ConfigError as error:
        problem = str(error)
    else:
        if _VISIBLE.fullmatch(secret.reveal()):
            return secret
        problem = "what the login needs is more than one line of visible ASCII"
    raise Unavailable(problem)

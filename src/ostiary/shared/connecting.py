"""How a connection to Redis is made: who logs in, where the master is, how the server is verified."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from ostiary.config.redis import LoginSpec, RedisSpec, RedisUrl
from ostiary.config.secrets import resolve
from ostiary.config.shared import SharedSpec
from ostiary.errors import ConfigError, SharedUnavailable
from ostiary.model import CredentialSource, Secret
from ostiary.pki.identity import load_identity, use
from ostiary.pki.server_trust import trust as trust_authorities
from ostiary.shared.marks import Digests
from ostiary.shared.question import Connection
from ostiary.shared.sentinel import Address, SentinelLine, Sentinels
from ostiary.shared.tracking import Tracking

_SHORTEST: Final = 16
"""Octets that a key has at least."""


class Connecting:
    """Makes connections: fetches what it logs in with, each time anew; the key only once.

    Args:
        spec: `shared`.
        credentials: where records come from, by alias.
        folder: the folder of the configuration file.
        clock: epoch seconds.
        digests: learn the key, when it is had.

    Attributes:
        sentinels: who say where the master is, or None.

    Raises:
        ConfigError: the extra `redis` is not installed, or a file or a secret is not to be had.
    """

    def __init__(
        self,
        spec: SharedSpec,
        credentials: Mapping[str, CredentialSource],
        folder: Path,
        clock: Callable[[], float],
        digests: Digests,
    ) -> None:
        try:
            from ostiary.shared import connection, subscriptions, wire  # noqa: PLC0415 - redis-py is an extra
        except ModuleNotFoundError as error:
            raise ConfigError('shared.redis: pip install "ostiary[redis]"') from error
        self._connection, self._subscriptions, self._wire = connection, subscriptions, wire
        redis = self._redis = spec.redis
        self._key = None if spec.key_credential is None else credentials[spec.key_credential]
        self._login = Login(redis, credentials, folder)
        self._tls = trust(redis, folder)
        self._clock = clock
        self._digests = digests
        self._place = redis.url
        self.sentinels = self._asking(credentials, folder)

    def _asking(self, credentials: Mapping[str, CredentialSource], folder: Path) -> Sentinels | None:
        spec = self._redis.sentinel
        if spec is None:
            return None
        login = Login(spec, credentials, folder)

        async def call(place: RedisUrl) -> SentinelLine:
            line: SentinelLine = await self._subscriptions.sentinel(await self._made(place, login))
            return line

        return Sentinels(spec.addresses, spec.master, call, self._redis.timeout)

    @property
    def spoken_to(self) -> Address | None:
        """Where the last connection went."""
        return None if self._place is None else (self._place.host, self._place.port)

    async def __call__(self) -> Connection:
        """Return a connection that can be believed.

        Raises:
            SharedUnavailable: there is none to be had.
        """
        if self._key is not None:
            self._digests.learn(await self._fetched(self._key))
            self._key = None
        place = self._place = await self._found()
        wire = await self._made(place, self._login)
        return await self._connection.introduce(wire, self._redis.prefix, self._clock())

    async def listen(self, key: str) -> Tracking:
        """Return a connection on which the server says that a key was changed.

        Raises:
            SharedUnavailable: there is none to be had, or the server does not do that.
        """
        if self._place is None:
            raise SharedUnavailable("not connected yet")
        wire = await self._made(self._place, self._login, protocol=3)
        return await self._subscriptions.tracking(wire, key, self._redis.timeout)

    async def _found(self) -> RedisUrl:
        if self._redis.url is not None or self.sentinels is None:
            assert self._redis.url is not None  # noqa: S101 - the file has one of them
            return self._redis.url
        host, port = await self.sentinels.master()
        place = RedisUrl(self._redis.addresses[0].scheme, host, port)
        if not place.private and self._redis.plaintext is None:
            raise SharedUnavailable("the sentinels name another machine, which would be spoken to in clear")
        return place

    async def _made(self, place: RedisUrl, login: Login, *, protocol: int = 2) -> Any:
        return self._wire.wire(place, self._tls, *await login.get(), protocol=protocol)

    async def _fetched(self, source: CredentialSource) -> Secret:
        try:
            return long_enough((await source.get()).secret)
        except ConfigError as error:  # by now only the vault's keeper can mend it
            raise SharedUnavailable(str(error)) from None


class Login:
    """Who logs in, and with what.

    Args:
        spec: as the file says.
        credentials: where records come from, by alias.
        folder: the folder of the configuration file.

    Raises:
        ConfigError: the password is not to be had.
    """

    def __init__(self, spec: LoginSpec, credentials: Mapping[str, CredentialSource], folder: Path) -> None:
        self._source = None if spec.credential is None else credentials[spec.credential]
        self._user = spec.user
        self._password = None if spec.password is None else resolve(spec.password, folder)

    async def get(self) -> tuple[str | None, Secret | None]:
        """Return user and password; None: the default user, nothing.

        Raises:
            GatewayError: they cannot be had now.
        """
        if self._source is None:
            return self._user, self._password
        login = await self._source.get()
        return login.id or None, login.secret


def long_enough(key: Secret) -> Secret:
    """Return a key that can be one.

    Raises:
        ConfigError: it is too short.
    """
    if len(key.reveal()) < _SHORTEST:
        raise ConfigError(f"shared.key: it has fewer than {_SHORTEST} octets: `openssl rand -base64 32` makes one")
    return key


def trust(spec: RedisSpec, folder: Path) -> ssl.SSLContext | None:
    """Return how Redis and its sentinels are verified, and what they are shown; None without TLS.

    Raises:
        ConfigError: a file cannot be read, or holds nothing that can be used.
    """
    if spec.addresses[0].scheme != "rediss":
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies chain and name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not spec.tls.authorities:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    trust_authorities(context, spec.tls.authorities, folder, "shared.redis.tls.authorities")
    if spec.tls.client is not None:
        use(load_identity(spec.tls.client, folder), context)
    return context

"""From what a file says of Redis to a line to it."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ostiary.config.rates import RateSpec
from ostiary.config.secrets import resolve
from ostiary.config.shared import RedisSpec, SharedSpec
from ostiary.errors import ConfigError, SharedUnavailable
from ostiary.model import CredentialSource, Secret
from ostiary.pki.identity import load_identity, use
from ostiary.shared.link import Connection, Link
from ostiary.shared.marks import Digests, Marks
from ostiary.shared.pace import Pace
from ostiary.shared.rates import Local, Together
from ostiary.shared.revocations import Revocations

_SHORTEST: int = 16
"""Octets that a key has at least."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What a gateway knows together with others.

    Attributes:
        link: to Redis.
        marks: what was used once.
        digests: what names are made with.
        revocations: what is revoked, or None.
        gateways: how many count requests together; None: each counts by itself.
    """

    link: Link
    marks: Marks
    digests: Digests
    revocations: Revocations | None = None
    gateways: int | None = None


def compile_shared(
    spec: SharedSpec,
    credentials: Mapping[str, CredentialSource],
    folder: Path,
    clock: Callable[[], float] = time.time,
) -> Shared:
    """Return what a gateway knows together with others; nothing is connected yet.

    Args:
        spec: `shared`.
        credentials: where records come from, by alias.
        folder: the folder of the configuration file.
        clock: epoch seconds.

    Raises:
        ConfigError: the extra `redis` is not installed, or a file or a secret is not to be had.
    """
    digests = Digests(spec.redis.prefix)
    if spec.key is not None:
        digests.learn(_long_enough(resolve(spec.key, folder)))
    link = Link(_Connecting(spec, credentials, folder, clock, digests), spec.redis.timeout)
    kept, prefix = spec.revocation, spec.redis.prefix
    revocations = None if kept is None else Revocations(link, digests, prefix, kept.max_stale, kept.poll, clock=clock)
    gateways = None if spec.rates is None else spec.rates.gateways
    return Shared(link, Marks(link, digests, spec.forgotten), digests, revocations, gateways)


def counter(spec: RateSpec, name: str, shared: Shared | None) -> Local | Together:
    """Return what counts the requests of each caller.

    Args:
        spec: how often they may ask.
        name: of the count; the same at all gateways.
        shared: what this gateway knows together with others, or None.
    """
    pace = Pace(spec.limit, spec.period, spec.burst or spec.limit)
    if shared is None or shared.gateways is None:
        return Local(pace)
    return Together(pace, shared.link, shared.digests, name, shared.gateways)


class _Connecting:
    """Connects: fetches what it logs in with, each time anew; the key only once."""

    def __init__(
        self,
        spec: SharedSpec,
        credentials: Mapping[str, CredentialSource],
        folder: Path,
        clock: Callable[[], float],
        digests: Digests,
    ) -> None:
        try:
            from ostiary.shared import connection  # noqa: PLC0415 - redis-py is an extra
        except ModuleNotFoundError as error:
            raise ConfigError('shared.redis: pip install "ostiary[redis]"') from error
        self._made_by = connection
        redis = self._redis = spec.redis
        self._key = None if spec.key_credential is None else credentials[spec.key_credential]
        self._login = None if redis.credential is None else credentials[redis.credential]
        self._password = None if redis.password is None else resolve(redis.password, folder)
        self._tls = trust(redis, folder)
        self._clock = clock
        self._digests = digests

    async def __call__(self) -> Connection:
        """Return a connection that can be believed."""
        if self._key is not None:
            self._digests.learn(await self._fetched(self._key))
            self._key = None
        user, password = await self._who()
        wire = self._made_by.wire(self._redis.url, self._tls, user, password)
        return await self._made_by.introduce(wire, self._redis.prefix, self._clock())

    async def _fetched(self, source: CredentialSource) -> Secret:
        try:
            return _long_enough((await source.get()).secret)
        except ConfigError as error:  # by now only the vault's keeper can mend it
            raise SharedUnavailable(str(error)) from None

    async def _who(self) -> tuple[str | None, Secret | None]:
        if self._login is None:
            return self._redis.user, self._password
        login = await self._login.get()
        return login.id or None, login.secret


def _long_enough(key: Secret) -> Secret:
    if len(key.reveal()) < _SHORTEST:
        raise ConfigError(f"shared.key: it has fewer than {_SHORTEST} octets: `openssl rand -base64 32` makes one")
    return key


def trust(spec: RedisSpec, folder: Path) -> ssl.SSLContext | None:
    """Return how Redis is verified, and what it is shown; None without TLS.

    Raises:
        ConfigError: a file cannot be read, or holds nothing that can be used.
    """
    if spec.url.scheme != "rediss":
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies chain and name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not spec.tls.authorities:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    try:
        for file in spec.tls.authorities:
            context.load_verify_locations(cafile=file.below(folder))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"shared.redis.tls.authorities: {error}") from error
    if spec.tls.client is not None:
        use(load_identity(spec.tls.client, folder), context)
    return context

"""The specs of Redis: where it listens, or who says where its master is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from ostiary.config.listeners import ShownCertificateSpec
from ostiary.config.spec import Spec
from ostiary.config.values import Duration, FileReference, Name, Refused, SecretReference, Text, is_loopback_host

_PORT: Final = 6379
_SENTINEL_PORT: Final = 26379
_WANTED: Final = "rediss://HOST:PORT/NUMBER, redis://HOST:PORT/NUMBER or unix:/PATH is wanted, without a password"
_SENTINEL_WANTED: Final = "rediss://HOST:PORT or redis://HOST:PORT is wanted, without a password"


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """Where Redis listens: on a host's port, or on a unix socket.

    Attributes:
        scheme: "rediss" with TLS, "redis" without, or "unix".
        host, port: where; "" and 0 on a unix socket.
        path: of the unix socket; "" otherwise.
        database: number of the database.
    """

    scheme: str
    host: str
    port: int
    path: str = ""
    database: int = 0

    def __str__(self) -> str:
        if self.scheme == "unix":
            return f"unix:{self.path}"
        return f"{self.scheme}://{self.host}:{self.port}/{self.database}"

    @property
    def private(self) -> bool:
        """Whether nobody can read along."""
        return self.scheme != "redis" or is_loopback_host(self.host)


def redis_url(value: Any) -> RedisUrl:
    """Return where Redis listens."""
    if isinstance(value, str) and value.startswith("unix:/") and not value.startswith("unix://"):
        return RedisUrl("unix", "", 0, value.removeprefix("unix:"), 0)
    return _network(value, _PORT, _WANTED)


def sentinel_url(value: Any) -> RedisUrl:
    """Return where a sentinel listens."""
    url = _network(value, _SENTINEL_PORT, _SENTINEL_WANTED)
    if url.database:
        raise Refused("C151", _SENTINEL_WANTED)
    return url


def _network(value: Any, port: int, wanted: str) -> RedisUrl:
    try:
        parts = urlsplit(value if isinstance(value, str) and value.isascii() and value.isprintable() else "")
        host, given, database = parts.hostname, parts.port, parts.path.removeprefix("/")
    except ValueError:
        raise Refused("C151", wanted) from None
    plain = not (parts.query or parts.fragment or "@" in parts.netloc) and (database.isdigit() or not database)
    if parts.scheme not in ("redis", "rediss") or not host or not plain:
        raise Refused("C151", wanted)
    return RedisUrl(parts.scheme, host, given or port, "", int(database or 0))


RedisAddress = Annotated[
    RedisUrl,
    BeforeValidator(redis_url),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^(rediss?://[^@]+|unix:/.+)$",
            "examples": ["rediss://redis.example.com:6379/0", "unix:/run/redis/redis.sock"],
            "description": "Where Redis listens.",
        }
    ),
]
SentinelAddress = Annotated[
    RedisUrl,
    BeforeValidator(sentinel_url),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^rediss?://[^@/]+/?$",
            "examples": ["rediss://sentinel-1.example.com:26379"],
            "description": "Where a sentinel listens.",
        }
    ),
]


class RedisTlsSpec(Spec):
    """TLS to Redis, and to its sentinels. The server is always verified."""

    authorities: Annotated[tuple[FileReference, ...], Field(strict=False)] = Field(
        (), description="CA certificates that the server is verified with; by default the system's."
    )
    client: ShownCertificateSpec | None = Field(None, description="The certificate that the gateway shows.")


class LoginSpec(Spec):
    """Who logs in, and with what."""

    user: Text | None = Field(None, description="The ACL user that the gateway logs in as.")
    password: SecretReference | None = Field(None, description="The user's password.")
    credential: Name | None = Field(
        None, description="In place of both: an alias; its id is the user, its secret the password."
    )

    @model_validator(mode="after")
    def _one_login(self) -> Self:
        if self.credential is not None and (self.user is not None or self.password is not None):
            raise Refused("C335", "give either `credential`, or `user` and `password`")
        if self.user is not None and self.password is None:
            raise Refused("C335", "a `user` needs a `password`")
        return self


class SentinelSpec(LoginSpec):
    """Redis Sentinel: several processes that watch a master, and make a replica the master when it is gone.

    A server is the master when more than half of those that are written here say so. The login is the one to them.
    """

    addresses: Annotated[tuple[SentinelAddress, ...], Field(min_length=1, strict=False)] = Field(
        description="Where all of them listen. Redis is spoken to with TLS when they are (rediss://)."
    )
    master: Text = Field(description="The name of the master, as they have it (`sentinel monitor NAME ...`).")

    @model_validator(mode="after")
    def _alike(self) -> Self:
        if len({one.scheme for one in self.addresses}) > 1:
            raise Refused("C337", "the sentinels are spoken to alike, and so is Redis: all rediss://, or all redis://")
        if len(set(self.addresses)) < len(self.addresses):
            raise Refused("C337", "a sentinel stands here twice, and would be counted twice")
        return self


class RedisSpec(LoginSpec):
    """A Redis server, or one that speaks its protocol (RESP2); or sentinels that say where it is."""

    url: RedisAddress | None = Field(
        None, description="Where it listens: rediss:// with TLS, redis:// on loopback, or unix:/PATH."
    )
    sentinel: SentinelSpec | None = Field(None, description="In place of `url`: who says which server is the master.")
    tls: RedisTlsSpec = Field(default_factory=lambda: RedisTlsSpec(), description="TLS to it.")
    timeout: Duration = Field(0.25, description="Patience with one question; whoever waits longer is told 503.")
    prefix: Name = Field("ostiary", description="What the names of its keys begin with. Gateways that share have one.")
    plaintext: Literal["accepted"] | None = Field(
        None, description="`accepted` allows redis:// to another machine, where others can read along."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.url is None) == (self.sentinel is None):
            raise Refused("C337", "give either `url`, or `sentinel`, which says where the master is")
        if self.plaintext is None and not all(one.private for one in self.addresses):
            raise Refused("C336", "rediss:// is required here (or, in so many words, `plaintext: accepted`)")
        return self

    @property
    def addresses(self) -> tuple[RedisUrl, ...]:
        """Where those listen that are written in the file."""
        return (self.url,) if self.url is not None else self.sentinel.addresses if self.sentinel is not None else ()

    @property
    def logins(self) -> Mapping[tuple[str, ...], str]:
        """The credentials that the gateway logs in with, by where they are named below `redis`."""
        sentinel = None if self.sentinel is None else self.sentinel.credential
        named = {("credential",): self.credential, ("sentinel", "credential"): sentinel}
        return {place: alias for place, alias in named.items() if alias is not None}

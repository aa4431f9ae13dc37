"""The specs of what several gateways know together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from ostiary.config.listeners import ShownCertificateSpec
from ostiary.config.rates import SharedRatesSpec
from ostiary.config.spec import Spec
from ostiary.config.values import Duration, FileReference, Name, Refused, SecretReference, Text, is_loopback_host

_PORT: Final = 6379
_WANTED: Final = "rediss://HOST:PORT/NUMBER, redis://HOST:PORT/NUMBER or unix:/PATH is wanted, without a password"


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
    path: str
    database: int

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
    try:
        parts = urlsplit(value if isinstance(value, str) and value.isascii() and value.isprintable() else "")
        host, port, database = parts.hostname, parts.port, parts.path.removeprefix("/")
    except ValueError:
        raise Refused("C151", _WANTED) from None
    plain = not (parts.query or parts.fragment or "@" in parts.netloc) and (database.isdigit() or not database)
    if parts.scheme not in ("redis", "rediss") or not host or not plain:
        raise Refused("C151", _WANTED)
    return RedisUrl(parts.scheme, host, port or _PORT, "", int(database or 0))


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


class RedisTlsSpec(Spec):
    """TLS to Redis. The server is always verified."""

    authorities: Annotated[tuple[FileReference, ...], Field(strict=False)] = Field(
        (), description="CA certificates that the server is verified with; by default the system's."
    )
    client: ShownCertificateSpec | None = Field(None, description="The certificate that the gateway shows.")


class RedisSpec(Spec):
    """A Redis server, or one that speaks its protocol (RESP2)."""

    url: RedisAddress = Field(description="Where it listens: rediss:// with TLS, redis:// on loopback, or unix:/PATH.")
    user: Text | None = Field(None, description="The ACL user that the gateway logs in as.")
    password: SecretReference | None = Field(None, description="The user's password.")
    credential: Name | None = Field(
        None, description="In place of both: an alias; its id is the user, its secret the password."
    )
    tls: RedisTlsSpec = Field(default_factory=lambda: RedisTlsSpec(), description="TLS to it.")
    timeout: Duration = Field(0.25, description="Patience with one question; whoever waits longer is told 503.")
    prefix: Name = Field("ostiary", description="What the names of its keys begin with. Gateways that share have one.")
    plaintext: Literal["accepted"] | None = Field(
        None, description="`accepted` allows redis:// to another machine, where others can read along."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.credential is not None and (self.user is not None or self.password is not None):
            raise Refused("C335", "give either `credential`, or `user` and `password`")
        if self.user is not None and self.password is None:
            raise Refused("C335", "a `user` needs a `password`")
        if not self.url.private and self.plaintext is None:
            raise Refused("C336", "rediss:// is required here (or, in so many words, `plaintext: accepted`)")
        return self


class SharedRevocationSpec(Spec):
    """What is revoked for all gateways at once (`ostiary revoke`)."""

    max_stale: Duration = Field(600.0, description="How long the last copy answers while Redis is away; then 503.")
    poll: Duration = Field(1.0, description="How often the list is looked at: what is revoked counts so much longer.")


class SharedSpec(Spec):
    """What several gateways know together, so that what counts once counts once for all of them."""

    redis: RedisSpec = Field(description="Who keeps it.")
    key: SecretReference | None = Field(
        None, description="A secret that all of them have: Redis sees digests made with it, never what they are of."
    )
    key_credential: Name | None = Field(None, description="In place of `key`: an alias, whose secret it is.")
    forgotten: Literal["refuse", "accept"] = Field(
        "refuse",
        description="Of what was made before Redis was started, nobody knows whether it was used already. "
        "refuse: 503. accept: it counts.",
    )

    revocation: SharedRevocationSpec | None = Field(
        None,
        description="Ask of every caller whether its token, subject or certificate is revoked; {} for the defaults.",
    )

    rates: SharedRatesSpec | None = Field(
        None, description="Count what `rate` of routes limits for all gateways together."
    )

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if (self.key is None) == (self.key_credential is None):
            raise Refused("C335", "the gateways need one secret that all of them have: `key` or `key_credential`")
        return self

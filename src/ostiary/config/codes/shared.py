"""C151 and C335 to C337: what several gateways know together."""

from __future__ import annotations

from typing import Final

from ostiary.config.codes.code import Code

SHARED: Final = (
    Code(
        "C151",
        "not an address of Redis",
        "Redis is on a host's port, with TLS (rediss://) or without (redis://), or on a unix socket. Who logs in, and "
        "with what, stands beside it: a URL is shown in logs.",
        "url: rediss://gateway:secret@redis.example.com",
        "url: rediss://redis.example.com\nuser: gateway\npassword: env:REDIS_PASSWORD",
    ),
    Code(
        "C335",
        "two secrets where one is wanted, or none",
        "Gateways log in to Redis with a credential, or with user and password. They need one key that all of them "
        "have: from the environment or a file, or from a vault.",
        "shared:\n  redis: {url: rediss://redis.example.com, user: gateway}",
        "shared:\n  redis: {url: rediss://redis.example.com, credential: redis}\n  key: env:OSTIARY_SHARED_KEY",
    ),
    Code(
        "C336",
        "shared in clear",
        "Whoever reads along between a gateway and Redis sees the password, and can change what gateways believe.",
        "redis: {url: redis://redis.example.com}",
        "redis: {url: rediss://redis.example.com}",
    ),
    Code(
        "C337",
        "it is not said which server is the master",
        "Redis is at one address, or sentinels say where the master is: more than half of those that are written here "
        "have to agree, so each stands here once. Whoever speaks to them in clear would speak to Redis in clear.",
        "redis:\n  url: rediss://redis.example.com\n  sentinel: {master: main, addresses: [rediss://one.example.com]}",
        "redis:\n  sentinel: {master: main, addresses: [rediss://one.example.com, rediss://two.example.com, "
        "rediss://three.example.com]}",
    ),
)

"""From what a file says of Redis to what gateways know together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ostiary.config.rates import RateSpec
from ostiary.config.secrets import resolve
from ostiary.config.shared import SharedSpec
from ostiary.model import CredentialSource
from ostiary.shared.connecting import Connecting, long_enough
from ostiary.shared.gcra import Pace
from ostiary.shared.link import HANDSHAKE, Link
from ostiary.shared.marks import Digests, Marks
from ostiary.shared.rates import Local, Together
from ostiary.shared.revocations import Revocations
from ostiary.shared.sentinel import Guard
from ostiary.shared.shelf import number_of
from ostiary.shared.store import Store
from ostiary.shared.tracking import Tracker


@dataclass(frozen=True, slots=True)
class Shared:
    """What a gateway knows together with others.

    Attributes:
        link: to Redis.
        marks: what was used once.
        digests: what names are made with.
        guard: leaves a server that is the master no more; None: there are no sentinels.
        revocations: what is revoked, or None.
        gateways: how many count requests together; None: each counts by itself.
    """

    link: Link
    marks: Marks
    digests: Digests
    guard: Guard | None = None
    revocations: Revocations | None = None
    gateways: int | None = None

    @property
    def parts(self) -> tuple[Link | Guard | Revocations, ...]:
        """What has a lifetime, in the order in which it starts."""
        return tuple(one for one in (self.link, self.guard, self.revocations) if one is not None)

    async def aclose(self) -> None:
        """End the lines, where they were opened without a gateway."""
        async with AsyncExitStack() as stack:
            for part in self.parts:
                stack.push_async_callback(part.aclose)


def compile_shared(
    spec: SharedSpec,
    credentials: Mapping[str, CredentialSource],
    folder: Path,
    clock: Callable[[], float] = time.time,
    state: Path | None = None,
) -> Shared:
    """Return what a gateway knows together with others; nothing is connected yet.

    Args:
        spec: `shared`.
        credentials: where records come from, by alias.
        folder: the folder of the configuration file.
        clock: epoch seconds.
        state: where what outlives a restart is kept, or None.

    Raises:
        ConfigError: the extra `redis` is not installed, or a file or a secret is not to be had.
    """
    digests = Digests(spec.redis.prefix)
    if spec.key is not None:
        digests.learn(long_enough(resolve(spec.key, folder)))
    connect = Connecting(spec, credentials, folder, clock, digests)
    sentinels = connect.sentinels
    link = Link(connect, spec.redis.timeout, HANDSHAKE if sentinels is None else 2 * HANDSHAKE)
    guard = None if sentinels is None else Guard(sentinels, link, lambda: connect.spoken_to)
    gateways = None if spec.rates is None else spec.rates.gateways
    revocations = _revocations(spec, connect, link, digests, state=state, clock=clock)
    return Shared(link, Marks(link, digests, spec.forgotten), digests, guard, revocations, gateways)


def _revocations(
    spec: SharedSpec,
    connect: Connecting,
    link: Link,
    digests: Digests,
    *,
    state: Path | None,
    clock: Callable[[], float],
) -> Revocations | None:
    told, redis = spec.revocation, spec.redis
    if told is None:
        return None
    keeping = Store(state, redis.prefix, digests) if told.keep else None
    copy = Revocations(link, digests, redis.prefix, told.max_stale, told.poll, keeping=keeping, clock=clock)
    listen = partial(connect.listen, number_of(redis.prefix))
    copy.tracker = Tracker(listen, copy.changed, redis.timeout, lambda: link.tally.connected)
    return copy


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

"""Callers who take their time: with the handshake, with a head, with a body, with reading."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from benchmarks.faults.crowd import Crowd, End, crowd_of
from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, at_most, exactly
from benchmarks.faults.stage import Origin, Stage
from benchmarks.faults.traffic import Traffic, quiet, traffic

_SLACK: Final = 1.0
"""Time-outs are looked at twice a second, and so is what came of them."""
_LINGERING: Final = 2.0
"""Seconds in which the gateway lets a caller read the answer that ends the connection."""
_PACE: Final = 80.0
"""Connections a second that a crowd makes: full handshakes, which cost us more than they cost the gateway."""


def _timeouts(**seconds: float) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        document["upstreams"]["protected"]["connections"] = 4000  # else the pool is full before the crowd has come
        document["listeners"]["public"]["timeouts"] = {name: f"{value:g}s" for name, value in seconds.items()}

    return change


async def handshakes(stage: Stage, extent: Extent) -> list[Figure]:
    """Half of them say nothing; half of them begin a handshake and stop."""
    count, bound, pace = extent(2000, 100), extent(10.0, 1.0), 2.5 * _PACE
    with stage.origin() as origin:
        async with (
            stage.gateway(origin.port, _timeouts(handshake=bound)) as gateway,
            crowd_of(stage, gateway, "mute", count // 2, pace) as mute,
            crowd_of(stage, gateway, "half_a_handshake", count // 2, pace) as half,
        ):
            before = await quiet(gateway.caller, extent(200, 50), extent(5.0, 1.0))
            async with traffic(gateway.caller, extent(200, 50)) as good:
                silent, halved = await asyncio.gather(mute.act(), half.act())
    longest = max(end.gone for end in (*silent, *halved))
    return [
        at_most(f"handshakes: {count:,} stalled, the last one closed", longest, bound, "s", slack=_SLACK),
        *_unharmed("handshakes", good, before),
    ]


def _unharmed(name: str, good: Traffic, before: Traffic) -> list[Figure]:
    """Return what those have seen who did everything right."""
    return [
        exactly(
            f"{name}: good requests that failed, of {len(good.seen):,}", f"{good.failed()} {good.told()}".strip(), "0"
        ),
        at_most(f"{name}: p99 of good requests beside quiet", good.p99() / before.p99(), 2, "x", timing=True),
    ]


async def slowloris(stage: Stage, extent: Extent) -> list[Figure]:
    """A crowd sends heads octet by octet, all at a time, some stop within a body, some do not read.

    They have come before, and have asked once: what is measured is what slowness does, and not what handshakes do.
    """
    bounds = {"headers": extent(10.0, 2.0), "body": extent(30.0, 2.0), "send": extent(60.0, 2.0), "keep_alive": 600.0}
    heads, others = extent(4000, 60), extent(500, 20)
    with stage.origin() as origin:
        async with (
            stage.gateway(origin.port, _timeouts(**bounds)) as gateway,
            crowd_of(stage, gateway, "octet_by_octet", heads, _PACE) as partial,
            crowd_of(stage, gateway, "half_a_body", others, _PACE) as stalled,
            crowd_of(stage, gateway, "unread", others, _PACE) as unread,
        ):
            before = await quiet(gateway.caller, extent(200, 50), extent(5.0, 1.0))
            async with traffic(gateway.caller, extent(200, 50)) as good:
                slow, halved, gone = await asyncio.gather(
                    partial.act(), stalled.act(), _unread(unread, origin, others, bounds["send"])
                )
    return [
        *_cut(f"{heads:,} slow heads", slow, bounds["headers"]),
        *_cut(f"{others} stalled bodies", halved, bounds["body"]),
        at_most(f"slowloris: {others} who do not read, the last one cut", gone, bounds["send"], "s", slack=_SLACK),
        *_unharmed("slowloris", good, before),
    ]


def _cut(who: str, ends: list[End], bound: float) -> list[Figure]:
    told, gone = max(end.told for end in ends), max(end.gone for end in ends)
    return [
        at_most(f"slowloris: {who}, the last one refused", told, bound, "s", slack=_SLACK),
        at_most(f"slowloris: {who}, the last one closed", gone, bound + _LINGERING, "s", slack=_SLACK),
    ]


async def _unread(crowd: Crowd, origin: Origin, count: int, bound: float) -> float:
    """Let a crowd ask and read nothing; return when the protected side is rid of the last one.

    The caller cannot see that it was cut off, because it does not read: who writes to the gateway can.
    """
    loop = asyncio.get_running_loop()
    acting = asyncio.create_task(crowd.act())
    await asyncio.sleep(count / _PACE)  # the last one has asked
    begun = loop.time()
    await asyncio.sleep(bound / 2)
    while await origin.active() and loop.time() - begun < 2 * bound:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.2)
    took = loop.time() - begun
    acting.cancel()
    await asyncio.wait({acting})
    return took

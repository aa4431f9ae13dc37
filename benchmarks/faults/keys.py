"""An issuer that is down, changes its keys, or serves nonsense; callers who name keys that do not exist."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, at_most, exactly
from benchmarks.faults.stage import Change, Gateway, Stage
from benchmarks.faults.streams import watched
from benchmarks.faults.traffic import quiet, traffic
from benchmarks.material import ISSUER, jwk, signed

_NONSENSE: Final[dict[str, bytes]] = {
    "HTML": b"<!doctype html><title>Sign in</title>",
    "an empty list": b"[]",
    "no keys": b'{"keys": []}',
    "100 000 brackets": b"[" * 100_000,
    "50 MB": b'{"keys": [' + b" " * 50_000_000 + b"]}",
    "50 MB unannounced": b'{"keys": [' + b" " * 50_000_000 + b"]}",
}


def _kept(**keys: str) -> Change:
    def change(document: dict[str, Any]) -> None:
        document["issuers"]["bank"]["keys"] = keys

    return change


def _unknown_kids() -> Callable[[], str]:
    """Return a maker of tokens, each with a key id of its own and a signature that is none."""
    numbers = itertools.count()
    claims = {"iss": ISSUER, "sub": "nobody", "aud": ["legacy-accounts"], "exp": int(time.time()) + 3600}
    rest = f"{_part(claims)}.{'A' * 86}"
    return lambda: f"{_part({'alg': 'ES256', 'typ': 'JWT', 'kid': f'flood-{next(numbers)}'})}.{rest}"


def _part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


async def keys_down(stage: Stage, extent: Extent) -> list[Figure]:
    """It answers 500, hangs, breaks off: known keys go on, sixty times as long as the key set is fresh."""
    fresh, figures = _kept(refresh="1s", cooldown="1s", timeout="1s", max_stale="1h"), []
    with stage.origin() as origin:
        async with stage.gateway(origin.port, fresh) as gateway:
            before = await quiet(gateway.caller, 100, extent(10.0, 1.0))
            for mood in ("refusing", "hanging", "breaking"):
                stage.issuer.mood = mood
                async with traffic(gateway.caller, 100) as good:
                    await asyncio.sleep(extent(60.0, 2.5))
                    status, took = await _unknown(gateway)
                told = f"{good.failed()} {good.told()}".strip()
                figures += [
                    exactly(f"issuer {mood}: requests with known keys that failed, of {len(good.seen):,}", told, "0"),
                    at_most(
                        f"issuer {mood}: their p99 beside before", good.p99() / before.p99(), 1.5, "x", timing=True
                    ),
                    exactly(f"issuer {mood}: an unknown key id, of which nothing can be known now", status, 503),
                    at_most(f"issuer {mood}: until that is said", took * 1e3, 5, "ms", timing=True),
                ]
    return figures


async def _unknown(gateway: Gateway) -> tuple[int, float]:
    async with gateway.caller.connected() as connection:
        connection.token = _unknown_kids()()
        await connection.ask("/small")  # makes the one fetch that the cool-down allows
        begun = time.monotonic()
        return (await connection.ask("/small")).status, time.monotonic() - begun


async def keys_rotated(stage: Stage, extent: Extent) -> list[Figure]:
    """A new key is used before we have seen it, and the old one is taken away."""
    del extent
    key, expires = ec.generate_private_key(ec.SECP256R1()), int(time.time()) + 3600
    with stage.origin() as origin:
        async with stage.gateway(origin.port, _kept(refresh="3s", cooldown="1s")) as gateway:
            await asyncio.sleep(1.1)
            stage.issuer.document = json.dumps({"keys": [jwk(key.public_key(), "another")]}).encode()
            fetches, begun = len(stage.issuer.asked), time.monotonic()
            async with gateway.caller.connected() as connection:
                connection.token = signed(key, 0, expires, "another")
                status = (await connection.ask("/small")).status
                took, fetched = time.monotonic() - begun, len(stage.issuer.asked) - fetches
                connection.token = gateway.caller.token
                while (await connection.ask("/small")).status == 200 and time.monotonic() - begun < 10:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                refused = time.monotonic() - begun
    return [
        exactly("keys rotated: the first token of a new key", status, 200),
        at_most("keys rotated: fetches for it", fetched, 1, ""),
        at_most("keys rotated: until it is let in", took, 1, "s"),
        at_most("keys rotated: until the old key is refused, refresh 3 s", refused, 3, "s", slack=0.5),
    ]


async def keys_poisoned(stage: Stage, extent: Extent) -> list[Figure]:
    """It serves what is no key set: the last one stays."""
    well, figures = stage.issuer.document, []
    with stage.origin() as origin:
        for name, nonsense in _NONSENSE.items():
            async with stage.gateway(origin.port, _kept(refresh="1s", cooldown="1s", timeout="3s")) as gateway:
                stage.issuer.document, stage.issuer.announced = nonsense, "unannounced" not in name
                figures += await _poisoned(name, gateway, stage, extent)
            stage.issuer.document, stage.issuer.announced = well, True
    return figures


async def _poisoned(name: str, gateway: Gateway, stage: Stage, extent: Extent) -> list[Figure]:
    fetches, seconds = len(stage.issuer.asked), extent(10.0, 2.5)
    async with watched(gateway) as memory, traffic(gateway.caller, 50) as good:
        await asyncio.sleep(seconds)
    fetched = len(stage.issuer.asked) - fetches
    return [
        exactly(f"key set is {name}: it was fetched", fetched > 0, wanted=True),
        exactly(f"key set is {name}: requests that failed", f"{good.failed()} {good.told()}".strip(), "0"),
        at_most(f"key set is {name}: memory", memory.rise, 8, "MiB", timing=extent.quick),
        at_most(f"key set is {name}: fetches a second", fetched / seconds, 1, ""),
    ]


async def kid_flood(stage: Stage, extent: Extent) -> list[Figure]:
    """A thousand requests a second, each with another key id that does not exist."""
    seconds, rate = extent(60.0, 2.0), extent(1000, 100)
    with stage.origin() as origin:
        async with stage.gateway(origin.port) as gateway:
            before = await quiet(gateway.caller, 100, extent(10.0, 1.0))
            fetches = len(stage.issuer.asked)
            async with (
                traffic(gateway.caller, rate, tokens=_unknown_kids()) as bad,
                traffic(gateway.caller, 100) as good,
            ):
                await asyncio.sleep(seconds)
            fetched = len(stage.issuer.asked) - fetches
    return [
        exactly(f"key id flood: what {len(bad.seen):,} of them get", sorted(bad.statuses()), [401]),
        at_most("key id flood: fetches, cool-down 10 s", fetched, extent(3, 1), ""),
        exactly("key id flood: good requests that failed", f"{good.failed()} {good.told()}".strip(), "0"),
        at_most("key id flood: p99 of good requests beside quiet", good.p99() / before.p99(), 2, "x", timing=True),
    ]

"""One issuer, everything that can happen to it, and a thousand callers a second who must not notice.

It is killed, hangs, drips, is slow, rotates, is poisoned; each while good tokens come in at the same rate. A refusal
that is not the caller's fault, a 401 above all, is a miss. At the end the gateway starts anew while nobody is there.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from typing import Any, Final, Self

from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, at_most, exactly
from benchmarks.faults.stage import Change, Gateway, Stage
from benchmarks.faults.stubs import IssuerStub
from benchmarks.faults.traffic import Traffic, traffic
from benchmarks.material import jwk, signed
from benchmarks.places import LOOPBACK

_REFRESH: Final = 1.0
_POISON: Final = {
    "HTML": b"<!doctype html><title>Sign in</title>",
    "an empty object": b"{}",
    "a symmetric key": b'{"keys": [{"kty": "oct", "kid": "bank", "k": "c2VjcmV0"}]}',
}


class FragileIssuer(IssuerStub):
    """An issuer that can also be killed and raised again in its place, and whose answers may take their time."""

    def __init__(self, document: str) -> None:
        super().__init__(document)
        self._port = 0

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        assert self._server is not None
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    @property
    def url(self) -> str:
        """Where the key set is, also while nobody is there."""
        return f"http://{LOOPBACK}:{self._port}/jwks.json"

    async def kill(self) -> None:
        """Close the port and every connection."""
        assert self._server is not None
        self._server.close()
        for writer in tuple(self._open):
            writer.transport.abort()

    async def raise_again(self) -> None:
        """Listen at the same port."""
        self._server = await asyncio.start_server(self._connected, LOOPBACK, self._port)

    async def _answer(self, writer: asyncio.StreamWriter, path: str) -> None:
        if self.mood == "slow":
            await asyncio.sleep(0.8)
        if self.mood != "dripping":
            return await super()._answer(writer, path)
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(self.document)}\r\n\r\n".encode())
        for octet in self.document:
            if writer.is_closing():  # the gateway has had enough
                break
            writer.write(bytes((octet,)))
            await asyncio.sleep(0.05)
        return None


def _of(issuer: FragileIssuer) -> Change:
    def change(document: dict[str, Any]) -> None:
        document["issuers"]["bank"]["jwks_url"] = issuer.url
        document["issuers"]["bank"]["keys"] = {
            "refresh": f"{_REFRESH:g}s", "refresh_least": "1s", "cooldown": "1s", "timeout": "2s", "max_stale": "1h"
        }  # fmt: skip
        document["state"] = "state"

    return change


async def issuer_trouble(stage: Stage, extent: Extent) -> list[Figure]:
    """Killed, hanging, dripping, slow, rotating, poisoned: callers with good tokens notice none of it."""
    rate, seconds, figures = extent(1000, 100), extent(15.0, 1.5), []
    well = stage.issuer.document
    async with FragileIssuer(well.decode()) as issuer:
        with stage.origin() as origin:
            async with stage.gateway(origin.port, _of(issuer)) as gateway:
                figures += await _phase("well", gateway, issuer, rate, seconds)
                for mood in ("hanging", "dripping", "slow", "refusing"):
                    issuer.mood = mood
                    figures += await _phase(mood, gateway, issuer, rate, seconds)
                issuer.mood = "well"
                for name, poison in _POISON.items():
                    issuer.document = poison
                    figures += await _phase(f"poisoned with {name}", gateway, issuer, rate, seconds)
                issuer.document = well
                await asyncio.sleep(6 * _REFRESH)  # the last failure is left alone for up to four cool-downs
                figures += await _rotating(gateway, issuer, well, rate, seconds)
                await issuer.kill()
                figures += await _phase("killed", gateway, issuer, rate, seconds)
            figures += await _cold(stage, origin.port, issuer)
            await issuer.raise_again()
    return figures


async def _phase(name: str, gateway: Gateway, issuer: FragileIssuer, rate: float, seconds: float) -> list[Figure]:
    asked = len(issuer.asked)
    async with traffic(gateway.caller, rate) as good:
        await asyncio.sleep(seconds)
    return _figures(name, good, len(issuer.asked) - asked, seconds)


def _figures(name: str, good: Traffic, fetches: int, seconds: float) -> list[Figure]:
    """What a key is new to is 503 while a starved machine cannot fetch in time; what is known never fails."""
    failed = f"issuer {name}: requests that failed, of {len(good.seen):,}"
    return [
        at_most(failed, good.failed(), 0, good.told(), timing=True)
        if name == "rotating"
        else exactly(failed, f"{good.failed()} {good.told()}".strip(), "0"),
        exactly(f"issuer {name}: wrong 401s", good.statuses()[401], 0),
        at_most(f"issuer {name}: fetches in {seconds:g} s", fetches, seconds / (0.8 * _REFRESH) + 2, ""),
        at_most(f"issuer {name}: p99", good.p99() * 1e3, 250, "ms", timing=True),
    ]


async def _rotating(gateway: Gateway, issuer: FragileIssuer, well: bytes, rate: float, seconds: float) -> list[Figure]:
    """A new key every refresh or so, published beside the old ones and used at once."""
    keys = json.loads(well)["keys"]
    expires = int(time.time()) + 3600
    tokens = [gateway.caller.token]
    asked = len(issuer.asked)
    async with traffic(gateway.caller, rate, tokens=lambda: tokens[-1]) as good:
        for number in range(max(2, int(seconds / 2))):
            key = ec.generate_private_key(ec.SECP256R1())
            keys = [*keys, jwk(key.public_key(), f"new-{number}")]
            issuer.document = json.dumps({"keys": keys}).encode()
            tokens.append(signed(key, number, expires, f"new-{number}"))
            await asyncio.sleep(1.5)
    issuer.document = well
    return _figures("rotating", good, len(issuer.asked) - asked, max(2, int(seconds / 2)) * 2.5)


async def _cold(stage: Stage, origin: int, issuer: FragileIssuer) -> list[Figure]:
    """Start while the issuer is away: the copy on disk serves."""
    begun, status = time.monotonic(), 0
    with suppress(OSError, EOFError, TimeoutError):
        async with (
            asyncio.timeout(15),
            stage.gateway(origin, _of(issuer)) as gateway,
            gateway.caller.connected() as one,
        ):
            status = (await one.ask("/small")).status
    return [
        exactly("issuer killed: a gateway that starts then answers", status, 200),
        at_most("issuer killed: until it does", time.monotonic() - begun, 10, "s", timing=True),
    ]

"""A protected side that dies, hangs, lies, or breaks off."""

from __future__ import annotations

import asyncio
import copy
from contextlib import ExitStack
from typing import Any

from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, at_most, exactly
from benchmarks.faults.stage import Change, Gateway, Origin, Stage
from benchmarks.faults.traffic import Traffic, traffic
from benchmarks.places import LOOPBACK


def _two(port: int) -> Change:
    """Another protected side, below /other."""

    def change(document: dict[str, Any]) -> None:
        document["upstreams"]["other"] = {"endpoints": [f"http://{LOOPBACK}:{port}"], "plaintext": "accepted"}
        route = copy.deepcopy(document["routes"][0])
        document["routes"].append({**route, "name": "other", "match": {"path": "/other/**"}, "upstream": "other"})

    return change


async def upstream_killed(stage: Stage, extent: Extent) -> list[Figure]:
    """It is killed under load, with five POSTs under way, and comes back."""
    phase, rate = extent(20.0, 1.5), extent(200, 40)
    loop = asyncio.get_running_loop()
    with stage.origin() as other, ExitStack() as lives:
        first = lives.enter_context(stage.origin())
        async with (
            stage.gateway(first.port, _two(other.port)) as gateway,
            traffic(gateway.caller, rate) as good,
            traffic(gateway.caller, rate / 2, "/other/small") as beside,
        ):
            begun = loop.time()
            await asyncio.sleep(phase)
            posts = [asyncio.ensure_future(_post(gateway)) for _ in range(5)]
            await asyncio.sleep(0.3)
            first.process.process.kill()
            killed = loop.time()
            ends = await asyncio.gather(*posts)
            await asyncio.sleep(phase)
            lives.enter_context(stage.origin(first.port))
            back = loop.time()
            await asyncio.sleep(phase)
    seen = _posts(first)
    return [
        exactly("upstream killed: POSTs under way", [status for status, _ in ends], [502] * 5),
        at_most("upstream killed: until they are told", max(at for _, at in ends) - killed, 1, "s", slack=0.1),
        exactly("upstream killed: POSTs that reached it", seen, 5),
        exactly("upstream killed: what others get meanwhile", sorted(good.statuses().keys() - {200}), [502]),
        at_most("upstream killed: longest answer meanwhile", _longest(good, killed, back), 1, "s", timing=True),
        at_most("upstream killed: first success after its return", _first_success(good, back), 1, "s"),
        exactly("upstream killed: failures at another upstream", f"{beside.failed()} {beside.told()}".strip(), "0"),
        at_most(
            "upstream killed: p99 at another upstream beside before",
            beside.p99(killed, back) / beside.p99(begun, killed),
            1.5,
            "x",
            timing=True,
        ),
    ]


async def _post(gateway: Gateway) -> tuple[int, float]:
    """Return the status, and when it came."""
    loop = asyncio.get_running_loop()
    async with gateway.caller.connected() as connection:
        try:
            answer = await connection.ask("/slow?30", "POST", b"x" * 100)
        except (OSError, EOFError):
            return 0, loop.time()
        return answer.status, loop.time()


def _posts(origin: Origin) -> int:
    return len(origin.posts.read_text().splitlines())


def _longest(good: Traffic, since: float, until: float) -> float:
    return max((one.seconds for one in good.seen if since <= one.due < until), default=0.0)


def _first_success(good: Traffic, since: float) -> float:
    times = [one.due + one.seconds - since for one in good.seen if one.due >= since and one.status == 200]
    return min(times, default=float("inf"))


def _impatient(document: dict[str, Any]) -> None:
    document["upstreams"]["protected"]["timeouts"] = {"response": "2s", "idle": "3s"}


async def upstream_broken(stage: Stage, extent: Extent) -> list[Figure]:
    """It hangs, drips, talks nonsense, or breaks an answer off in the middle."""
    loop, count = asyncio.get_running_loop(), extent(20, 5)
    with stage.origin() as origin:
        dripping = extent(5, 2)
        async with stage.gateway(origin.port, _impatient) as gateway:
            before = gateway.descriptors()
            begun = loop.time()
            hung = [told for told, _ in await asyncio.gather(*(_told(gateway, "/hang") for _ in range(count)))]
            took = loop.time() - begun
            ends = {path: await _told(gateway, path) for path in ("/garbage", "/reset", "/cut")}
            dripped = await _told(gateway, f"/drip?{dripping}")
            left = await gateway.settled(before + 8)
            still = await origin.active()
    return [
        exactly("upstream hangs: answers", sorted(set(hung)), ["504"]),
        at_most("upstream hangs: until the 504, of 2 s", abs(took - 2), 0.2, "s", slack=0.5, timing=True),
        exactly("upstream talks nonsense", ends["/garbage"][0], "502"),
        exactly("upstream resets within an answer", ends["/reset"][0], "broken off"),
        exactly("upstream ends within a chunked answer", ends["/cut"][0], "broken off"),
        exactly("upstream drips one octet a second", dripped, ("200", dripping)),
        exactly("upstream broken: exchanges left there", still, 0),
        at_most("upstream broken: descriptors left over", left - before, 8, ""),
    ]


async def _told(gateway: Gateway, path: str) -> tuple[str, int]:
    """Return what a caller sees: a status, or that a good answer was broken off; and the octets of the content."""
    got = 0
    async with gateway.caller.connected() as connection:
        status, headers = await connection.answer_head() if await _sent(connection, path) else (0, {})
        try:
            async for piece in connection.content(headers):
                got += len(piece)
        except (OSError, EOFError, ValueError):
            return "broken off", got
    return str(status), got


async def _sent(connection: Any, path: str) -> bool:
    connection.writer.write(connection.head(path))
    return True


async def aborts(stage: Stage, extent: Extent) -> list[Figure]:
    """Callers break off while their requests are under way."""
    loop, count = asyncio.get_running_loop(), extent(500, 60)
    with stage.origin() as origin:
        async with stage.gateway(origin.port, _many) as gateway:
            before = gateway.descriptors()
            connections = await asyncio.gather(*(gateway.caller.connect() for _ in range(count)))
            for number, connection in enumerate(connections):
                connection.writer.write(_half_done(connection, number))
            await _until(lambda: _reached(origin, count), 20)
            begun = loop.time()
            for connection in connections:
                connection.abort()
            rid = await _until(lambda: _reached(origin, 0), 20)
            took = loop.time() - begun
            left = await gateway.settled(before + 4)
            answer = await _told(gateway, "/small")
    return [
        exactly(f"aborts: of {count} broken off, all are cancelled upstream", rid, wanted=True),
        at_most("aborts: until the last one is", took, 1, "s", slack=0.1, timing=extent.quick),
        at_most("aborts: descriptors left over", left - before, 4, ""),
        exactly("aborts: the next request", answer, ("200", 1024)),
    ]


def _many(document: dict[str, Any]) -> None:
    document["upstreams"]["protected"]["connections"] = 2000


def _half_done(connection: Any, number: int) -> bytes:
    """Wait for an answer that does not come; stop within a body; or read an answer that drips."""
    if number % 3 == 0:
        return bytes(connection.head("/hang"))
    if number % 3 == 1:
        return bytes(connection.head("/sink", "POST", "Content-Length: 1000000") + b"x" * 1000)
    return bytes(connection.head("/drip?1000"))


async def _reached(origin: Origin, count: int) -> bool:
    return await origin.active() == count


async def _until(condition: Any, patience: float) -> bool:
    end = asyncio.get_running_loop().time() + patience
    while asyncio.get_running_loop().time() < end:
        if await condition():
            return True
        await asyncio.sleep(0.05)
    return False

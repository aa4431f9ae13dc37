"""Is the server asked that more than half of the sentinels take for the master, and no other one?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.integration.test_shared_replay import comes_back, line, use
from tests.support.redis_server import RedisServer, Sentinels, say

from ostiary.config.shared import SharedRevocationSpec, SharedSpec
from ostiary.shared import Revocations, Shared
from ostiary.shared.entry import Entry

pytestmark = pytest.mark.integration


REVOKING = SharedRevocationSpec(poll=60.0)


@dataclass
class Stage:
    """Two servers, of which one follows the other, and three that watch them."""

    first: RedisServer
    second: RedisServer
    sentinels: Sentinels

    def spec(self, **more: object) -> SharedSpec:
        return self.first.spec(sentinel=self.sentinels.block, **more)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    homes = [tmp_path / name for name in ("first", "second", "sentinels")]
    for home in homes:
        home.mkdir()
    first, second = RedisServer(homes[0]), RedisServer(homes[1])
    first.options = ("repl-diskless-sync-delay 0",)
    second.options = (f"replicaof 127.0.0.1 {first.port}",)
    made = Stage(first, second, Sentinels(homes[2], first.port))
    try:
        first.start()
        second.start()
        until(lambda: b"state=online" in first.say("INFO", "replication"))
        made.sentinels.start()
        until(lambda: b"num-slaves\r\n$1\r\n1" in made.sentinels.told(made.sentinels.ports[0]))
        yield made
    finally:
        made.sentinels.stop()
        second.stop()
        first.stop()


def until(holds: Callable[[], bool]) -> None:
    for _ in range(400):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError(holds)


async def left(shared: Shared, why: str) -> None:
    for _ in range(300):
        if why in shared.link.failure:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(shared.link.failure)


async def went_to(shared: Shared, port: int) -> None:
    guard = shared.guard
    assert guard is not None
    for _ in range(400):
        if shared.link.here and guard._spoken_to() == ("127.0.0.1", port):
            return
        await asyncio.sleep(0.05)
    raise AssertionError((shared.link.failure, guard._spoken_to()))


async def test_a_gateway_goes_along_when_the_master_is_gone_and_takes_nothing_old_for_new(stage: Stage) -> None:
    spec = stage.spec().model_copy(update={"forgotten": "refuse", "revocation": REVOKING})
    async with line(stage.first, spec) as shared:
        assert shared.guard is not None
        assert shared.revocations is not None
        await shared.guard.start()
        await shared.revocations.start()
        await went_to(shared, stage.first.port)
        made = time.time()
        assert await use(shared, b"proof", made + 1) == "new"
        stage.first.kill()
        await went_to(shared, stage.second.port)
        assert await use(shared, b"proof", made) == "shared.forgotten", "of another run nobody knows what it has missed"
        assert await use(shared, b"proof of later", time.time() + 1) == "new"
        await reaches(shared.revocations)


async def test_a_master_that_is_none_any_more_is_left_though_it_answers(stage: Stage) -> None:
    async with line(stage.first, stage.spec()) as shared:
        assert shared.guard is not None
        assert await use(shared, b"one") == "new"
        for port in stage.sentinels.ports[:2]:  # which name another one, as after a failover that this server missed
            say(port, "SENTINEL", "REMOVE", "main")
            say(port, "SENTINEL", "MONITOR", "main", "127.0.0.1", str(stage.second.port), "2")
        await shared.guard.look()
        assert shared.link.failure in ("another server is the master now", "the server is a replica")
        await left(shared, "the server is a replica")  # the one that they name is looked at as well


async def test_one_sentinel_that_is_away_changes_nothing_and_two_end_the_trust(stage: Stage) -> None:
    async with line(stage.first, stage.spec(timeout="200ms")) as shared:
        assert shared.guard is not None
        stage.sentinels.hang(stage.sentinels.ports[0])
        await shared.guard.look()
        assert await use(shared, b"one") == "new"
        stage.sentinels.hang(stage.sentinels.ports[1])
        await shared.guard.look()
        assert await use(shared, b"two") == "new", "for some seconds nobody is refused"
        shared.guard._sentinels.sure -= 10
        await shared.guard.look()
        await left(shared, "1 of 3 name one")
        assert await use(shared, b"three") != "new"
        stage.sentinels.go_on(stage.sentinels.ports[1])
        await comes_back(shared)
        assert await use(shared, b"three") == "new"


async def test_a_name_that_nobody_knows_is_no_master(stage: Stage) -> None:
    named = {**stage.sentinels.block, "master": "another"}
    async with line(stage.first, stage.first.spec(sentinel=named)) as shared:
        assert "0 of 3 name one" in await use(shared, b"one")


async def test_a_sentinel_in_the_place_of_redis_and_redis_in_the_place_of_one_are_told_apart(stage: Stage) -> None:
    sentinel = f"redis://127.0.0.1:{stage.sentinels.ports[0]}"
    async with line(stage.first, stage.first.spec(url=sentinel)) as shared:
        assert "the server is a sentinel" in await use(shared, b"one")
    named = {"master": "main", "addresses": [f"redis://127.0.0.1:{stage.first.port}"]}
    async with line(stage.first, stage.first.spec(sentinel=named)) as shared:
        assert "0 of 1 name one" in await use(shared, b"one")


async def reaches(copy: Revocations) -> None:
    """Revoke something: the copy knows it long before it would be looked at anyway."""
    for _ in range(400):
        if copy.ear is not None and copy.ear.open:
            break
        await asyncio.sleep(0.05)
    await copy.shelf.put(Entry("token", "m" * 40, 1.0, time.time() + 60))
    await copy.shelf.advance()
    for _ in range(500):
        if len(copy) == 1:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(copy.age)


async def test_a_server_of_a_cluster_is_not_believed(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, ("cluster-enabled yes",))
    server.start()
    try:
        async with line(server) as shared:
            assert await use(shared, b"one") == "the server is one of a cluster, which is not spoken to"
    finally:
        server.stop()

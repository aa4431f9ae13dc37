"""Is the server asked that more than half of the sentinels take for the master, and no other one?"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.integration.test_shared_replay import comes_back, line, use
from tests.support.neighbours import free_port, stop
from tests.support.redis_server import PASSWORD, RedisServer, Sentinels, binary, say

from ostiary.config.shared import SharedRevocationSpec, SharedSpec
from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_identity
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
        if copy.tracker is not None and copy.tracker.open:
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


@contextmanager
def one_sentinel(home: Path, port: int, *lines: str) -> Iterator[None]:
    """Run one sentinel with these lines in its configuration."""
    file = home / "sentinel.conf"
    file.write_text("\n".join(("bind 127.0.0.1", f"dir {home}", *lines)) + "\n")
    with (home / "sentinel.log").open("ab") as log:
        process = subprocess.Popen([binary(), file, "--sentinel"], stdout=log, stderr=log)
    try:
        until(lambda: listening(port) or process.poll() is not None)
        assert process.poll() is None, (home / "sentinel.log").read_text()
        yield
    finally:
        stop(process)


def listening(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


async def test_a_master_on_another_machine_is_not_spoken_to_in_clear(tmp_path: Path) -> None:
    server, port = RedisServer(tmp_path), free_port()
    named = {"master": "main", "addresses": [f"redis://127.0.0.1:{port}"]}
    with one_sentinel(tmp_path, port, f"port {port}", "sentinel monitor main 192.0.2.1 6379 1"):
        async with line(server, server.spec(sentinel=named)) as shared:
            assert "in clear" in await use(shared, b"one")


async def test_sentinels_and_servers_are_verified_and_logged_in_to_each_in_its_own_way(tmp_path: Path) -> None:
    authority, port = Authority.create("CA"), free_port()
    write_certificates(tmp_path / "ca.pem", [authority.certificate])
    write_identity(tmp_path / "server.pem", tmp_path / "server.key", authority.issue_server("localhost"))
    (tmp_path / "to-redis").write_text(PASSWORD)
    (tmp_path / "to-sentinel").write_text("sentinel-canary-9d21")
    tls = (f"tls-ca-cert-file {tmp_path}/ca.pem", "tls-auth-clients no", "tls-replication yes")
    shown = (f"tls-cert-file {tmp_path}/server.pem", f"tls-key-file {tmp_path}/server.key")
    server = RedisServer(tmp_path)
    server.options = (f"tls-port {server.port}", *tls, *shown, f"requirepass {PASSWORD}")
    server.start()
    watching = (
        *("port 0", f"tls-port {port}", *tls, *shown, "requirepass sentinel-canary-9d21"),
        *("sentinel resolve-hostnames yes", "sentinel announce-hostnames yes"),
        *(f"sentinel monitor main localhost {server.port} 1", f"sentinel auth-pass main {PASSWORD}"),
    )
    named = {"master": "main", "addresses": [f"rediss://localhost:{port}"]}
    told = {"tls": {"authorities": [f"file:{tmp_path}/ca.pem"]}, "password": f"file:{tmp_path}/to-redis"}
    try:
        with one_sentinel(tmp_path, port, *watching):
            right = {**named, "password": f"file:{tmp_path}/to-sentinel"}
            async with line(server, server.spec(sentinel=right, **told)) as shared:
                assert await use(shared, b"one") == "new"
            for wrong in (named, {**named, "password": f"file:{tmp_path}/to-redis"}):
                async with line(server, server.spec(sentinel=wrong, **told)) as shared:
                    assert "0 of 1 name one" in await use(shared, b"two")
            async with line(server, server.spec(sentinel=right, password=told["password"])) as shared:
                assert "0 of 1 name one" in await use(shared, b"three"), "nobody vouches for it"
    finally:
        server.stop()

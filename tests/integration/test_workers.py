"""Do several processes serve as one?"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.admin import samples, value
from tests.support.gateway_process import Reply, curl, gateway_process, ostiary
from tests.support.live import FILE, Caller, Live, furnished, put

pytestmark = pytest.mark.integration

REFUSED = "configuration refused, the one before serves on"


@pytest.fixture
async def workers(tmp_path: Path) -> AsyncIterator[Live]:
    """A gateway of two processes."""
    async with (
        furnished(
            tmp_path, f"admin: {{{{bind: 127.0.0.1:0}}}}\naudit: {{{{path: audit.jsonl}}}}\n{FILE.lstrip()}"
        ) as one,
        gateway_process(one.file, "--workers", "2", ready="workers ready") as one.gateway,
    ):
        try:
            yield one
        finally:
            await one.gateway.stop()


def _children(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not children.exists():
        pytest.skip("the kernel does not tell whose children there are")
    return [int(child) for child in children.read_text().split()]


def pids(live: Live) -> list[int]:
    """The processes of the workers that live: what was copied from the one that the supervisor has started."""
    return [pid for template in _children(live.gateway.pid) for pid in _children(template)]


async def callers(live: Live, count: int) -> list[Caller]:
    return [await live.call() for _ in range(count)]


async def test_both_serve_and_every_line_of_the_log_is_whole(workers: Live) -> None:
    kept = await callers(workers, 16)
    for _ in range(20):
        said = await asyncio.gather(*(caller.get("/" + "a" * 2000) for caller in kept))
        assert {one.status for one in said} == {200}
    await workers.until(lambda: len(workers.gateway.access()) == 320)

    processes = Counter(str(line["id"])[:12] for line in workers.gateway.access())
    assert len(processes) == 2
    assert {event["worker"] for event in workers.told("ready")} == {1, 2}


async def test_a_worker_that_is_killed_costs_only_its_own_connections_and_is_started_anew(workers: Live) -> None:
    kept = await callers(workers, 16)
    await asyncio.gather(*(caller.get() for caller in kept))
    victim = int(workers.told("ready")[0]["pid"])
    os.kill(victim, signal.SIGKILL)
    seconds = await workers.until(lambda: workers.told("worker ready"))

    said = await asyncio.gather(*(caller.get() for caller in kept), return_exceptions=True)
    alive = [one for one in said if not isinstance(one, BaseException)]
    assert 0 < len(alive) < 16, "some were its own, some were not"
    assert {one.status for one in alive} == {200}
    assert workers.told("worker died, it is started anew")[0]["signal"] == "SIGKILL"
    assert {(await caller.get()).status for caller in await callers(workers, 8)} == {200}
    assert seconds < 8  # a spare one was there: half a second on a quiet machine


async def test_a_spare_worker_that_dies_is_replaced_and_nobody_notices(workers: Live) -> None:
    await workers.until(lambda: len(pids(workers)) == 3)
    (spare,) = set(pids(workers)) - {event["pid"] for event in workers.told("ready")}
    os.kill(spare, signal.SIGKILL)
    await workers.until(lambda: len(pids(workers)) == 3 and spare not in pids(workers))
    assert workers.told("worker died, it is started anew") == []


async def test_when_what_workers_are_copied_from_dies_they_serve_on_and_the_next_come_from_another(
    workers: Live,
) -> None:
    await workers.until(lambda: len(pids(workers)) == 3)
    (template,) = _children(workers.gateway.pid)
    os.kill(template, signal.SIGKILL)
    workers.gateway.signal(signal.SIGTTIN)  # the spare one serves, and the next spare one is missed
    await workers.until(lambda: "worker ready" in {event["event"] for event in workers.gateway.events()})
    await workers.until(lambda: pids(workers) and _children(workers.gateway.pid) != [template])
    assert {(await caller.get()).status for caller in await callers(workers, 8)} == {200}
    assert workers.told("worker died, it is started anew") == []


async def test_a_change_reaches_every_worker(workers: Live) -> None:
    workers.write("second")
    await workers.until(lambda: len([one for one in workers.told("configuration taken up") if "worker" in one]) == 2)

    said = await asyncio.gather(*(caller.get() for caller in await callers(workers, 12)))
    assert {one.fields["x-saw"] for one in said} == {"second"}


async def test_a_mistake_is_told_once_and_reaches_no_worker(workers: Live) -> None:
    put(workers.file, workers.file.read_bytes().replace(b"/closed/**", b"/closed/**/x"))
    workers.gateway.signal(signal.SIGHUP)
    await workers.until(lambda: workers.told(REFUSED))
    await asyncio.sleep(2.5)

    assert ["worker" in one for one in workers.told(REFUSED)] == [False]
    assert workers.told("configuration taken up") == []
    assert (await (await workers.call()).get()).fields["x-saw"] == "first"


async def test_an_address_that_is_taken_reaches_no_worker_and_none_that_comes_later(workers: Live) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        workers.write("second", port=other.getsockname()[1])
        await workers.until(lambda: workers.told(REFUSED))
        os.kill(int(workers.told("ready")[0]["pid"]), signal.SIGKILL)
        await workers.until(lambda: workers.told("worker ready"))

    assert ["worker" in one for one in workers.told(REFUSED)] == [False]
    assert workers.told("configuration taken up") == []
    assert {(await caller.get()).fields["x-saw"] for caller in await callers(workers, 8)} == {"first"}


# --- what operators see --------------------------------------------------------------------------


async def look(live: Live, page: str, *options: str) -> Reply:
    """Ask for an admin page."""
    port = next(one["port"] for one in live.told("listening") if one["listener"] == "admin")
    return await curl(live.folder, f"http://localhost:{port}{page}", *options)


async def counted(live: Live, name: str = "ostiary_decisions_total", **wanted: str) -> float:
    """How many requests were allowed, of whatever worker; or what another counter says."""
    return total(samples((await look(live, "/metrics")).content.read_text()), name, **wanted)


def total(found: dict, name: str = "ostiary_decisions_total", **wanted: str) -> float:
    marks = (wanted or {"decision": "allow"}).items()
    return sum(number for (one, labels), number in found.items() if one == name and marks <= dict(labels).items())


async def test_one_page_tells_of_all_of_them(workers: Live) -> None:
    kept = await callers(workers, 16)
    for _ in range(5):
        await asyncio.gather(*(caller.get() for caller in kept))
    found = samples((await look(workers, "/metrics")).content.read_text())
    assert total(found) == 80
    assert value(found, "ostiary_connections", listener="public") == 16
    assert value(found, "ostiary_workers", state="serving") == 2
    assert value(found, "ostiary_config_last_reload_successful") == 1

    await _until_ready(workers)
    ready = json.loads((await look(workers, "/readyz?verbose")).content.read_bytes())
    assert (ready["status"], [one["state"] for one in ready["workers"]]) == ("ready", ["ready", "ready"])
    assert {one["pid"] for one in ready["workers"]} == {one["pid"] for one in workers.told("ready")}
    config = json.loads((await look(workers, "/config")).content.read_bytes())
    assert config["workers"] == {"1": config["digest"], "2": config["digest"]}


async def test_no_total_falls_when_a_worker_dies(workers: Live) -> None:
    kept = await callers(workers, 16)
    await asyncio.gather(*(caller.get() for caller in kept))
    assert await counted(workers) == 16
    os.kill(int(workers.told("ready")[0]["pid"]), signal.SIGKILL)
    await workers.until(lambda: workers.told("worker died, it is started anew"))
    seen = [await counted(workers)]
    await workers.until(lambda: workers.told("worker ready"))
    for caller in await callers(workers, 8):
        assert (await caller.get()).status == 200
        seen.append(await counted(workers))
    assert seen == [16 + number for number in range(9)]


async def test_what_a_worker_counted_last_is_not_lost_with_it(workers: Live) -> None:
    """Nobody has asked for metrics before it is killed: it has written them down itself."""
    kept = await callers(workers, 16)
    await asyncio.gather(*(caller.get() for caller in kept))
    await asyncio.sleep(3)  # a second is what it takes where nobody else has much to do
    os.kill(int(workers.told("ready")[0]["pid"]), signal.SIGKILL)
    await workers.until(lambda: workers.told("worker died, it is started anew"))
    assert await counted(workers) == 16
    assert await counted(workers, "ostiary_tls_handshakes_total", listener="public", outcome="success") == 16


# --- how many there are --------------------------------------------------------------------------


async def ask_anew(live: Live, until: asyncio.Event) -> list[str]:
    """Ask over new connections, one after the other; return what went wrong."""
    wrong = []
    while not until.is_set():
        try:
            caller = await live.call()
            if (status := (await caller.get()).status) != 200:
                wrong.append(str(status))
            caller.close()
        except (OSError, EOFError) as error:
            wrong.append(repr(error))
    return wrong


async def test_there_may_be_more_and_fewer_of_them_and_no_request_fails(workers: Live) -> None:
    enough = asyncio.Event()
    asking = [asyncio.create_task(ask_anew(workers, enough)) for _ in range(3)]
    busy = await callers(workers, 8)
    for caller in busy:
        await caller.send("/slow/2")
        await caller.head()
    workers.gateway.signal(signal.SIGTTIN)
    await workers.until(lambda: _numbers(workers, "worker ready") == [3])
    workers.gateway.signal(signal.SIGTTOU)
    await workers.until(lambda: _numbers(workers, "worker left") == [3])
    workers.gateway.signal(signal.SIGTTOU)
    await workers.until(lambda: _numbers(workers, "worker left") == [3, 2])
    enough.set()
    assert await asyncio.gather(*asking) == [[], [], []]
    contents = await asyncio.gather(*(caller.reader.readexactly(20) for caller in busy))
    assert set(contents) == {b"ok" * 10}

    workers.gateway.signal(signal.SIGTTOU)
    await workers.until(lambda: workers.told("there is no worker fewer"))
    found = samples((await look(workers, "/metrics")).content.read_text())
    assert value(found, "ostiary_workers", state="serving") == 1
    assert value(found, "ostiary_worker_deaths_total") == 0
    assert await counted(workers) == len(workers.gateway.access()), "what those had counted who have left counts on"


def _numbers(live: Live, event: str) -> list[int]:
    return [int(one["number"]) for one in live.told(event)]


async def test_a_worker_that_is_stuck_is_missing_and_the_others_are_told_of(workers: Live) -> None:
    stuck = int(workers.told("ready")[0]["pid"])
    os.kill(stuck, signal.SIGSTOP)
    try:
        ready = json.loads((await look(workers, "/readyz?verbose", "--max-time", "5")).content.read_bytes())
    finally:
        os.kill(stuck, signal.SIGCONT)
    missing = [part["reason"] for part in ready["degraded"] if part["kind"] == "worker"]
    assert (ready["status"], missing) == ("degraded", ["worker.missing"])
    assert {one["pid"]: one["state"] for one in ready["workers"]}[stuck] is None
    await _until_ready(workers)


async def _until_ready(live: Live) -> None:
    async with asyncio.timeout(10):
        while json.loads((await look(live, "/readyz")).content.read_bytes())["status"] != "ready":  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.05)


async def test_each_process_keeps_an_audit_log_and_the_supervisor_one_of_what_it_judges(workers: Live) -> None:
    put(workers.file, b"version: 2\n")
    await workers.until(lambda: workers.told(REFUSED))
    await look(workers, "/config")
    for caller in await callers(workers, 8):
        await caller.get()
    assert await workers.gateway.stop() == 0
    logs = {number: workers.folder / f"audit.jsonl.{number}" for number in range(3)}
    actions = {
        number: {json.loads(line)["event.action"] for line in file.read_bytes().splitlines()}
        for number, file in logs.items()
    }
    assert actions[0] == {"configuration-refused", "admin-access"}
    assert "request-allowed" in actions[1] | actions[2]
    for file in logs.values():
        await ostiary("audit", "verify", file)


async def test_whoever_asks_while_it_ends_is_told_so(workers: Live) -> None:
    busy = await workers.call()
    await busy.send("/slow/2")
    await busy.head()
    workers.gateway.signal()
    async with asyncio.timeout(5):
        while (reply := await look(workers, "/readyz")).status == 200:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.02)
    assert json.loads(reply.content.read_bytes())["status"] == "draining"
    assert await busy.reader.readexactly(20) == b"ok" * 10


async def test_requests_under_way_end_before_the_workers_do(workers: Live) -> None:
    busy = await callers(workers, 6)
    for caller in busy:
        await caller.send("/slow/1.5")
        await caller.head()
    workers.gateway.signal(signal.SIGINT)

    contents = await asyncio.gather(*(caller.reader.readexactly(20) for caller in busy))
    assert set(contents) == {b"ok" * 10}
    assert await workers.gateway.ended() == 0
    with pytest.raises(ConnectionError):
        await workers.call()


async def test_workers_without_a_supervisor_end_by_themselves(workers: Live) -> None:
    left = pids(workers)
    os.kill(workers.gateway.pid, signal.SIGKILL)
    begin = time.monotonic()
    while any(_lives(pid) for pid in left):
        assert time.monotonic() < begin + 5
        await asyncio.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


async def started(file: Path) -> tuple[int, str]:
    """Start two workers; return the exit code and what was said."""
    command = (sys.executable, "-m", "ostiary", "serve", file, "--workers", "2")
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    _, said = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_what_no_worker_can_start_with_ends_all_with_the_workers_words_once(tmp_path: Path) -> None:
    vault = "vaults:\n  local: {{type: local, path: vault.db, master_key: file:master.key}}\n"
    credential = "credentials:\n  one: {{vault: local}}\n"
    async with furnished(tmp_path, FILE + vault + credential) as live:
        (tmp_path / "master.key").write_text("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
        (tmp_path / "vault.db").write_bytes(b"this is no vault")
        (tmp_path / "vault.db").chmod(0o600)
        (tmp_path / "master.key").chmod(0o600)
        code, said = await started(live.file)

    assert code == 1
    assert said.count("error:") == 1
    assert "vault.db" in said


async def test_an_address_of_somebody_else_is_not_shared(tmp_path: Path) -> None:
    async with furnished(tmp_path) as live:
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            other.bind(("127.0.0.1", live.port))
            other.listen()
            code, said = await started(live.file)

    assert code == 1
    assert f"127.0.0.1:{live.port} cannot be bound" in said


async def test_any_free_port_cannot_be_shared(tmp_path: Path) -> None:
    async with furnished(tmp_path) as live:
        live.write("first", port=0)
        code, said = await started(live.file)

    assert (code, "must be named" in said) == (1, True)

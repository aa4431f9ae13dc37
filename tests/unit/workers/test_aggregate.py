"""How are several workers, together?"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from tests.support.admin import samples, value
from tests.unit.admin.conftest import viewing  # noqa: F401 - a fixture

from ostiary.admin.encoding import health_told, metrics_told
from ostiary.admin.exposition import Beside
from ostiary.admin.health import Part
from ostiary.admin.redact import digest
from ostiary.admin.source import Health, Own
from ostiary.model import Record
from ostiary.observe.counted import counted_told
from ostiary.observe.ended import Ended
from ostiary.reasons import Reason
from ostiary.workers.aggregate import Aggregate, joined, tell


class Process:
    """A worker that answers from the view of one, or not at all."""

    def __init__(self, number: int, view: Any = None, **answers: bytes) -> None:
        self.number = number
        self.serving = True
        self.counted = self.beside = b""
        self.process = SimpleNamespace(pid=1000 + number)
        self.view = view
        self.answers = answers

    async def ask(self, what: str) -> bytes | None:
        if not self.serving:
            return None
        return self.answers.get(what) or (await tell(Own(self.view), what) if self.view else None)


class Supervisor:
    def __init__(self, *workers: Process) -> None:
        self.workers = {worker.number: worker for worker in workers}
        self.deaths = 0
        self.gone: Any = None

    def lose(self, number: int, heir: Process) -> None:
        """Let one die, and another one take its number."""
        self.deaths += 1
        self.workers[number].serving = False
        self.gone(self.workers[number])
        self.workers[number] = heir


@pytest.fixture
def three(viewing):  # noqa: F811 - the fixture
    """Views of a supervisor and of two workers."""
    return [viewing() for _ in range(3)]


def count(of, times: int = 1) -> None:
    for _ in range(times):
        record = Record(started=1.0, route="accounts", reason=Reason.TOKEN_EXPIRED)
        of.metrics.count(Ended(record, listener="public", method="GET", status=401, now=1.01))


async def told(together: Aggregate):
    return samples(generate_latest(await together.metrics()).decode())


# --- metrics -------------------------------------------------------------------------------------


async def test_what_is_counted_is_the_sum_whoever_has_counted_it(three):
    own, one, other = three
    count(one, 3)
    count(other, 4)
    found = await told(Aggregate(Supervisor(Process(1, one), Process(2, other)), own))
    assert value(found, "ostiary_decisions_total", reason="token.expired") == 7
    assert value(found, "http_server_request_duration_seconds_count", http_route="accounts") == 7
    assert value(found, "http_server_request_duration_seconds_bucket", http_route="accounts", le="0.025") == 7
    assert value(found, "ostiary_workers", state="serving") == 2


async def test_no_total_falls_when_a_worker_dies_nor_counts_twice_when_its_heir_has_come(three, viewing):  # noqa: F811
    own, one, other = three
    supervisor = Supervisor(Process(1, one), Process(2, other))
    together = Aggregate(supervisor, own)
    count(one, 3)
    count(other, 4)
    totals = [value(await told(together), "ostiary_decisions_total")]
    heir = viewing()
    for _ in range(2):
        supervisor.lose(2, Process(2, heir))
        totals.append(value(await told(together), "ostiary_decisions_total"))
        count(heir, 5)
        totals.append(value(await told(together), "ostiary_decisions_total"))
        heir = viewing()
    assert totals == [7, 7, 12, 12, 17]
    assert value(await told(together), "ostiary_worker_deaths_total") == 2


async def test_what_a_worker_has_written_down_counts_when_it_is_gone_also_beside_requests(three):
    own, one, other = three
    dying = Process(2, other)
    supervisor = Supervisor(Process(1, one), dying)
    together = Aggregate(supervisor, own)
    count(other, 4)
    other.serving.gateway.tokens[0].hits = 3
    await told(together)
    count(other)
    other.serving.gateway.tokens[0].hits = 5
    dying.counted, dying.beside = counted_told(other.metrics), metrics_told(Beside(other))
    supervisor.lose(2, Process(2))
    found = await told(together)
    assert value(found, "ostiary_decisions_total") == 5
    assert value(found, "ostiary_token_cache_requests_total", result="hit") == 5


async def test_a_worker_that_does_not_answer_counts_as_it_did_when_it_last_did(three):
    own, one, other = three
    stuck = Process(2, other)
    together = Aggregate(Supervisor(Process(1, one), stuck), own)
    count(other, 4)
    await told(together)
    stuck.view = None
    assert value(await told(together), "ostiary_decisions_total") == 4


async def test_a_change_is_counted_once_by_the_one_who_judges_it(three):
    for view_ in three:
        view_.life.reloads[True] = 5
    own, one, other = three
    found = await told(Aggregate(Supervisor(Process(1, one), Process(2, other)), own))
    assert value(found, "ostiary_config_reloads_total", outcome="success") == 5


async def test_one_that_refused_a_change_shows(three):
    own, one, other = three
    other.life.reload_refused = "its address is taken"
    found = await told(Aggregate(Supervisor(Process(1, one), Process(2, other)), own))
    assert value(found, "ostiary_config_last_reload_successful") == 0


async def test_what_a_process_needs_is_told_for_each(three):
    own, one, other = three
    found = await told(Aggregate(Supervisor(Process(1, one), Process(2, other)), own))
    whose = {dict(labels)["worker"] for name, labels in found if name == "process_resident_memory_bytes"}
    assert whose == {"0", "1", "2"}


# --- health --------------------------------------------------------------------------------------

OK, DOWN = Part("issuer", "bank", "ok"), Part("issuer", "bank", "down", Reason.KEYS_UNAVAILABLE)


@pytest.mark.parametrize(
    ("parts", "condition"),
    [([OK, OK], "ok"), ([OK, DOWN], "degraded"), ([DOWN, DOWN], "down"), ([DOWN], "down")],
)
def test_down_is_only_what_is_down_for_everybody(parts, condition):
    (one,) = joined([part] for part in parts)
    assert (one.condition, one.reason) == (condition, None if condition == "ok" else Reason.KEYS_UNAVAILABLE)


async def test_who_is_missing_and_who_is_behind_is_told(three):
    own, one, _ = three
    own.life.ready = one.life.ready = True
    behind = Process(2, health=health_told(Health("ready", (), "another")))
    health = await Aggregate(Supervisor(Process(1, one), behind, Process(3)), own).health()
    workers = [(part.name, part.condition, part.reason) for part in health.parts if part.kind == "worker"]
    assert workers == [
        ("1", "ok", None),
        ("2", "degraded", Reason.WORKER_BEHIND),
        ("3", "down", Reason.WORKER_MISSING),
    ]
    assert [(one.pid, one.state, one.digest) for one in health.workers] == [
        (1001, "ready", digest(own.loaded)),
        (1002, "ready", "another"),
        (1003, None, ""),
    ]
    assert health.state == "ready"


async def test_the_configuration_comes_with_which_worker_has_which(three):
    own, one, other = three
    said = await Aggregate(Supervisor(Process(1, one), Process(2, other)), own).config()
    assert said["workers"] == {"1": said["digest"], "2": said["digest"]}
    assert "canary" not in json.dumps(said)


async def test_a_question_that_nobody_knows_has_no_answer(three):
    assert await tell(Own(three[0]), "secrets") == b""


async def test_the_sum_can_be_read_by_whoever_reads_one(three):
    own, one, other = three
    count(one, 3)
    record = Record(started=1.0, route="other")
    other.metrics.count(Ended(record, listener="public", method="PUT", status=500, now=1.01))
    families = await Aggregate(Supervisor(Process(1, one), Process(2, other)), own).metrics()
    assert list(text_string_to_metric_families(generate_openmetrics(families).decode()))
    if shutil.which("promtool") is None:
        pytest.skip("promtool is needed (Debian: prometheus)")
    check = ["promtool", "check", "metrics"]
    said = generate_latest(families)
    result = await asyncio.to_thread(subprocess.run, check, input=said, capture_output=True, timeout=30)
    assert (result.returncode, result.stdout + result.stderr) == (0, b"")

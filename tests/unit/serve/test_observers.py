"""Who hears of requests after a reload?"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import structlog

from ostiary.config.load import load_checked
from ostiary.config.loaded import Loaded
from ostiary.errors import ConfigError
from ostiary.model import Record
from ostiary.observe.access import AccessLog
from ostiary.observe.ended import Ended
from ostiary.observe.log import configure
from ostiary.serve.observers import observed

FILE = """
version: 1
listeners: {public: {bind: "127.0.0.1:0"}}
upstreams: {one: {endpoints: ["http://127.0.0.1:1"]}}
routes:
  - {name: all, match: {path: /**}, authenticate: {anonymous: {}}, authorize: anyone, upstream: one}
"""


@pytest.fixture
def access() -> AccessLog:
    return AccessLog()


@pytest.fixture(autouse=True)
def _log():
    before = structlog.get_config()
    configure()
    yield
    structlog.configure(**before)


def read(folder: Path, *more: str) -> Loaded:
    file = folder / "gateway.yaml"
    file.write_text(FILE + "".join(f"{line}\n" for line in more))
    return load_checked(file)


def ask(access: AccessLog, path: str) -> None:
    facts = {"id": "r", "method": "GET", "host": "a", "address": "::1", "status": 401, "sent": 0, "now": 2.0}
    access.write(Ended(Record(started=1.0), target=path.encode(), **facts))


def told(file: Path) -> list[str]:
    events = [json.loads(line) for line in file.read_text().splitlines()]
    return [event.get("url.path", event["event.action"]) for event in events]


async def test_an_audit_log_may_come_move_and_go(access, tmp_path):
    async with observed(access, read(tmp_path)) as observers:
        for number, more in enumerate(("audit: {path: one.jsonl}", "audit: {path: two.jsonl}", "")):
            with observers.changing(read(tmp_path, more)):
                ask(access, f"/before-{number}")
            ask(access, f"/after-{number}")
        assert access.audit is None
    assert told(tmp_path / "one.jsonl") == ["/after-0", "/before-1"]
    assert told(tmp_path / "two.jsonl") == ["/after-1", "/before-2"]


async def test_one_that_stays_is_kept_and_bears_the_new_digest_and_does_as_it_is_told_now(access, tmp_path):
    async with observed(access, read(tmp_path, "audit: {path: one.jsonl}")) as observers:
        audit = access.audit
        with observers.changing(read(tmp_path, "audit: {path: one.jsonl, on_failure: continue}")):
            ask(access, "/a")
        ask(access, "/b")
        assert access.audit is audit
        assert not audit.deny
    first, second = [json.loads(line)["ostiary.config"] for line in (tmp_path / "one.jsonl").read_text().splitlines()]
    assert first != second


async def test_events_of_the_log_go_to_the_one_in_use(access, tmp_path):
    async with observed(access, read(tmp_path, "audit: {path: one.jsonl}")) as observers:
        with observers.changing(read(tmp_path, "audit: {path: two.jsonl}")):
            pass
        structlog.get_logger("x").info("configuration taken up", file="gateway.yaml")
        await asyncio.sleep(0)  # heard in whatever thread, written down in the loop
    assert told(tmp_path / "two.jsonl") == ["configuration-changed"]


@pytest.mark.parametrize("more", ["audit: {path: nowhere/audit.jsonl}", "audit: {path: gateway.yaml}"])
async def test_one_that_cannot_be_written_changes_nothing(access, tmp_path, more):
    async with observed(access, read(tmp_path, "audit: {path: one.jsonl}")) as observers:
        before = access.audit
        with pytest.raises(ConfigError, match="audit > path"), observers.changing(read(tmp_path, more)):
            pass
        assert access.audit is before


async def test_what_fails_later_in_a_reload_changes_nothing_either(access, tmp_path):
    pytest.importorskip("opentelemetry.sdk")
    otlp = "tracing: {otlp: 'http://127.0.0.1:1/v1/traces'}"
    async with observed(access, read(tmp_path)) as observers:
        with pytest.raises(ConfigError, match="taken"), observers.changing(read(tmp_path, "audit: {path: a}", otlp)):
            raise ConfigError("taken")
        assert (access.audit, access.spans) == (None, None)


async def test_spans_are_sent_where_the_file_says_now(access, tmp_path):
    pytest.importorskip("opentelemetry.sdk")
    async with observed(access, read(tmp_path)) as observers:
        seen = []
        for url in ("http://127.0.0.1:1/one", "http://127.0.0.1:1/one", "http://127.0.0.1:1/two", None):
            with observers.changing(read(tmp_path, f"tracing: {{otlp: '{url}'}}" if url else "tracing: {}")):
                pass
            seen.append(access.spans)
    assert seen[0] is seen[1] is not None
    assert seen[2] is not seen[0]
    assert seen[3] is None

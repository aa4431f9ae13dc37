"""What does the access log write, and what when nobody reads it?"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from structlog.testing import capture_logs

from ostiary.model import Record
from ostiary.observe import access
from ostiary.observe.access import AccessLog
from ostiary.observe.ended import Ended
from ostiary.reasons import Reason


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Both ends of a pipe; writing does not block."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    os.set_blocking(read, False)
    yield read, write
    for end in (read, write):
        with suppress(OSError):  # the test may have closed it
            os.close(end)


def line(log: AccessLog, target: bytes = b"/", **changes: Any) -> None:
    record = Record(started=1.0, reason=Reason.TOKEN_MISSING, route="accounts")
    facts = {"id": "r1", "method": "GET", "host": "a.example", "address": "::1", "status": 401, "sent": 7, "now": 1.5}
    log.write(Ended(record, target=target, **{**facts, **changes}))


def drained(read: int) -> bytes:
    pieces = []
    try:
        while piece := os.read(read, 1 << 16):
            pieces.append(piece)
    except BlockingIOError:
        pass
    return b"".join(pieces)


async def test_the_last_lines_can_be_found_again_and_only_so_many(pipe: tuple[int, int]) -> None:
    log = AccessLog(pipe[1])
    for number in range(access._RECENT + 10):
        line(log, id=f"r{number}", method="G" * 64)
        if number % 100 == 0:
            log.flush()
            drained(pipe[0])
    newest = log.find(f"r{number}")
    assert newest is not None, "it is found before it is written"
    log.flush()
    drained(pipe[0])
    assert log.find(f"r{number}") == newest
    assert log.find("r0") is None
    assert len(log._recent) == access._RECENT


async def test_what_waits_for_a_reader_is_kept_once(pipe: tuple[int, int]) -> None:
    log = AccessLog(pipe[1])
    for number in range(50):
        for _ in range(40):
            line(log, b"/" + b"a" * 1000, id=f"r{number}")
        log.flush()
    assert log.find("r49") is not None
    assert max(map(len, log._recent)) < 4096


@pytest.mark.attack(45)
async def test_a_line_is_json_and_has_no_query(pipe: tuple[int, int]) -> None:
    log = AccessLog(pipe[1])
    line(log, b'/a"\\\n\xff?secret=canary')
    log.flush()

    (told,) = drained(pipe[0]).splitlines()
    said = json.loads(told)
    assert {name: said[name] for name in ("status", "reason", "decision", "path", "duration_ms", "route")} == {
        "status": 401,
        "reason": "token.missing",
        "decision": "deny",
        "path": '/a"\\\n\xff',
        "duration_ms": 500.0,
        "route": "accounts",
    }
    assert b"canary" not in told


@pytest.mark.parametrize(("status", "word"), [(401, "deny"), (404, "deny"), (503, "error"), (0, "deny")])
async def test_a_refusal_and_not_knowing_are_different_words(pipe: tuple[int, int], status: int, word: str) -> None:
    log = AccessLog(pipe[1])
    line(log, status=status)
    log.flush()

    assert json.loads(drained(pipe[0]))["decision"] == word


async def test_a_reader_that_is_behind_gets_every_line_later(pipe: tuple[int, int]) -> None:
    log = AccessLog(pipe[1])
    for number in range(1000):
        line(log, b"/%d" % number)

    told = b""
    for _ in range(10):
        log.flush()
        told += drained(pipe[0])

    assert [json.loads(one)["path"] for one in told.splitlines()] == [f"/{number}" for number in range(1000)]


async def test_a_reader_that_is_too_far_behind_loses_whole_lines_and_that_is_said(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "_BEHIND", 10_000)
    log = AccessLog(pipe[1])
    with capture_logs() as events:
        for number in range(1000):
            line(log, b"/%d" % number)
        log.flush()

    told = drained(pipe[0])
    log.flush()
    lines = (told + drained(pipe[0])).splitlines()
    (event,) = events
    assert [json.loads(one)["path"] for one in lines] == [f"/{number}" for number in range(len(lines))]
    assert event["lines"] == 1000 - len(lines) > 0


async def test_lines_that_a_full_disk_does_not_take_are_written_when_there_is_room_and_it_is_said_once(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    log, really, room = AccessLog(pipe[1]), os.write, 10

    def write(descriptor: int, data: bytes) -> int:
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = really(descriptor, data[:room])
        room -= taken
        return taken

    monkeypatch.setattr(os, "write", write)
    with capture_logs() as events:
        for number in range(3):
            line(log, b"/%d" % number)
            log.flush()
        room = 1 << 16
        log.flush()
    assert [json.loads(one)["path"] for one in drained(pipe[0]).splitlines()] == ["/0", "/1", "/2"]
    assert [event["event"] for event in events] == [
        "the access log cannot be written",
        "the access log is written again",
    ]
    assert log.dropped == 0


async def test_what_waits_for_a_full_disk_is_bounded_and_what_is_lost_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(access, "_BEHIND", 10_000)
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        log = AccessLog(full)
        for number in range(1000):
            line(log, b"/%d" % number)
            log.flush()
    finally:
        os.close(full)
    assert 900 < log.dropped < 1000
    assert sum(map(len, log._lines)) < 11_000


async def test_lines_that_nobody_reads_any_more_are_counted_and_can_be_asked_for(pipe: tuple[int, int]) -> None:
    log = AccessLog(pipe[1])
    os.close(pipe[0])
    with capture_logs() as events:
        for number in range(5):
            line(log, id=f"r{number}")
            log.flush()
    assert [event["event"] for event in events] == ["the access log cannot be written"]
    assert log.dropped == 4, "one waits"
    assert log.find("r4") is not None


async def test_without_a_descriptor_nothing_is_gathered() -> None:
    log = AccessLog()
    line(log)

    assert log._lines == []


async def test_of_a_call_it_is_told_how_it_has_ended(pipe: tuple[int, int]) -> None:
    log = AccessLog(pipe[1])
    record = Record(started=1.0, reason=Reason.ALLOWED)
    for called in (None, 0, 14):
        record.called = called
        log.write(Ended(record, now=2.0))
    log.flush()
    lines = [json.loads(one) for one in drained(pipe[0]).splitlines()]
    assert [one.get("grpc_status") for one in lines] == [None, 0, 14]

"""What becomes of an audit log that cannot be written, ends in the middle, or is moved away?"""

from __future__ import annotations

import asyncio
import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from ostiary.errors import ConfigError, Overloaded
from ostiary.model import Record
from ostiary.observe.audit import stream
from ostiary.observe.audit.chain import verify
from ostiary.observe.audit.stream import AuditLog
from ostiary.observe.ended import Ended
from ostiary.reasons import Reason


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def opened(file: Path, *, deny: bool = True) -> AuditLog:
    audit = AuditLog(file, deny=deny)
    audit.config = "9f3c1a"
    audit.open()
    return audit


def ask(audit: AuditLog, path: str = "/a", *, listener: str = "public", status: int = 401) -> None:
    record = Record(started=1.0, reason=Reason.TOKEN_MISSING)
    facts: dict[str, Any] = {"id": "r1", "method": "GET", "host": "a", "address": "::1", "status": status}
    audit.request(Ended(record, target=path.encode(), listener=listener, now=2.0, **facts))


def lines(*files: Path) -> list[bytes]:
    return [line for file in files for line in file.read_bytes().split(b"\n")[:-1]]


def paths(*files: Path) -> list[str]:
    return [json.loads(line).get("url.path", json.loads(line)["event.action"]) for line in lines(*files)]


def assert_whole(*files: Path) -> None:
    assert verify(lines(*files)).faults == ()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many octets each write may take from now on; when there are none left, the disk takes all."""
    room: list[int] = []
    write = os.write

    def scarce(descriptor: int, data: bytes) -> int:
        if not room:
            return write(descriptor, data)
        most = room.pop(0)
        if not most:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[:most])

    monkeypatch.setattr(stream.os, "write", scarce)
    return room


async def test_requests_are_written_within_a_moment(file):
    audit = opened(file)
    ask(audit)
    await asyncio.sleep(0.15)
    assert paths(file) == ["/a"]
    assert json.loads(lines(file)[0])["ostiary.config"] == "9f3c1a"
    audit.close()


async def test_the_chain_goes_on_after_a_restart(file):
    for path in ("/a", "/b", "/c"):
        audit = opened(file)
        ask(audit, path)
        audit.close()
    assert paths(file) == ["/a", "/b", "/c"]
    assert_whole(file)


async def test_it_is_for_the_owner_only(file):
    opened(file).close()
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_disk_that_is_full_refuses_requests_until_it_is_not(file, disk):
    audit = opened(file)
    ask(audit, "/a")
    disk.extend([10, 0, 0])
    audit.flush()
    with pytest.raises(Overloaded) as caught:
        audit.check()
    assert caught.value.reason is Reason.AUDIT_UNAVAILABLE
    ask(audit, "/b")
    audit.flush()
    assert audit.broken
    audit.flush()  # there is room again: first the rest of the line that was begun
    audit.flush()
    audit.check()
    assert paths(file) == ["/a", "/b"]
    assert_whole(file)
    audit.close()


async def test_it_tries_again_by_itself(file, disk, monkeypatch):
    monkeypatch.setattr(stream, "_AGAIN", 0.02)
    audit = opened(file)
    disk.extend([0, 0, 0])
    ask(audit)
    await asyncio.sleep(0.3)
    assert not audit.broken
    assert paths(file) == ["/a"]
    audit.close()


async def test_where_the_file_says_continue_requests_go_on(file, disk):
    audit = opened(file, deny=False)
    ask(audit)
    disk.append(0)
    audit.flush()
    assert audit.broken
    audit.check()
    audit.close()


async def test_what_is_too_much_to_be_kept_is_counted_and_said(file, disk, monkeypatch):
    monkeypatch.setattr(stream, "_MOST", 3)
    audit = opened(file)
    for number in range(8):
        ask(audit, f"/{number}")
    audit.flush()
    assert paths(file) == ["/0", "/1", "/2", "audit-lost"]
    assert json.loads(lines(file)[-1])["ostiary.lost"] == 5
    assert_whole(file)
    audit.close()


async def test_a_line_that_a_dead_process_left_torn_is_closed_and_told_of(file):
    audit = opened(file)
    ask(audit, "/a")
    ask(audit, "/b")
    audit.close()
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    audit = opened(file)
    ask(audit, "/c")
    audit.close()
    assert json.loads(lines(file)[2])["event.action"] == "audit-resumed"
    assert_whole(file)


async def test_a_log_that_is_moved_away_goes_on_in_a_new_file(file):
    audit = opened(file)
    ask(audit, "/a")
    audit.flush()
    old = file.rename(file.with_suffix(".1"))
    for path in ("/b", "/c"):
        ask(audit, path)
        audit.flush()
    audit.close()
    assert paths(old, file) == ["/a", "/b", "/c"]
    assert paths(file) == ["/c"]
    assert_whole(old, file)


# --- another file in its place -------------------------------------------------------------------


def succeeded(before: AuditLog, file: Path) -> AuditLog:
    """Put another file in the place of one, as a reload does."""
    after = opened(file)
    after.succeed(before)
    before.close()
    return after


async def test_the_chain_goes_on_in_another_file_that_is_new(file):
    before = opened(file)
    ask(before, "/a")
    after = succeeded(before, file.with_suffix(".other"))
    ask(after, "/b")
    after.close()
    assert (paths(file), paths(after.path)) == (["/a"], ["/b"])
    assert_whole(file, after.path)


async def test_another_file_that_has_a_chain_goes_on_with_its_own(file):
    other = opened(file.with_suffix(".other"))
    ask(other, "/before")
    other.close()
    before = opened(file)
    ask(before, "/a")
    after = succeeded(before, other.path)
    ask(after, "/b")
    after.close()
    assert paths(other.path) == ["/before", "/b"]
    assert_whole(other.path)


@pytest.mark.parametrize(("room", "kept", "lost"), [(0, ["/a", "/b"], 0), (40, ["/b"], 1)], ids=["nothing", "a part"])
async def test_what_a_full_disk_did_not_take_is_written_to_the_other_file(file, disk, room, kept, lost):
    before = opened(file)
    ask(before, "/a")
    ask(before, "/b")
    disk += [room, 0, 0][room == 0 :]
    before.flush()
    assert before.broken
    ask(before, "/c")
    after = succeeded(before, file.with_suffix(".other"))
    assert not after.broken
    after.close()
    assert paths(after.path) == [*kept, "/c", *["audit-lost"] * lost]
    assert_whole(after.path)


@pytest.mark.parametrize("content", [b"something else\n", b'{"event.action":"x"}\n'])
async def test_a_file_of_something_else_is_not_written_to(file, content):
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="no line of an audit log"):
        opened(file)
    assert file.read_bytes() == content


async def test_a_place_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        opened(tmp_path / "nowhere" / "audit.jsonl")


async def test_asking_for_health_is_worth_no_line_and_reading_the_rest_is(file):
    audit = opened(file)
    for page in ("/livez", "/healthz", "/readyz?verbose", "/metrics", "/config"):
        ask(audit, page, listener="admin", status=200)
    audit.close()
    assert paths(file) == ["/metrics", "/config"]


async def test_events_of_the_log_are_heard_from_any_thread(file):
    audit = opened(file)
    await asyncio.to_thread(audit.hear, {"event": "keys changed", "issuer": "bank", "kids": []})
    audit.hear({"event": "listening"})
    await asyncio.sleep(0.15)
    assert paths(file) == ["keys-changed"]
    audit.close()
    audit.hear({"event": "keys changed"})  # nobody listens any more

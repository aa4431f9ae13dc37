"""Where does the log of everything that is not a request go?"""

from __future__ import annotations

import errno
import io
import json
import sys

import pytest
import structlog

from ostiary.observe.log import configure


@pytest.fixture(autouse=True)
def _as_before():
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_it_goes_to_stderr_as_that_is_now_and_not_as_it_was(monkeypatch):
    log = structlog.get_logger("ostiary.somewhere")
    earlier, now = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", earlier)
    configure()
    log.info("first")
    monkeypatch.setattr(sys, "stderr", now)
    earlier.close()
    log.info("second", of=2)
    said = json.loads(now.getvalue())
    assert (said["event"], said["of"], said["level"]) == ("second", 2, "info")


def test_a_full_disk_ends_nobody_who_has_something_to_say(monkeypatch):
    log = structlog.get_logger("ostiary.somewhere")
    with io.TextIOWrapper(io.BufferedWriter(Full()), line_buffering=True, write_through=True) as full:
        monkeypatch.setattr(sys, "stderr", full)
        configure()
        log.info("lost")
        for level in ("warning", "error", "critical", "debug"):
            getattr(log, level)("lost as well")
        Full.room = True
        log.info("there is room again")
        said = [json.loads(line)["event"] for line in Full.written.splitlines()]
    assert said[-1] == "there is room again"


class Full(io.RawIOBase):
    """A file on a disk without room, until there is some."""

    room = False
    written = b""

    def writable(self):
        return True

    def write(self, data):
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        Full.written += bytes(data)
        return len(data)

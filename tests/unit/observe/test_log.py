"""Where does the log of everything that is not a request go?"""

from __future__ import annotations

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

"""What holds for every test."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Time is not what these tests are about: a busy machine, or the first run in a fresh clone, fails nothing.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

NEVER_SKIPPED_IN_CI = ("integration", "conformance")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where other people's test vectors are; they are not in the tree."""
    parser.addoption("--vectors", default="../shared/vectors", help="folder of the test vectors, seen from the root")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, pytest.TestReport]:
    """With CI=true, a test whose neighbour or whose vectors are missing has failed: it proves nothing."""
    report: pytest.TestReport = yield
    marked = any(item.get_closest_marker(name) for name in NEVER_SKIPPED_IN_CI)
    if report.skipped and marked and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI=true does not allow: {reason}"
    return report

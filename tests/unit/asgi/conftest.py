"""A policy for applications, and one that remembers what it was shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.inside import Policy, Seen


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Policy:
    for name in ("OSTIARY_CONFIG", "OSTIARY_OVERLAY"):
        monkeypatch.delenv(name, raising=False)
    return Policy(tmp_path)


@pytest.fixture
def seen() -> Seen:
    return Seen()

"""A ring in a sealed file, and keys to put into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.clock import Clock

from ostiary.keys.local import LocalRing, record_path
from ostiary.sealed import LocalStore
from ostiary.sealed.crypt import MasterKeys, new_key

NOW = 1_800_000_000.0


@dataclass
class Told:
    """Counts how often something was called."""

    times: int = field(default=0)

    def __call__(self) -> None:
        self.times += 1


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    tmp_path.chmod(0o700)
    return LocalStore(tmp_path / "vault.db", MasterKeys(new_key()))


@pytest.fixture
def local(store: LocalStore) -> LocalRing:
    return LocalRing(store, record_path("identity"))

"""A local vault in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from ostiary.model import Secret
from ostiary.sealed import LocalStore
from ostiary.sealed.crypt import MasterKeys, new_key

CANARY = "canary-31fe07"


def pair(name: str = "svc", secret: str = CANARY) -> dict[str, Secret]:
    return {"id": Secret(name), "secret": Secret(secret)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


@pytest.fixture
def store(folder: Path) -> LocalStore:
    return LocalStore(folder / "vault.db", MasterKeys(new_key()))

"""Other people's test vectors. They are not in the tree: `--vectors DIR` says where they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def vectors(pytestconfig: pytest.Config) -> Any:
    """Return a reader of vector files: name -> parsed JSON; skips where there is no such file."""
    folder = pytestconfig.rootpath / str(pytestconfig.getoption("--vectors"))

    def read(name: str) -> Any:
        path: Path = folder / name
        if not path.is_file():
            pytest.skip(f"no vectors: {path} is not there (give --vectors DIR)")
        return json.loads(path.read_text())

    return read

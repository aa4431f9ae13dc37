"""A line between a caller and the edge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.support.http2 import Line


@pytest.fixture
async def connect(tmp_path: Path) -> AsyncIterator[Callable[..., Line]]:
    """A maker of lines, for tests with limits of their own."""
    made: list[Line] = []

    def make(*arguments: object) -> Line:
        made.append(Line(tmp_path, *arguments))
        return made[-1]

    yield make
    for line in made:
        line.gateway.close()


@pytest.fixture
async def line(connect: Callable[..., Line]) -> Line:
    return connect()

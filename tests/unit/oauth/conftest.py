"""A token endpoint that a test directs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.support.clock import Clock

from ostiary.model import Secret
from ostiary.oauth.grant import Grant


class Endpoint:
    """Gives token 1, 2, 3, ..., or raises what it is told to."""

    place = "https://id.example.com"

    def __init__(self, lasts: float = 300.0) -> None:
        self.lasts = lasts
        self.asked: list[dict[str, Any]] = []
        self.fails: Exception | None = None
        self.closed = False

    async def ask(self, **more: str) -> Grant:
        self.asked.append(more)
        await asyncio.sleep(0)
        if self.fails is not None:
            raise self.fails
        return Grant(Secret(f"token-{len(self.asked)}"), self.lasts)

    async def aclose(self) -> None:
        self.closed = True


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()

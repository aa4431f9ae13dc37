"""Is what a request takes measured, though the loop's clock stands still while it is worked on?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.edges import World, _tls_client, world
from tests.support.gateway_process import gateway_process

pytestmark = pytest.mark.integration


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """A world to ask in."""
    async with world(tmp_path) as one:
        yield one


async def test_durations_are_not_told_in_whole_milliseconds(here: World) -> None:
    """uvloop reads its clock once a round: what the gateway itself takes would be nothing, always."""
    async with gateway_process(here.file) as gateway:
        async with _tls_client(here, gateway.port)() as client:
            for _ in range(10):
                assert (await client.get("/token/1", headers=here.token())).status_code == 200
        async with asyncio.timeout(20):
            while len(gateway.access()) < 10:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.02)
        lines = gateway.access()
    assert all(line["duration_ms"] >= line["upstream_ms"] > 0 for line in lines)
    assert any(line["upstream_ms"] % 1 for line in lines)
    assert len({round(line["duration_ms"] - line["upstream_ms"], 3) for line in lines}) > 1

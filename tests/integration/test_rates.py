"""Do gateways let through together what one would, and each its share while Redis is away?"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.test_shared_replay import ask, bearer, gateways, said
from tests.support.redis_server import RedisServer, redis  # noqa: F401 - a fixture

from ostiary.model import Secret
from ostiary.shared import Link
from ostiary.shared.compile import compile_shared
from ostiary.shared.gcra import Pace
from ostiary.shared.marks import Digests
from ostiary.shared.rates import Together

pytestmark = pytest.mark.integration


async def test_two_gateways_count_together_and_alone_while_redis_is_away(
    tmp_path: Path,
    redis: RedisServer,  # noqa: F811 - the fixture
) -> None:
    async with gateways(tmp_path, {**redis.block(), "rates": {"gateways": 2}}) as (first, second):
        token = bearer("any")
        ends = [said(await ask((first, second)[number % 2], "/rated", token)) for number in range(50)]
        assert ends.count("allowed") in range(35, 41)  # what a lease has left is the other's, not lost
        assert set(ends) == {"allowed", "429 rate.exceeded"}
        refused = await ask(first, "/rated", token)
        assert refused.headers["ratelimit-policy"] == '"subject";q=40;w=3600'
        assert 0 < int(refused.headers["retry-after"]) <= 90
        assert refused.headers["ratelimit"].startswith('"subject";r=0;t=')
        assert said(await ask(first, "/plain", token)) == "allowed"


async def counted(link: Link, pace: Pace, name: str, times: int) -> int:
    """Return how many of so many requests may pass."""
    digests = Digests("ostiary")
    digests.learn(Secret(b"k" * 16))
    together = Together(pace, link, digests, name, 2)
    passed = 0
    for _ in range(times):
        wait = together.ask("alice")
        passed += (wait if isinstance(wait, float) else await wait) == 0.0
    return passed


async def test_the_script_lets_through_the_burst_and_what_grows_back(redis: RedisServer) -> None:  # noqa: F811
    link = compile_shared(redis.spec(), {}, Path("/")).link
    await link.start()
    try:
        assert await counted(link, Pace(4, 3600.0, 4), "slow", 10) == 4
        assert await counted(link, Pace(4, 3600.0, 4), "slow", 10) == 0  # another gateway finds it used up
        assert await counted(link, Pace(100_000, 1.0, 10), "fast", 100) >= 10
        redis.kill()
        assert await counted(link, Pace(4, 3600.0, 4), "slow", 10) == 2
        assert link.tally.alone == 10
    finally:
        await link.aclose()

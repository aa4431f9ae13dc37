"""Who has a count, and what is told to whoever asks too often?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.support.tokens import Clock, certificate, request

from ostiary.authn.anonymous import AnonymousAuthenticator
from ostiary.authn.compose import First
from ostiary.authn.rate import Limit, Limited
from ostiary.authn.rehearsal import rehearsed
from ostiary.errors import TooManyRequests
from ostiary.model import Peer, Principal, Request
from ostiary.problem import render
from ostiary.shared.gcra import Pace
from ostiary.shared.rates import Local


class Proves(AnonymousAuthenticator):
    def __init__(self) -> None:
        super().__init__("anybody")
        self.principal = Principal("alice", "bank", "jwt", tenant="north")

    async def authenticate(self, request: Request) -> Principal:
        return self.principal


class Stage:
    def __init__(self, *per: Any, limit: int = 1) -> None:
        self.proves = Proves()
        counters = [Local(Pace(limit, 60.0, limit), Clock(0.0)) for _ in per]
        limits = [Limit(one, counter) for one, counter in zip(per, counters, strict=True)]
        self.limited = Limited(First([self.proves]), limits)

    async def ask(self, address: str = "192.0.2.1", shown: Any = None, **who: Any) -> str:
        self.proves.principal = replace(self.proves.principal, **who)
        asked = request(certificate=shown)
        asked.peer = Peer(address, shown)
        try:
            return (await self.limited.authenticate(asked)).subject
        except TooManyRequests as error:
            return str(error.reason)


@pytest.mark.parametrize(
    ("per", "same", "other"),
    [
        ("subject", {"tenant": "south"}, {"subject": "bob"}),
        ("tenant", {"subject": "bob"}, {"tenant": "south"}),
        ("address", {"subject": "bob"}, {"address": "192.0.2.2"}),
        ("certificate", {"subject": "bob"}, {"shown": certificate(b"another")}),
    ],
)
async def test_each_has_a_count_of_its_own(per: str, same: dict[str, Any], other: dict[str, Any]) -> None:
    stage = Stage(per)
    await stage.ask()
    assert await stage.ask(**same) == "rate.exceeded"
    assert await stage.ask(**other) != "rate.exceeded"


async def test_a_route_has_one_for_everybody() -> None:
    stage = Stage("route")
    assert await stage.ask() == "alice"
    assert await stage.ask(subject="bob", address="192.0.2.9") == "rate.exceeded"


async def test_one_name_of_two_issuers_is_two_callers() -> None:
    stage = Stage("subject")
    assert await stage.ask() == "alice"
    assert await stage.ask(issuer="other") == "alice"


async def test_all_limits_must_have_room() -> None:
    stage = Stage("subject", "route")
    assert await stage.ask() == "alice"
    assert await stage.ask(subject="bob") == "rate.exceeded"


async def test_a_rehearsal_counts_nothing() -> None:
    stage = Stage("subject")
    with rehearsed():
        assert [await stage.ask() for _ in range(3)] == ["alice"] * 3
    assert await stage.ask() == "alice"
    with rehearsed():
        assert await stage.ask() == "rate.exceeded"


async def test_the_answer_says_how_often_and_when_again() -> None:
    stage = Stage("subject", limit=2)
    await stage.ask()
    await stage.ask()
    with pytest.raises(TooManyRequests) as told:
        await stage.limited.authenticate(request())
    status, headers, _ = render(told.value, "r1")
    assert status == 429
    assert headers.get(b"retry-after") == b"30"
    assert headers.get(b"ratelimit-policy") == b'"subject";q=2;w=60'
    assert headers.get(b"ratelimit") == b'"subject";r=0;t=30'
    assert "alice" not in told.value.detail

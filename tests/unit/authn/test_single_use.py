"""When does a token count that counts once?"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.support.tokens import ABSENT, NOW, Clock, Signer, good_claims, issuer, request

from ostiary.authn.memory import Memory, Use
from ostiary.authn.rehearsal import rehearsed
from ostiary.authn.single_use import SingleUseAuthenticator
from ostiary.errors import GatewayError, SharedUnavailable
from ostiary.model import Headers
from ostiary.reasons import Reason

BANK = Signer("bank")


def token(**changes: Any) -> bytes:
    return BANK.token(good_claims(**{"jti": "one", "iat": NOW, **changes}))


class Elsewhere:
    """Marks that other gateways have made, and what is asked of them."""

    def __init__(self) -> None:
        self.used: set[bytes] = set()
        self.asked: list[tuple[bytes, float, float]] = []
        self.away = False

    async def use(self, mark: bytes, *, keep: float, before: float) -> bool:
        self.asked.append((mark, keep, before))
        if self.away:
            raise SharedUnavailable("away")
        new = mark not in self.used
        self.used.add(mark)
        return new


class Gateway:
    def __init__(self, marks: Elsewhere | None = None, memory: Memory | None = None) -> None:
        self.clock = Clock(NOW)
        self.bank = issuer(BANK)
        how: dict[str, Any] = {"marks": marks, "memory": memory}
        self.authenticator = SingleUseAuthenticator([self.bank], "when-present", clock=self.clock, **how)

    async def __aenter__(self) -> Gateway:  # noqa: PYI034 - a gateway is not derived from
        await self.bank.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.bank.aclose()

    async def ask(self, shown: bytes) -> str:
        try:
            found = await self.authenticator.authenticate(
                request(headers=Headers.of([(b"Authorization", b"Bearer " + shown)]))
            )
        except GatewayError as error:
            return str(error.reason)
        return "nobody" if found is None else found.subject


async def test_it_counts_the_first_time() -> None:
    async with Gateway() as gateway:
        assert await gateway.ask(token()) == "alice"
        assert await gateway.ask(token()) == "token.replayed"
        assert await gateway.ask(token(jti="two")) == "alice"


async def test_another_token_with_the_same_id_is_the_same_token() -> None:
    async with Gateway() as gateway:
        assert await gateway.ask(token()) == "alice"
        assert await gateway.ask(token(sub="bob")) == "token.replayed"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"jti": ABSENT}, "token.claim-missing"),
        ({"iat": ABSENT}, "token.claim-missing"),
        ({"jti": ""}, "token.claim-invalid"),
        ({"jti": 7}, "token.claim-invalid"),
        ({"jti": ["one"]}, "token.claim-invalid"),
    ],
)
async def test_without_an_id_and_a_time_it_does_not_count(changes: dict[str, Any], reason: str) -> None:
    async with Gateway() as gateway:
        assert await gateway.ask(token(**changes)) == reason


async def test_what_is_no_token_is_none_of_its_business() -> None:
    async with Gateway() as gateway:
        assert await gateway.authenticator.authenticate(request()) is None


async def test_a_bad_token_is_not_used_up() -> None:
    async with Gateway() as gateway:
        assert await gateway.ask(token(aud="others")) == "token.audience-mismatch"
        assert await gateway.ask(token()) == "alice"


async def test_a_rehearsal_uses_nothing_up_and_asks_nobody() -> None:
    marks = Elsewhere()
    async with Gateway(marks) as gateway:
        with rehearsed():
            assert await gateway.ask(token()) == "alice"
        assert not marks.asked
        assert await gateway.ask(token()) == "alice"
        with rehearsed():
            assert await gateway.ask(token()) == "token.replayed"


async def test_two_gateways_that_share_marks_take_it_once() -> None:
    marks = Elsewhere()
    async with Gateway(marks) as first, Gateway(marks) as second:
        assert await first.ask(token()) == "alice"
        assert await second.ask(token()) == "token.replayed"


async def test_what_was_seen_here_needs_nobody_else() -> None:
    marks = Elsewhere()
    async with Gateway(marks) as gateway:
        await gateway.ask(token())
        marks.away = True
        assert await gateway.ask(token()) == "token.replayed"
        assert len(marks.asked) == 1


async def test_who_could_not_be_judged_may_try_again() -> None:
    marks = Elsewhere()
    marks.away = True
    async with Gateway(marks) as gateway:
        assert await gateway.ask(token()) == str(Reason.SHARED_UNAVAILABLE)
        marks.away = False
        assert await gateway.ask(token()) == "alice"


async def test_a_mark_is_kept_for_as_long_as_the_token_counts() -> None:
    marks = Elsewhere()
    async with Gateway(marks) as gateway:
        await gateway.ask(token(exp=NOW + 100))
        ((_, keep, before),) = marks.asked
        leeway = gateway.bank.spec.leeway
        assert (keep, before) == (100 + leeway, NOW - leeway)
        assert leeway > 0


async def test_of_several_issuers_it_is_the_largest_leeway_that_a_mark_allows_for() -> None:
    marks = Elsewhere()
    banks = [issuer(BANK, leeway="5s"), issuer(BANK, issuer="https://other.example.com", leeway="60s")]
    for bank in banks:
        await bank.start()
    judge = SingleUseAuthenticator(banks, "when-present", clock=Clock(NOW), marks=marks)
    assert await judge.authenticate(request(b"Bearer " + token()))
    assert marks.asked[0][2] == NOW - 60
    for bank in banks:
        await bank.aclose()


class Full(Memory):
    """A memory without a place left."""

    def use(self, mark: bytes, *, now: float, until: float, rehearsal: bool = False) -> Use:
        return "full"


async def test_what_cannot_be_remembered_does_not_count() -> None:
    async with Gateway(memory=Full()) as gateway:
        assert await gateway.ask(token()) == "token.replayed"


async def test_of_several_that_come_at_once_one_counts() -> None:
    marks = Elsewhere()
    async with Gateway(marks) as gateway:
        answers = await asyncio.gather(*(gateway.ask(token()) for _ in range(5)))
        assert sorted(answers) == ["alice", *["token.replayed"] * 4]

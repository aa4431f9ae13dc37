"""How long is a value used, and when is another one made?"""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.errors import CredentialUnavailable, Forbidden
from ostiary.reasons import Reason
from ostiary.renewal import Kept, Made, Partitions


class Maker:
    """Makes 1, 2, 3, ...; each is due after 70 s and dead after 100 s; or fails as told."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls = 0
        self.fails: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> Made[str]:
        self.calls += 1
        asked, number = self.now, self.calls
        await self.gate.wait()
        if self.fails is not None:
            raise self.fails
        return Made(f"value {number}", due=asked + 70, dead=asked + 100)

    def clock(self) -> float:
        return self.now


@pytest.fixture
def maker() -> Maker:
    return Maker()


@pytest.fixture
def kept(maker: Maker) -> Kept[str]:
    return Kept(maker, clock=maker.clock)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_fresh_value_is_given_without_suspending(maker, kept):
    await kept.get()
    step = kept.get()
    with pytest.raises(StopIteration) as ended:
        step.send(None)
    assert ended.value.value == "value 1"


async def test_however_many_wait_it_is_made_once(maker, kept):
    maker.gate.clear()
    waiting = [asyncio.create_task(kept.get()) for _ in range(50)]
    await settled()
    maker.gate.set()
    assert set(await asyncio.gather(*waiting)) == {"value 1"}
    assert maker.calls == 1


async def test_one_who_goes_away_takes_nothing_from_the_others(maker, kept):
    maker.gate.clear()
    first, second = asyncio.create_task(kept.get()), asyncio.create_task(kept.get())
    await settled()
    first.cancel()
    await settled()
    maker.gate.set()
    assert await second == "value 1"
    assert maker.calls == 1


async def test_what_is_due_is_replaced_behind_the_requests(maker, kept):
    await kept.get()
    maker.now = 71
    maker.gate.clear()
    assert await kept.get() == "value 1"
    await settled()
    assert await kept.get() == "value 1"
    maker.gate.set()
    await settled()
    assert await kept.get() == "value 2"
    assert maker.calls == 2


async def test_what_is_dead_is_waited_for_and_never_used(maker, kept):
    await kept.get()
    maker.now = 100
    assert await kept.get() == "value 2"


async def test_while_it_cannot_be_made_the_last_one_is_used_until_it_is_dead(maker, kept):
    await kept.get()
    maker.fails = CredentialUnavailable("down")
    for maker.now in (71, 80, 90, 99):
        assert await kept.get() == "value 1"
        await settled()
    maker.now = 100
    with pytest.raises(CredentialUnavailable, match="down"):
        await kept.get()


async def test_between_failures_there_is_a_pause_that_doubles_and_is_told(maker, kept):
    maker.fails = CredentialUnavailable("down")
    waits = []
    for _ in range(8):
        with pytest.raises(CredentialUnavailable) as caught:
            await kept.get()
        waits.append(caught.value.retry_after)
        calls = maker.calls
        with pytest.raises(CredentialUnavailable):
            await kept.get()
        assert maker.calls == calls
        maker.now += caught.value.retry_after
    assert waits == [1, 2, 4, 8, 8, 8, 8, 8]


async def test_a_wish_to_be_asked_later_is_respected(maker, kept):
    maker.fails = CredentialUnavailable("slow down", retry_after=60)
    with pytest.raises(CredentialUnavailable) as caught:
        await kept.get()
    assert caught.value.retry_after == 60


@pytest.mark.parametrize("why", [Forbidden("no"), CredentialUnavailable("gone", reason=Reason.CREDENTIAL_MISSING)])
async def test_a_final_no_takes_effect_at_once(maker, kept, why):
    await kept.get()
    maker.now, maker.fails = 71, why
    await kept.get()
    await settled()
    with pytest.raises(type(why)):
        await kept.get()


async def test_a_refusal_is_another_exception_each_time(maker, kept):
    maker.fails = Forbidden("no")
    caught = []
    for _ in range(2):
        with pytest.raises(Forbidden) as one:
            await kept.get()
        caught.append(one.value)
    assert caught[0] is not caught[1]


async def test_a_bug_in_the_making_ends_requests_with_503_and_tells_nothing(maker, kept):
    maker.fails = RuntimeError("the secret is hunter2")
    with pytest.raises(CredentialUnavailable) as caught:
        await kept.get()
    assert "hunter2" not in f"{caught.value!r}{caught.value.detail}"
    maker.fails, maker.now = None, 60
    assert (await kept.get()).startswith("value")


async def test_what_was_rejected_is_replaced_once_and_not_in_a_storm(maker, kept):
    first = await kept.get()
    assert kept.rejected(first)
    second = await kept.get()
    assert second != first
    assert kept.rejected(first)  # by one who had it still: there is another one already
    assert await kept.get() == second
    assert not kept.rejected(second)
    assert await kept.get() == second
    maker.now = 11
    assert kept.rejected(second)
    assert await kept.get() == "value 3"


async def test_closing_ends_the_making(maker, kept):
    maker.gate.clear()
    waiting = asyncio.create_task(kept.get())
    await settled()
    await kept.aclose()
    with pytest.raises(CredentialUnavailable):
        await waiting


async def test_partitions_are_bounded_and_the_least_used_goes_first(maker):
    parts: Partitions[str, str] = Partitions(2, clock=maker.clock)

    def of(key: str) -> Kept[str]:
        async def make() -> Made[str]:
            maker.calls += 1
            return Made(key)

        return parts.of(key, make)

    for key in ("a", "b", "a", "c", "a"):
        assert await of(key).get() == key
    assert (len(parts), maker.calls) == (2, 3)
    assert await of("b").get() == "b"
    assert (len(parts), maker.calls) == (2, 4)


@given(keys=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("ab")), max_size=40), most=st.integers(1, 3))
def test_no_partition_ever_gives_what_was_made_for_another(keys, most):
    async def use() -> None:
        parts: Partitions[tuple[str, str], tuple[str, str]] = Partitions(most)

        def of(key: tuple[str, str]) -> Kept[tuple[str, str]]:
            async def make() -> Made[tuple[str, str]]:
                await asyncio.sleep(0)
                return Made(key)

            return parts.of(key, make)

        given_ = await asyncio.gather(*(of(key).get() for key in keys))
        assert given_ == keys
        assert len(parts) <= most

    asyncio.run(use())


async def test_only_so_many_are_made_at_a_time(maker):
    maker.gate.clear()
    parts: Partitions[int, str] = Partitions(1000, clock=maker.clock)
    waiting = [asyncio.create_task(parts.of(key, maker).get()) for key in range(101)]
    done, _ = await asyncio.wait(waiting, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    (refused,) = done
    assert isinstance(refused.exception(), CredentialUnavailable)
    await parts.aclose()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_failure_that_is_kept_holds_nothing_of_what_was_read():
    async def make() -> Made[str]:
        try:
            return Made(str(int("hunter2")))
        except ValueError as error:
            raise CredentialUnavailable("no answer") from error

    kept: Kept[str] = Kept(make)
    with pytest.raises(CredentialUnavailable) as caught:
        await kept.get()
    for error in (kept.failure, caught.value):
        assert error is not None
        assert error.__cause__ is error.__context__ is None
    assert kept.failure is not None
    assert kept.failure.__traceback__ is None

"""When is something known to have been used, and when can nobody know?"""

from __future__ import annotations

from typing import Any

import pytest

from ostiary.errors import SharedUnavailable
from ostiary.model import Secret
from ostiary.reasons import Reason
from ostiary.shared.marks import Digests, Marks


class Memory:
    """Redis, as far as marks need it."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}
        self.since = 0.0
        self.asked: list[tuple[Any, ...]] = []
        self.twice = False

    async def ask(self, *command: Any) -> Any:
        self.asked.append(command)
        if command[0] == "GET":
            return self.known.get(command[1])
        set_ = command[1] not in self.known
        self.known.setdefault(command[1], command[2])
        return "OK" if set_ and not self.twice else None


def made(memory: Memory, forgotten: Any = "refuse", key: bytes = b"k" * 16) -> Marks:
    digests = Digests("ostiary")
    digests.learn(Secret(key))
    return Marks(memory, digests, forgotten)  # type: ignore[arg-type]


async def test_the_first_use_is_the_only_one() -> None:
    marks = made(Memory())
    assert await marks.use(b"proof", keep=60, before=1.0)
    assert not await marks.use(b"proof", keep=60, before=1.0)
    assert await marks.use(b"another", keep=60, before=1.0)


async def test_an_attempt_that_was_made_twice_knows_itself_again() -> None:
    memory = Memory()
    memory.twice = True
    assert await made(memory).use(b"proof", keep=60, before=1.0)


async def test_redis_never_sees_what_was_used() -> None:
    memory = Memory()
    await made(memory).use(b"the identifier", keep=60, before=1.0)
    assert b"identifier" not in repr(memory.asked).encode()
    assert memory.asked[0][3:] == ("NX", "PX", 60_000)


async def test_whoever_has_another_key_makes_other_marks() -> None:
    memory = Memory()
    await made(memory).use(b"proof", keep=60, before=1.0)
    assert await made(memory, key=b"another key of sixteen").use(b"proof", keep=60, before=1.0)


async def test_without_a_key_nobody_knows() -> None:
    with pytest.raises(SharedUnavailable, match="key is not known"):
        await Marks(Memory(), Digests("ostiary")).use(b"proof", keep=60, before=1.0)  # type: ignore[arg-type]


async def test_of_what_is_older_than_the_server_remembers_nobody_knows() -> None:
    memory = Memory()
    memory.since = 100.0
    with pytest.raises(SharedUnavailable) as told:
        await made(memory).use(b"proof", keep=60, before=99.0)
    assert (told.value.reason, told.value.retry_after) == (Reason.SHARED_FORGOTTEN, 1)
    assert await made(memory).use(b"another", keep=60, before=100.0)


async def test_it_may_be_said_that_it_counts() -> None:
    memory = Memory()
    memory.since = 100.0
    assert await made(memory, "accept").use(b"proof", keep=60, before=99.0)

"""How long is our own token used, and who replaces it?"""

from __future__ import annotations

import asyncio
import time

import pytest

from ostiary.model import Secret
from ostiary.vault.errors import AccessDenied, Sealed, Unavailable
from ostiary.vault.hashicorp.api import Reply
from ostiary.vault.hashicorp.login import Token, seconds
from ostiary.vault.hashicorp.session import IDLE, Session, due


def token(text: str = "t", since: float = 0.0, lasts: float = 90.0) -> Token:
    return Token(Secret(text), since, lasts, True, lasts)


class Logins:
    """A way to log in that gives a new token each time."""

    def __init__(self, lasts: float = 90.0) -> None:
        self.count = 0
        self.lasts = lasts
        self.error: Exception | None = None

    async def login(self, api: object) -> Token:
        self.count += 1
        await asyncio.sleep(0)
        if self.error:
            raise self.error
        return token(f"t{self.count}", time.monotonic(), self.lasts)


class Answers:
    """An API that answers always the same."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply

    async def call(self, *_: object, **__: object) -> Reply:
        return self.reply


OK = Reply(200, {"data": {}}, spoken=True)
NO = Reply(403, {"errors": ["permission denied"]}, spoken=True)


@pytest.mark.parametrize(
    ("held", "failures", "now", "wait"),
    [
        (None, 0, 0.0, IDLE),
        (token(lasts=0.0), 0, 0.0, IDLE),
        (token(), 0, 0.0, 60.0),
        (token(), 0, 59.9, 1.0),
        (token(), 0, 500.0, 1.0),
        (token(), 1, 0.0, 2.0),
        (token(), 9, 0.0, IDLE),
    ],
)
def test_a_token_is_renewed_after_two_thirds_of_its_life(held, failures, now, wait):
    assert due(held, failures, now) == pytest.approx(wait)


async def test_many_that_want_a_token_make_one_login():
    logins = Logins()
    session = Session(Answers(OK), logins)
    found = await asyncio.gather(*(session.token() for _ in range(20)))
    assert (logins.count, len({id(one) for one in found})) == (1, 1)


async def test_a_token_that_has_run_out_is_not_shown():
    logins = Logins(lasts=0.01)
    session = Session(Answers(OK), logins)
    await session.token()
    await asyncio.sleep(0.02)
    await session.token()
    assert logins.count == 2


async def test_a_dead_token_is_replaced_once_however_many_notice():
    logins = Logins()
    session = Session(Answers(NO), logins)
    dead = await session.token()
    found = await asyncio.gather(*(session.replaced(dead) for _ in range(20)))
    assert (logins.count, {one.value.reveal() for one in found}) == (2, {b"t2"})


async def test_a_token_that_is_dead_at_once_does_not_make_a_storm_of_logins():
    logins = Logins()
    session = Session(Answers(NO), logins)
    second = await session.replaced(await session.token())
    for _ in range(5):
        with pytest.raises(Unavailable) as caught:
            await session.replaced(second)
    assert logins.count == 2
    assert 0 < caught.value.retry_after <= 10


@pytest.mark.parametrize(("reply", "dead"), [(OK, False), (NO, True)])
async def test_the_server_says_whether_a_token_is_dead(reply, dead):
    assert await Session(Answers(reply), Logins()).is_dead(token()) is dead


@pytest.mark.parametrize("reply", [Reply(503), Reply(500), Reply(403), Reply(404, {"errors": []}, spoken=True)])
async def test_a_server_that_cannot_say_has_not_said_that_it_is_dead(reply):
    with pytest.raises(Unavailable):
        await Session(Answers(reply), Logins()).is_dead(token())


async def test_a_login_that_fails_leaves_no_token_and_is_tried_again():
    logins = Logins()
    session = Session(Answers(OK), logins)
    for error in (AccessDenied("no"), Sealed("sealed")):
        logins.error = error
        with pytest.raises(type(error)):
            await session.token()
    logins.error = None
    assert (await session.token()).value.reveal() == b"t3"


async def test_another_token_is_another_login_and_no_two_sessions_have_the_same():
    logins = Logins()
    session = Session(Answers(NO), logins)
    assert session.login == 0
    dead = await session.token()
    first = session.login
    await session.replaced(dead)
    other = Session(Answers(NO), Logins())
    await other.token()
    assert len({0, first, session.login, other.login}) == 4


async def test_the_same_token_looked_at_again_is_the_same_login():
    class Given(Logins):
        async def login(self, api: object) -> Token:
            return token("given", time.monotonic(), 90.0)

    session = Session(Answers(OK), Given())
    before = await session.token()
    first = session.login
    await session._anew(before)
    assert session.login == first


@pytest.mark.parametrize(("told", "lasts"), [(7, 7.0), (2.5, 2.5), (0, 0.0), (None, 0.0), ("7", 0.0), (10**400, 1e9)])
def test_a_life_is_as_long_as_the_server_says_and_a_number(told, lasts):
    assert seconds(told) == lasts

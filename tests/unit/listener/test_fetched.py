"""What becomes of revocation lists that are fetched, and of answers that are asked for?"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.pki import NOW

from ostiary.errors import InvalidCertificate, KeysUnavailable
from ostiary.listener import fetched
from ostiary.listener.fetched import FetchedLists
from ostiary.listener.links import Link
from ostiary.listener.responder import Responder
from ostiary.listener.revoked import signer
from ostiary.listener.web import NotFetched
from ostiary.pki.authority import Authority
from ostiary.pki.certificate import describe
from ostiary.pki.ocsp import Verdict
from ostiary.reasons import Reason

URL = "http://crl.example/ca.crl"


class Web:
    """What is published, and how often it was asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.asked = 0

    async def fetch(self, url: str, *_, **__) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if url not in self.pages:
            raise NotFetched("nobody there")
        return self.pages[url]


@pytest.fixture
def web(monkeypatch) -> Web:
    made = Web()
    monkeypatch.setattr(fetched, "fetch", made.fetch)
    return made


def der(authority: Authority, **how) -> bytes:
    return authority.crl(**how).public_bytes(Encoding.DER)


def lists(authority: Authority, now=lambda: NOW.timestamp(), *urls: str) -> FetchedLists:
    return FetchedLists(urls or (URL,), (authority.certificate,), 60, 1, clock=now)


async def test_what_was_fetched_is_known_by_its_authority_and_has_an_age(web):
    now = [NOW.timestamp()]
    ca = Authority.create("CA")
    bad = ca.issue_client(cn="bad")
    ca.revoke(bad.certificate)
    web.pages[URL] = der(ca)
    known = lists(ca, lambda: now[0])
    assert known.ages == {}

    await known.fetch()
    now[0] += 42

    assert known.lists[signer(ca.certificate)].serials == {bad.certificate.serial_number}
    assert known.ages == {URL: 42}


async def test_only_news_are_a_change(web):
    ca = Authority.create("CA")
    web.pages[URL] = der(ca, start=NOW)
    known = lists(ca)
    counts = []
    for _ in range(2):
        await known.fetch()
        counts.append(known.changes)
    ca.revoke(ca.issue_client(cn="a").certificate)
    web.pages[URL] = der(ca, start=NOW)
    await known.fetch()

    assert (counts, known.changes) == ([1, 1], 2)


async def test_one_that_fails_does_not_keep_the_others_from_being_used(web):
    ca = Authority.create("CA")
    web.pages[URL] = der(ca)
    known = lists(ca, lambda: NOW.timestamp(), URL, "http://nowhere.example/")

    await known.fetch()

    assert list(known.ages) == [URL]
    assert signer(ca.certificate) in known.lists


async def test_a_new_configuration_keeps_what_still_counts(web):
    ca, other = Authority.create("CA"), Authority.create("CA")
    web.pages[URL] = der(ca)
    before = lists(ca)
    await before.fetch()
    same, elsewhere, distrusting = lists(ca), lists(ca, lambda: NOW.timestamp(), "http://other.example/"), lists(other)

    for after in (same, elsewhere, distrusting):
        after.inherit(before)

    assert [set(after.ages) for after in (same, elsewhere, distrusting)] == [{URL}, set(), set()]
    assert distrusting.lists == {}


async def test_there_is_one_fetch_at_a_time(web):
    ca = Authority.create("CA")
    web.pages[URL] = der(ca)
    known = lists(ca)
    for _ in range(5):
        known.tick()
    await asyncio.sleep(0.01)
    known.tick()
    await asyncio.sleep(0.01)

    assert web.asked == 1


# --- answers ------------------------------------------------------------------------------------

SHOWN = describe(Authority.create("CA").issue_client(cn="a").certificate)


class Asked(Responder):
    """A responder whose answers a test gives."""

    answers: list[Verdict | None]
    count: int

    async def _answer(self, link: Link) -> Verdict:
        self.count += 1
        await asyncio.sleep(0)
        found = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if found is None:
            raise NotFetched("nobody there")
        return found


def asked(*answers: Verdict | None, hard: bool = True, now: list[float] | None = None) -> Asked:
    moment = now or [NOW.timestamp()]
    made = Asked(None, hard, 60, 1, clock=lambda: moment[0])
    made.answers, made.count = list(answers), 0
    return made


GOOD, REVOKED, UNKNOWN = (Verdict(state, None) for state in ("good", "revoked", "unknown"))


async def test_those_who_come_at_once_wait_for_one_answer():
    judge = asked(GOOD)

    await asyncio.gather(*(judge.check(SHOWN) for _ in range(10)))

    assert judge.count == 1
    assert judge.settled(SHOWN)


async def test_an_answer_is_used_until_it_ends():
    now = [NOW.timestamp()]
    judge = asked(Verdict("good", now[0] + 5), REVOKED, now=now)
    await judge.check(SHOWN)
    now[0] += 4
    assert (judge.settled(SHOWN), judge.oldest) == (True, 4)
    now[0] += 2
    assert not judge.settled(SHOWN)
    with pytest.raises(InvalidCertificate) as error:
        await judge.check(SHOWN)
    assert error.value.reason is Reason.CERTIFICATE_REVOKED


@pytest.mark.parametrize("hard", [True, False])
async def test_that_somebody_is_revoked_is_remembered_when_the_responder_goes_away(hard):
    now = [NOW.timestamp()]
    judge = asked(REVOKED, None, hard=hard, now=now)
    for _ in range(3):
        with pytest.raises(InvalidCertificate):
            await judge.check(SHOWN)
        now[0] += timedelta(minutes=2).total_seconds()


@pytest.mark.parametrize(("answer", "error"), [(None, KeysUnavailable), (UNKNOWN, InvalidCertificate)])
async def test_hard_wants_a_good_answer_and_soft_no_bad_one(answer, error):
    with pytest.raises(error):
        await asked(answer).check(SHOWN)
    await asked(answer, hard=False).check(SHOWN)


async def test_a_responder_that_failed_is_left_alone_for_a_moment():
    now = [NOW.timestamp()]
    judge = asked(None, GOOD, hard=False, now=now)
    for _ in range(3):
        await judge.check(SHOWN)
    assert judge.count == 1
    now[0] += 11
    await judge.check(SHOWN)
    assert judge.count == 2


async def test_a_certificate_that_names_nobody_to_ask_has_no_answer():
    with pytest.raises(KeysUnavailable):
        await Responder(None, hard=True, refresh=1, timeout=1).check(SHOWN)

"""What is known of a chain by the lists that its certificates name?"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.pki import NOW, odd_client

from ostiary.config.publishers import publisher
from ostiary.errors import InvalidCertificate, KeysUnavailable
from ostiary.listener import fetched
from ostiary.listener.fetched import FetchedLists
from ostiary.listener.points import Points
from ostiary.listener.revocation import Revocation
from ostiary.listener.revoked import said, signer
from ostiary.listener.store import Store
from ostiary.listener.web import NotFetched
from ostiary.model import Certificate
from ostiary.pki import extensions
from ostiary.pki.authority import Authority
from ostiary.pki.certificate import describe
from ostiary.reasons import Reason

HOST = "crl.example"


class Web:
    """What is published, what was asked for, and whether anybody answers."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.silent = False

    async def fetch(self, url: str, *_, **__) -> bytes:
        self.asked.append(url)
        if self.silent:
            await asyncio.sleep(60)
        if url not in self.pages:
            raise NotFetched("nobody there")
        return self.pages[url]


@pytest.fixture
def web(monkeypatch) -> Web:
    made = Web()
    monkeypatch.setattr(fetched, "fetch", made.fetch)
    return made


class House:
    """A root and an authority below it, which say in what they issue where their lists are."""

    def __init__(self, web: Web, *, host: str = HOST) -> None:
        self.web, self.host = web, host
        self.root = Authority.create("Root")
        self.issuing = self.root.intermediate("Issuing", also=extensions.published(self.url("root"), None))
        self.publish()

    def url(self, name: str) -> str:
        return f"http://{self.host}/{name}.crl"

    def publish(self, **how) -> None:
        for name, authority in (("root", self.root), ("issuing", self.issuing)):
            self.web.pages[self.url(name)] = authority.crl(start=NOW, **how).public_bytes(Encoding.DER)

    def client(self, name: str = "issuing") -> Certificate:
        marks = [*extensions.leaf(extensions.CLIENT), *extensions.published(self.url(name), None)]
        return self.shown(odd_client(self.issuing, marks).certificate)

    def shown(self, leaf: x509.Certificate) -> Certificate:
        above = (self.issuing.certificate, self.root.certificate)
        return replace(describe(leaf), chain=tuple(one.public_bytes(Encoding.DER) for one in above))


def points(*hosts: str, hard: bool = True, wait: float = 1.0, most: int = 64, beside=None, now=None) -> Points:
    moment = now or [NOW.timestamp()]

    def clock() -> float:
        return moment[0]

    lists = FetchedLists((), (), 60, 1, clock=clock)
    return Points(lists, tuple(publisher(one) for one in hosts or (HOST,)), hard, wait, most, beside, clock)


async def why(judge: Points, certificate: Certificate) -> Reason | None:
    try:
        await judge.check(certificate)
    except (InvalidCertificate, KeysUnavailable) as refusal:
        return refusal.reason
    return None


async def test_the_lists_of_the_whole_chain_are_fetched_once_for_everybody(web):
    house, judge = House(web), points()

    for certificate in (house.client(), house.client(), house.client()):
        assert await why(judge, certificate) is None
        assert judge.settled(certificate)
    assert sorted(web.asked) == [house.url("issuing"), house.url("root")]


async def test_callers_at_the_same_time_wait_for_the_same_look(web):
    house, judge = House(web), points()

    found = await asyncio.gather(*(why(judge, house.client()) for _ in range(20)))

    assert set(found) == {None}
    assert len(web.asked) == 2


async def test_a_revoked_leaf_and_a_leaf_of_a_revoked_authority(web):
    house, judge = House(web), points()
    bad, good = house.client(), house.client()
    house.issuing.revoke(x509.load_der_x509_certificate(bad.der))
    house.publish()
    assert [await why(judge, one) for one in (bad, good)] == [Reason.CERTIFICATE_REVOKED, None]
    house.root.revoke(house.issuing.certificate)
    house.publish()
    await judge.lists.fetch()

    assert await why(judge, good) is Reason.CERTIFICATE_REVOKED
    with pytest.raises(InvalidCertificate):
        judge.settled(good)


@pytest.mark.parametrize(("hard", "expected"), [(True, Reason.CERTIFICATE_REVOCATION_UNKNOWN), (False, None)])
async def test_what_is_named_elsewhere_is_never_asked_for(web, hard, expected):
    house = House(web, host="169.254.169.254")

    assert await why(points(hard=hard), house.client()) is expected
    assert web.asked == []


async def test_a_certificate_without_a_place_can_never_be_known(web):
    house = House(web)
    mute = house.shown(house.issuing.issue_client(cn="mute").certificate)

    with pytest.raises(InvalidCertificate):
        await points().check(mute)
    assert await why(points(hard=False), mute) is None


async def test_a_publisher_that_is_silent_is_waited_for_once_and_not_for_long(web):
    house, judge, loop = House(web), points(wait=0.05), asyncio.get_running_loop()
    web.silent = True
    began = loop.time()
    with pytest.raises(KeysUnavailable) as error:
        await judge.check(house.client())

    assert loop.time() - began < 5
    assert error.value.retry_after == 30
    judge.lists.stop()


async def test_after_the_first_look_nobody_waits(web):
    house, judge = House(web), points(wait=60)
    web.pages.clear()
    assert await why(judge, house.client()) is Reason.CERTIFICATE_REVOCATION_UNKNOWN
    async with asyncio.timeout(5):
        assert await why(judge, house.client()) is Reason.CERTIFICATE_REVOCATION_UNKNOWN


async def test_a_list_that_is_overdue_is_no_answer_but_whom_it_names_is_revoked(web):
    house, now = House(web), [NOW.timestamp()]
    judge = points(now=now)
    bad, good = house.client(), house.client()
    house.issuing.revoke(x509.load_der_x509_certificate(bad.der))
    house.publish(days=1)
    await why(judge, good)
    now[0] += 2 * 86400

    assert await why(judge, good) is Reason.CERTIFICATE_REVOCATION_UNKNOWN
    assert await why(judge, bad) is Reason.CERTIFICATE_REVOKED


async def test_a_list_by_somebody_else_does_not_count(web):
    house, judge = House(web), points()
    web.pages[house.url("issuing")] = Authority.create("Issuing").crl(start=NOW).public_bytes(Encoding.DER)

    assert await why(judge, house.client()) is Reason.CERTIFICATE_REVOCATION_UNKNOWN


async def test_there_are_only_so_many_lists(web):
    house, judge = House(web), points(most=2)
    assert await why(judge, house.client()) is None
    web.pages[house.url("another")] = house.issuing.crl(start=NOW).public_bytes(Encoding.DER)

    assert await why(judge, house.client("another")) is None  # its issuer's list is known by the other name
    assert house.url("another") not in web.asked


async def test_lists_that_come_otherwise_count_as_well(web):
    house = House(web)
    lists = {signer(one.certificate): said(one.crl(start=NOW)) for one in (house.root, house.issuing)}
    judge = points(beside=Revocation(hard=False, lists=lists, pem=b""))

    assert judge.settled(house.client())
    assert web.asked == []


async def test_a_new_configuration_goes_on_with_what_it_still_allows(web):
    house, before = House(web), points()
    client = house.client()
    await before.check(client)
    same, other = points(), points("elsewhere.example")
    for after in (same, other):
        after.inherit(before)

    assert same.settled(client)
    assert not other.settled(client)


async def test_what_was_kept_on_disk_is_known_before_anybody_answers(web, tmp_path):
    house, first = House(web), points()
    client, bad = house.client(), house.client()
    house.issuing.revoke(x509.load_der_x509_certificate(bad.der))
    house.publish()
    first.lists.keep(Store(tmp_path / "state"))
    await first.check(client)
    web.pages.clear()
    again = points()
    again.lists.keep(Store(tmp_path / "state"))

    assert [await why(again, one) for one in (client, bad)] == [None, Reason.CERTIFICATE_REVOKED]


async def test_a_list_for_one_point_says_nothing_of_certificates_that_name_another(web):
    house, judge = House(web), points()
    part = x509.IssuingDistributionPoint(
        [x509.UniformResourceIdentifier(house.url("a"))],
        None,
        only_contains_user_certs=False,
        only_contains_ca_certs=False,
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )
    whole = house.issuing.crl(start=NOW)
    builder = x509.CertificateRevocationListBuilder(whole.issuer, whole.last_update_utc, whole.next_update_utc)
    shard = builder.add_extension(part, critical=True).sign(house.issuing.key, whole.signature_hash_algorithm)
    web.pages[house.url("a")] = web.pages[house.url("b")] = shard.public_bytes(Encoding.DER)

    assert await why(judge, house.client("a")) is None
    assert await why(judge, house.client("b")) is Reason.CERTIFICATE_REVOCATION_UNKNOWN

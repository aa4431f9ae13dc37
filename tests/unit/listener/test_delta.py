"""What does a delta change in what is known of revoked certificates, and what does it never make weaker?"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.pki import NOW
from tests.unit.listener.test_fetched import Web, web  # noqa: F401 - a fixture
from tests.unit.listener.test_revocation import listener, verdict

from ostiary.errors import ConfigError
from ostiary.listener.fetched import FetchedLists
from ostiary.listener.revoked import Revoked, said, signer, together
from ostiary.pki.authority import Authority

DAY = timedelta(days=1)
ALL, DELTA = "http://crl.example/all.crl", "http://crl.example/delta.crl"


def made(
    authority: Authority,
    number: int,
    *revoked: int,
    base: int | None = None,
    days: float = 1,
    off: Iterable[int] = (),
    at: str | None = None,
) -> x509.CertificateRevocationList:
    """Return a list: complete, or a delta that builds on the list of number `base`."""
    begin = NOW - timedelta(hours=1)
    builder = x509.CertificateRevocationListBuilder(authority.certificate.subject, begin, begin + days * DAY)
    key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = builder.add_extension(key, critical=False).add_extension(x509.CRLNumber(number), critical=False)
    if base is not None:
        builder = builder.add_extension(x509.DeltaCRLIndicator(base), critical=True)
    else:  # by which OpenSSL knows that there are deltas (section 5.2.6)
        place = x509.DistributionPoint([x509.UniformResourceIdentifier(DELTA)], None, None, None)
        builder = builder.add_extension(x509.FreshestCRL([place]), critical=False)
    if at is not None:
        point = x509.IssuingDistributionPoint(
            [x509.UniformResourceIdentifier(at)], None, False, False, None, False, False
        )
        builder = builder.add_extension(point, critical=True)
    for serial in revoked:
        builder = builder.add_revoked_certificate(x509.RevokedCertificateBuilder(serial, begin).build())
    for serial in off:
        entry = x509.RevokedCertificateBuilder(serial, begin)
        entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags.remove_from_crl), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(authority.key, hashes.SHA256())


def known(*lists: x509.CertificateRevocationList) -> Revoked:
    found = together(said(one) for one in lists)
    assert found is not None
    return found


def hours(revoked: Revoked) -> float:
    """Return for how many hours from now a certificate is known not to be revoked; 0: it is not."""
    return max(0.0, round((revoked.until - NOW.timestamp()) / 3600, 3))


@pytest.fixture
def authority() -> Authority:
    return Authority.create("CA")


@pytest.mark.parametrize("turn", [1, -1])
def test_both_together_name_more_and_end_sooner(authority: Authority, turn: int) -> None:
    both = known(*[made(authority, 5, 1, days=7), made(authority, 7, 2, base=5)][::turn])
    assert (both.serials, hours(both)) == ({1, 2}, 23)


def test_a_delta_that_lasts_longer_makes_the_complete_list_last_no_longer(authority: Authority) -> None:
    assert hours(known(made(authority, 5, days=1), made(authority, 7, base=5, days=7))) == 23


def test_a_delta_may_build_on_an_older_list_than_the_one_that_is_there(authority: Authority) -> None:
    assert hours(known(made(authority, 6, days=7), made(authority, 7, base=5))) == 23


def test_between_a_list_and_a_delta_of_a_later_one_something_may_have_been_revoked(authority: Authority) -> None:
    both = known(made(authority, 4, 1, days=7), made(authority, 7, 2, base=5))
    assert (both.serials, both.until) == ({1, 2}, 0.0)


def test_a_complete_list_without_a_number_fits_no_delta(authority: Authority) -> None:
    builder = x509.CertificateRevocationListBuilder(authority.certificate.subject, NOW - DAY, NOW + DAY)
    bare = builder.sign(authority.key, hashes.SHA256())
    assert known(bare, made(authority, 7, base=0)).until == 0.0


def test_a_delta_alone_says_nothing_of_those_that_it_does_not_name(authority: Authority) -> None:
    alone = known(made(authority, 7, 2, base=5))
    assert (alone.serials, alone.until) == ({2}, 0.0)
    assert not alone.covers(authority.issue_client(cn="a").certificate, NOW.timestamp())


def test_a_later_complete_list_has_the_last_word(authority: Authority) -> None:
    for number in (7, 8):
        both = known(made(authority, number, 1, days=7), made(authority, 7, 2, base=5))
        assert (both.serials, hours(both)) == ({1}, 167)


def test_what_is_taken_off_counts_again_with_the_next_complete_list_only(authority: Authority) -> None:
    both = known(made(authority, 5, 1, 2, days=7), made(authority, 7, base=5, off=[2]))
    assert both.serials == {1, 2}


def test_of_several_deltas_the_newest_says_until_when_and_each_who(authority: Authority) -> None:
    several = known(made(authority, 5, days=7), made(authority, 7, 2, base=5), made(authority, 8, 3, base=5, days=2))
    assert (several.serials, hours(several)) == ({2, 3}, 47)


def test_a_delta_is_for_the_distribution_point_that_it_names(authority: Authority) -> None:
    some = made(authority, 5, 1, days=7, at=ALL)
    assert known(some, made(authority, 7, base=5, at=ALL)).parts == {
        ALL: pytest.approx((NOW + timedelta(hours=23)).timestamp(), abs=1)
    }
    assert known(some, made(authority, 7, base=5)).parts == {
        ALL: pytest.approx((NOW + timedelta(hours=167)).timestamp(), abs=1)
    }
    assert known(some, made(authority, 7, base=6, at=ALL)).parts == {ALL: 0.0}


# --- in a listener -----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["hard", "soft"])
def test_who_was_revoked_since_is_refused(tmp_path: Path, authority: Authority, mode: str) -> None:
    bad = authority.issue_client(cn="bad")
    lists = [made(authority, 5, days=7), made(authority, 7, bad.certificate.serial_number, base=5)]
    tls = listener(tmp_path, authority, crls=lists, mode=mode)
    assert verdict(tmp_path, tls, bad) == "certificate.revoked"
    assert verdict(tmp_path, tls, authority.issue_client(cn="good")) == "accepted"


@pytest.mark.parametrize(
    ("lists", "why"),
    [
        ([(7, 5, 1.0)], "builds on a complete list"),
        ([(4, None, 7.0), (7, 5, 1.0)], "builds on a complete list"),
        ([(5, None, 7.0), (7, 5, 0.01)], "was due to be replaced"),
    ],
    ids=["alone", "of a later list", "overdue"],
)
def test_what_cannot_be_relied_on_stops_the_start_in_hard_mode_only(
    tmp_path: Path, authority: Authority, lists: list[tuple[int, int | None, float]], why: str
) -> None:
    crls = [made(authority, number, base=base, days=days) for number, base, days in lists]
    with pytest.raises(ConfigError, match=why):
        listener(tmp_path, authority, crls=crls)
    assert verdict(tmp_path, listener(tmp_path, authority, crls=crls, mode="soft"), authority.issue_client(cn="a"))


async def test_a_delta_in_the_place_of_a_complete_list_replaces_nothing(
    authority: Authority,
    web: Web,  # noqa: F811 - the fixture
) -> None:
    """Whoever stands between could else take away what is revoked, with lists that are genuine."""
    now = NOW.timestamp()
    fetched = FetchedLists((ALL, DELTA), (authority.certificate,), 60, 1, clock=lambda: now)
    whole, change = made(authority, 5, 1, days=7), made(authority, 7, 2, base=5)
    web.pages = {ALL: whole.public_bytes(Encoding.DER), DELTA: change.public_bytes(Encoding.DER)}
    await fetched.fetch()
    before = fetched.lists[signer(authority.certificate)]
    assert (before.serials, hours(before)) == ({1, 2}, 23)
    for at, content in ((ALL, change), (DELTA, made(authority, 9, days=7))):
        web.pages = {at: content.public_bytes(Encoding.DER)}
        await fetched.fetch()
        assert fetched.lists[signer(authority.certificate)] == before


async def test_it_is_looked_again_before_a_delta_ends(
    authority: Authority,
    web: Web,  # noqa: F811 - the fixture
) -> None:
    now = NOW.timestamp()
    fetched = FetchedLists((DELTA,), (authority.certificate,), 86_400, 1, clock=lambda: now)
    web.pages = {DELTA: made(authority, 7, 2, base=5, days=1 / 12).public_bytes(Encoding.DER)}
    await fetched.fetch()
    (one,) = fetched.publications
    assert one.issue is not None
    assert fetched._pause(one.issue) == pytest.approx(3600, abs=1)


# --- beside OpenSSL ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lists", "same"),
    [
        ([(5, None, 7.0, 0), (7, 5, 1.0, 0)], True),
        ([(5, None, 7.0, 1), (7, 5, 1.0, 0)], True),
        ([(5, None, 7.0, 0), (7, 5, 1.0, 1)], True),
        ([(8, None, 7.0, 0), (7, 5, 1.0, 1)], True),
        ([(5, None, 0.01, 0)], True),
        ([(5, None, 0.01, 0), (7, 5, 1.0, 0)], False),  # one that is overdue is enough for us, and none for OpenSSL
        ([(5, None, 7.0, 0), (7, 5, 0.01, 0)], False),
        ([(4, None, 7.0, 0), (7, 5, 1.0, 0)], False),  # a delta that does not fit is passed over by OpenSSL
    ],
)
def test_nobody_gets_in_whom_openssl_refuses(
    tmp_path: Path, authority: Authority, lists: list[tuple[int, int | None, float, int]], same: bool
) -> None:
    shown = authority.issue_client(cn="a").certificate
    crls = [
        made(authority, number, *[shown.serial_number] * names, base=base, days=days)
        for number, base, days, names in lists
    ]
    files = {"ca.pem": authority.certificate, "shown.pem": shown, **{f"{i}.crl": one for i, one in enumerate(crls)}}
    for name, one in files.items():
        (tmp_path / name).write_bytes(one.public_bytes(Encoding.PEM))
    (tmp_path / "lists.pem").write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in crls))
    words = ["openssl", "verify", "-crl_check", "-extended_crl", "-use_deltas", "-CAfile", "ca.pem"]
    done = subprocess.run(
        [*words, "-CRLfile", "lists.pem", "shown.pem"], cwd=tmp_path, capture_output=True, check=False
    )
    ours = known(*crls)
    accepted = shown.serial_number not in ours.serials and ours.covers(shown, NOW.timestamp())
    assert not accepted or done.returncode == 0, done.stderr
    assert (accepted == (done.returncode == 0)) is same, done.stderr

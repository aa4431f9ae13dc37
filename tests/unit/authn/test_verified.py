"""What is remembered of a token that was verified, and for how long?"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.support.tokens import NOW, Signer, issuer

from ostiary.authn.claims import Validity
from ostiary.authn.verified import Verified, VerifiedTokens
from ostiary.jwks import Issuer, Key
from ostiary.model import Principal

SIGNER = Signer("bank")
PER_ENTRY = 2048


async def _published() -> tuple[Issuer, Key]:
    """An issuer, and the key that it publishes."""
    bank = issuer(SIGNER)
    (key,) = (await bank.keys_for(SIGNER.kid, "ES256")).keys
    await bank.aclose()
    return bank, key


BANK, KEY = asyncio.run(_published())


def verified(*, begins: float = NOW - 10, ends: float = NOW + 10, publishes: bool = True, size: int = 100) -> Verified:
    principal = Principal(subject="alice", issuer="bank", method="jwt")
    return Verified(principal, Validity(begins, ends), None, BANK if publishes else issuer(), KEY, size)


def kept(*names: bytes, room: int = 3) -> VerifiedTokens:
    tokens = VerifiedTokens(room * PER_ENTRY)
    for name in names:
        tokens.put(name, verified())
    return tokens


def names(tokens: VerifiedTokens, *asked: bytes) -> list[bytes]:
    return [name for name in asked if tokens.get(name, NOW) is not None]


@pytest.mark.parametrize(
    ("now", "counts"), [(NOW - 10.001, False), (NOW - 10, True), (NOW + 9.999, True), (NOW + 10, False)]
)
def test_it_counts_from_its_first_moment_to_before_its_last(now: float, counts: bool) -> None:
    assert verified().counts(now) is counts
    tokens = kept(b"a")
    assert (tokens.get(b"a", now) is not None) is counts
    assert len(tokens) == counts, "what counts no more is forgotten"


def test_what_is_remembered_says_the_same_as_judging_it_anew() -> None:
    one = verified()
    for now in (one.validity.begins, one.validity.ends - 1):
        one.validity.check(now)
        assert one.counts(now)


def test_without_its_key_it_does_not_count() -> None:
    assert not verified(publishes=False).counts(NOW)
    tokens = VerifiedTokens()
    tokens.put(b"a", verified(publishes=False))
    assert tokens.get(b"a", NOW) is None
    assert len(tokens) == 0


def test_a_clock_that_is_set_back_and_forth_costs_no_more_than_a_judgement() -> None:
    tokens = kept(b"a")
    assert tokens.get(b"a", NOW - 100) is None
    tokens.put(b"a", verified())
    assert tokens.get(b"a", NOW) is not None
    assert tokens.get(b"a", NOW + 100) is None
    assert tokens.get(b"a", NOW) is None, "it was forgotten, and is judged anew"


def test_the_one_that_was_not_used_for_longest_makes_room() -> None:
    tokens = kept(b"a", b"b", b"c")
    tokens.get(b"a", NOW)
    tokens.put(b"d", verified())
    assert names(tokens, b"a", b"b", b"c", b"d") == [b"a", b"c", b"d"]
    assert tokens.evictions == 1


def test_one_that_is_put_twice_takes_one_place() -> None:
    """Two requests with a new token at the same moment judge it twice."""
    tokens = kept(*[b"a"] * 10, b"b", b"c")
    assert names(tokens, b"a", b"b", b"c") == [b"a", b"b", b"c"]
    assert tokens.evictions == 0
    later = replace(verified(), validity=Validity(NOW, NOW + 99))
    tokens.put(b"a", later)
    assert tokens.get(b"a", NOW) is later


def test_room_comes_back_with_what_is_forgotten() -> None:
    tokens = kept(b"a", b"b", b"c")
    for _ in range(10):
        assert tokens.get(b"a", NOW + 10) is None
        tokens.put(b"a", verified())
    assert names(tokens, b"a", b"b", b"c") == [b"a", b"b", b"c"]
    assert tokens.evictions == 0


def test_one_that_just_fits_is_kept_and_a_larger_one_is_not() -> None:
    tokens = VerifiedTokens(4 * PER_ENTRY)
    tokens.put(b"small", verified())
    tokens.put(b"too large", verified(size=PER_ENTRY + 1))
    assert names(tokens, b"small", b"too large") == [b"small"]
    tokens.put(b"fits", verified(size=PER_ENTRY))
    assert names(tokens, b"small", b"fits") == [b"fits"]


def test_the_key_that_vouches_for_a_principal_is_the_one_of_his_token() -> None:
    tokens, one, other = VerifiedTokens(), verified(), verified()
    other = replace(other, principal=replace(other.principal), key=replace(KEY, kid=None))
    tokens.put(b"a", one)
    tokens.put(b"b", other)
    assert tokens.key_of(one.principal) == "bank"
    assert tokens.key_of(other.principal) == KEY.thumbprint
    assert tokens.key_of(replace(one.principal)) is None

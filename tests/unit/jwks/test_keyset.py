"""What does a key set document give, when some of it is bad?"""

from __future__ import annotations

import json

import pytest
from tests.support.tokens import Signer, b64, key_set

from ostiary.jwks.keyset import MAX_MEMBERS, KeySet

ALLOWED = frozenset(("ES256", "RS256"))
ONE = Signer("one")
TWO = Signer("two")
RSA = Signer("three", "RS256")


def read(*members: object) -> KeySet:
    return KeySet.read(key_set(*members), ALLOWED)  # type: ignore[arg-type]


def kids(keys: KeySet) -> set[str | None]:
    return {key.kid for key in keys.keys}


@pytest.mark.attack(10)
def test_bad_members_are_left_out_one_by_one_with_a_reason() -> None:
    keys = read(
        ONE,
        {"kty": "oct", "kid": "shared", "k": b64(b"secret")},
        TWO.jwk(use="enc"),
        Signer("weak", "RS256", bits=1024),
        RSA,
        "nonsense",  # type: ignore[arg-type]
    )
    assert kids(keys) == {"one", "three"}
    assert [(drop.position, drop.kid) for drop in keys.dropped] == [(1, "shared"), (2, "two"), (3, "weak"), (5, None)]
    assert all(drop.why for drop in keys.dropped)


@pytest.mark.attack(10)
def test_a_key_id_that_stands_for_two_keys_stands_for_none() -> None:
    keys = read(ONE, Signer("twin"), Signer("twin", "RS256"))
    assert kids(keys) == {"one"}
    assert {drop.kid for drop in keys.dropped} == {"twin"}


def test_a_key_id_shared_with_a_bad_member_stands_for_none() -> None:
    assert kids(read(TWO, ONE, ONE.jwk(use="enc"))) == {"two"}


@pytest.mark.attack(11)
@pytest.mark.parametrize(
    "document",
    [
        b"<html>sorry</html>",
        b"[]",
        b"{}",
        b'{"keys":[]}',
        b'{"keys":{}}',
        b'{"keys":null}',
        b'{"keys":"one"}',
        b'{"keys":[null]}',
        b'{"keys":[],"keys":[]}',
        b"",
        b'{"keys":' + b"[" * 100_000,
        json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}).encode(),
        key_set(*[{"kty": "oct"}] * 10_000),
    ],
)
def test_a_document_without_a_sound_key_is_no_key_set(document: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - one exception for every fault
        KeySet.read(document, ALLOWED)


@pytest.mark.attack(11)
def test_a_document_with_too_many_keys_is_refused_unread() -> None:
    with pytest.raises(ValueError, match=str(MAX_MEMBERS)):
        read(*[ONE] * (MAX_MEMBERS + 1))


def test_a_key_is_found_by_its_exact_id() -> None:
    keys = read(ONE, RSA)
    assert keys.find("one", "ES256") is keys.find("one", "RS256") is not None
    assert keys.find("One", "ES256") is None
    assert keys.find("on", "ES256") is None


def test_a_token_without_key_id_fits_only_where_one_key_fits() -> None:
    one_of_each = read(ONE, RSA)
    found = one_of_each.find(None, "ES256")
    assert found is not None
    assert found.kid == "one"
    assert one_of_each.find(None, "HS256") is None
    assert read(ONE, TWO).find(None, "ES256") is None


def test_a_key_that_stays_keeps_its_identity() -> None:
    before = read(ONE, TWO)
    after = read(ONE, RSA).keeping(before)
    assert after.find("one", "ES256") is before.find("one", "ES256")
    assert after.find("two", "ES256") is None


def test_new_material_under_an_old_id_is_another_key() -> None:
    before = read(Signer("one"))
    after = read(Signer("one")).keeping(before)
    assert not before.keys & after.keys

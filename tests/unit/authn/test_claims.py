"""Which claims make a token good, for us and for now?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.tokens import ABSENT, AUDIENCE, NOW, good_claims, issuer_spec

from ostiary.authn.claims import (
    Terms,
    check_audience,
    check_pins,
    check_required,
    check_type,
    read_issued,
    read_lifetime,
    read_subject,
    read_validity,
)
from ostiary.errors import InvalidToken
from ostiary.reasons import Reason

TERMS = Terms.of(issuer_spec(leeway="30s"))


def judge(now: float = NOW, **changes: Any) -> Reason | None:
    claims = good_claims(**changes)
    try:
        check_audience(claims, TERMS)
        read_subject(claims, TERMS)
        read_validity(claims, TERMS).check(now)
    except InvalidToken as error:
        return error.reason
    return None


def test_good_claims_are_good() -> None:
    assert judge() is None


@pytest.mark.attack(15)
@pytest.mark.parametrize("name", ["aud", "exp", "sub"])
def test_a_required_claim_that_is_absent_is_missing(name: str) -> None:
    assert judge(**{name: ABSENT}) is Reason.TOKEN_CLAIM_MISSING


@pytest.mark.attack(15)
@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", ["1800000300", True, False, None, [1800000300], {}, 10**400, float("nan"), 1e300])
def test_a_time_is_a_number_in_range(name: str, value: Any) -> None:
    assert judge(**{name: value}) is Reason.TOKEN_CLAIM_INVALID


@pytest.mark.parametrize("value", [1e12, float("inf")])
def test_a_far_future_is_one_only_within_what_numbers_can_say(value: float) -> None:
    assert judge(exp=value) is (None if value < 2**53 else Reason.TOKEN_CLAIM_INVALID)


@pytest.mark.parametrize("value", [2**53, -(2**53)])
def test_the_last_number_that_peers_agree_on_is_still_a_time(value: int) -> None:
    assert judge(0, exp=value, nbf=-(2**53), iat=ABSENT) is (None if value > 0 else Reason.TOKEN_EXPIRED)
    assert judge(exp=value + 2 if value > 0 else value - 2) is Reason.TOKEN_CLAIM_INVALID


def test_the_leeway_at_the_end_is_exact() -> None:
    assert judge(NOW + 29.999, exp=NOW) is None
    assert judge(NOW + 30, exp=NOW) is Reason.TOKEN_EXPIRED


@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_the_leeway_at_the_beginning_is_exact(name: str) -> None:
    assert judge(NOW - 30, **{"iat": ABSENT, name: NOW}) is None
    assert judge(NOW - 30.001, **{"iat": ABSENT, name: NOW}) is Reason.TOKEN_NOT_YET_VALID


def test_nbf_and_iat_may_be_absent() -> None:
    assert judge(iat=ABSENT) is None


def test_of_nbf_and_iat_the_later_one_counts() -> None:
    assert judge(NOW, nbf=NOW, iat=NOW + 31) is Reason.TOKEN_NOT_YET_VALID
    assert judge(NOW, nbf=NOW + 31, iat=NOW) is Reason.TOKEN_NOT_YET_VALID
    assert judge(NOW, nbf=NOW + 30, iat=NOW - 5) is None


def test_what_an_issuer_answers_may_have_no_end_and_no_more_than_that() -> None:
    assert read_lifetime({}, TERMS).ends > NOW + 1e9
    assert read_lifetime({"exp": 5}, TERMS).ends == 35
    assert read_lifetime({"nbf": 5}, TERMS).begins == -25
    with pytest.raises(InvalidToken):
        read_lifetime({"exp": None}, TERMS)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (5, 5.0),
        (-5, -5.0),
        (2**53 - 1, 2.0**53 - 1),
        (2**53, None),
        (-(2**53), None),
        (10**400, None),
        ("5", None),
        (None, None),
        ([5], None),
    ],
)
def test_when_it_says_it_was_issued_is_taken_into_account_where_it_can_be_read(said: Any, read: float | None) -> None:
    assert read_issued({"iat": said}) == read
    assert read_issued({"nbf": 5, "exp": 5}) is None


def test_a_list_of_audiences_with_ours_in_it_is_for_us() -> None:
    assert judge(aud=["other", AUDIENCE]) is None


@pytest.mark.attack(14)
@pytest.mark.parametrize(
    "aud", ["other", [], ["other"], "", AUDIENCE.upper(), AUDIENCE[:-1], AUDIENCE + " ", f"x {AUDIENCE}", "*"]
)
def test_a_token_for_others_is_not_for_us(aud: Any) -> None:
    assert judge(aud=aud) is Reason.TOKEN_AUDIENCE_MISMATCH


@pytest.mark.attack(14)
@pytest.mark.parametrize("aud", [None, 5, True, {AUDIENCE: 1}, [AUDIENCE, 5], [AUDIENCE, None], [[AUDIENCE]]])
def test_an_audience_of_the_wrong_type_is_refused(aud: Any) -> None:
    assert judge(aud=aud) is Reason.TOKEN_CLAIM_INVALID


@pytest.mark.attack(24)
@pytest.mark.parametrize(
    "sub",
    [None, 5, True, [], ["alice"], {}, "", "a" * 1025, "a\r\nX-Admin: 1", "a\0", "a\x7f", "a\x85b", "a\u2028b", "\t"],
)
def test_a_subject_is_plain_text(sub: Any) -> None:
    assert judge(sub=sub) is Reason.TOKEN_CLAIM_INVALID


@pytest.mark.parametrize("sub", ["alice", "Zo\xeb", "auth0|5f7c", "user name", "\U0001f600"])
def test_a_subject_may_be_any_text(sub: str) -> None:
    assert judge(sub=sub) is None


@pytest.mark.parametrize("separator", ["\u2028", "\u2029"])
def test_a_subject_is_one_line(separator: str) -> None:
    assert judge(sub=f"a{separator}b") is Reason.TOKEN_CLAIM_INVALID


def test_a_subject_is_short() -> None:
    assert judge(sub="a" * 1024) is None
    assert judge(sub="a" * 1025) is Reason.TOKEN_CLAIM_INVALID


@pytest.mark.parametrize("verified", [False, None, "true", 1, 0, []])
def test_an_address_that_was_not_verified_is_nobody_s(verified: Any) -> None:
    by_address, by_number = (Terms.of(issuer_spec(claims={"subject": name})) for name in ("email", "sub"))
    claims = {"sub": "1", "email": "a@example.com", "email_verified": verified}
    with pytest.raises(InvalidToken) as caught:
        read_subject(claims, by_address)
    assert caught.value.reason is Reason.TOKEN_CLAIM_INVALID
    assert read_subject(claims, by_number) == "1"
    assert read_subject({**claims, "email_verified": True}, by_address) == "a@example.com"


WANTED = Terms.of(issuer_spec(require={"typ": "Bearer", "azp": ["web", "app"]}))


@pytest.mark.parametrize("azp", ["web", "app"])
def test_what_a_token_has_to_say_it_says_in_one_of_the_wanted_words(azp: str) -> None:
    check_required({"typ": "Bearer", "azp": azp}, WANTED)


@pytest.mark.parametrize(
    "changes",
    [
        {"azp": "we"},
        {"azp": "webapp"},
        {"azp": ["web"]},
        {"azp": ["web", "app"]},
        {"azp": None},
        {"azp": True},
        {"azp": {}},
        {"typ": "bearer"},
        {"typ": "B"},
        {"typ": ""},
    ],
)
def test_what_it_says_otherwise_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken) as caught:
        check_required({"typ": "Bearer", "azp": "web", **changes}, WANTED)
    assert caught.value.reason is Reason.TOKEN_CLAIM_INVALID


@pytest.mark.parametrize("absent", ["typ", "azp"])
def test_what_it_does_not_say_is_missing(absent: str) -> None:
    with pytest.raises(InvalidToken) as caught:
        check_required({name: value for name, value in (("typ", "Bearer"), ("azp", "web")) if name != absent}, WANTED)
    assert caught.value.reason is Reason.TOKEN_CLAIM_MISSING


PINNED = Terms.of(issuer_spec(tenant="t1", environment="e1"))
PINS = [
    ({}, None),
    ({"tenant": ABSENT}, Reason.TENANT_MISSING),
    ({"tenant": None}, Reason.TENANT_MISSING),
    ({"tenant": "t2"}, Reason.TENANT_MISMATCH),
    ({"tenant": "T1"}, Reason.TENANT_MISMATCH),
    ({"tenant": ""}, Reason.TENANT_MISMATCH),
    ({"tenant": ["t1"]}, Reason.TENANT_MISMATCH),
    ({"tenant": {"t1": "t1"}}, Reason.TENANT_MISMATCH),
    ({"tenant": True}, Reason.TENANT_MISMATCH),
    ({"environment": ABSENT}, Reason.ENVIRONMENT_MISSING),
    ({"environment": "e2"}, Reason.ENVIRONMENT_MISMATCH),
    ({"environment": ["e1"]}, Reason.ENVIRONMENT_MISMATCH),
]


@pytest.mark.parametrize(("changes", "reason"), PINS)
def test_a_token_is_of_the_tenant_and_the_environment_that_its_issuer_stands_for(
    changes: dict[str, Any], reason: Reason | None
) -> None:
    names = {"tenant": PINNED.names.tenant, "environment": PINNED.names.environment}
    said = {"tenant": "t1", "environment": "e1", **changes}
    claims = {names[name]: value for name, value in said.items() if value is not ABSENT}
    if reason is None:
        check_pins(claims, PINNED)
    else:
        with pytest.raises(InvalidToken) as caught:
            check_pins(claims, PINNED)
        assert caught.value.reason is reason


def test_an_issuer_that_stands_for_no_tenant_asks_for_none() -> None:
    assert TERMS.pins == ()
    assert [pin.value for pin in Terms.of(issuer_spec(environment="e1")).pins] == ["e1"]


def test_a_star_is_everybody_only_where_that_is_said() -> None:
    said, named = issuer_spec(audience_wildcard=True), issuer_spec(audiences=[AUDIENCE, "*"])
    check_audience({"aud": "*"}, Terms.of(said))
    with pytest.raises(InvalidToken) as caught:
        check_audience({"aud": "*"}, Terms.of(named))
    assert caught.value.reason is Reason.TOKEN_AUDIENCE_MISMATCH


def test_the_subject_is_read_under_the_name_that_the_issuer_uses() -> None:
    terms = Terms.of(issuer_spec(claims={"subject": "email"}))
    assert read_subject({"sub": "1", "email": "a@example.com"}, terms) == "a@example.com"


@pytest.mark.parametrize("name", [None, "JWT", "jwt", "application/jwt", "at+jwt", "AT+JWT", "application/at+jwt"])
def test_the_configured_types_are_accepted_in_any_case(name: str | None) -> None:
    check_type(name, TERMS)


@pytest.mark.attack(17)
@pytest.mark.parametrize(
    "name", ["logout+jwt", "id_token", "", "application/", "application/a/jwt", "text/jwt", "jwt ", "dpop+jwt"]
)
def test_another_type_is_refused(name: str) -> None:
    with pytest.raises(InvalidToken) as caught:
        check_type(name, TERMS)
    assert caught.value.reason is Reason.TOKEN_TYPE_NOT_ALLOWED


@pytest.mark.attack(17)
def test_where_access_tokens_are_demanded_a_plain_token_is_refused() -> None:
    terms = Terms.of(issuer_spec(types=["at+jwt"]))
    check_type("at+jwt", terms)
    for name in ("JWT", None):
        with pytest.raises(InvalidToken):
            check_type(name, terms)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["aud", "exp", "nbf", "iat", "sub"]), JSON))
def test_no_claims_make_it_fail_in_another_way(changes: dict[str, Any]) -> None:
    assert judge(**changes) is None or isinstance(judge(**changes), Reason)

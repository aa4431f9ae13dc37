"""Which claims make a token good, for us and for now?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.tokens import ABSENT, AUDIENCE, NOW, good_claims, issuer_spec

from ostiary.authn.claims import Terms, check_audience, check_type, read_subject, read_validity
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


def test_the_leeway_at_the_end_is_exact() -> None:
    assert judge(NOW + 29.999, exp=NOW) is None
    assert judge(NOW + 30, exp=NOW) is Reason.TOKEN_EXPIRED


@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_the_leeway_at_the_beginning_is_exact(name: str) -> None:
    assert judge(NOW - 30, **{"iat": ABSENT, name: NOW}) is None
    assert judge(NOW - 30.001, **{"iat": ABSENT, name: NOW}) is Reason.TOKEN_NOT_YET_VALID


def test_nbf_and_iat_may_be_absent() -> None:
    assert judge(iat=ABSENT) is None


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

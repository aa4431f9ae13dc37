"""Whose is a token, of several issuers with the same `iss`?"""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.tokens import ISSUER, Signer, issuer

from ostiary.authn.choice import Choice
from ostiary.authn.claims import check_pins
from ostiary.errors import ConfigError, InvalidToken
from ostiary.jwks import Issuer
from ostiary.reasons import Reason

BANK = Signer()
NAMES = {"claims": {"tenant": "tid", "environment": "eid"}}


def of(name: str, **spec: Any) -> Issuer:
    return issuer(BANK, name=name, **{**NAMES, **spec})


FOUR = [of(f"{tenant}-{place}", tenant=tenant, environment=place) for tenant in "ab" for place in "xy"]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("tenant", ["a", "b"])
@pytest.mark.parametrize("place", ["x", "y"])
def test_it_is_the_one_that_both_claims_name(tenant: str, place: str, turned: bool) -> None:
    choice = Choice(FOUR[::-1] if turned else FOUR)
    found, terms = choice.of({"iss": ISSUER, "tid": tenant, "eid": place})
    assert found.name == f"{tenant}-{place}"
    check_pins({"tid": tenant, "eid": place}, terms)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"tid": "a", "eid": "z"}, Reason.ENVIRONMENT_MISMATCH),
        ({"tid": "b"}, Reason.ENVIRONMENT_MISSING),
        ({"tid": "c", "eid": "y"}, Reason.TENANT_MISMATCH),
        ({"eid": "y"}, Reason.TENANT_MISSING),
        ({"tid": ["a"], "eid": "y"}, Reason.TENANT_MISMATCH),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_one_that_fits_none_is_refused_with_the_nearest_reason(
    claims: dict[str, Any], reason: Reason, turned: bool
) -> None:
    _, terms = Choice(FOUR[::-1] if turned else FOUR).of({"iss": ISSUER, **claims})
    with pytest.raises(InvalidToken) as caught:
        check_pins(claims, terms)
    assert caught.value.reason is reason


@pytest.mark.parametrize("iss", [None, 5, True, "", ISSUER + "/", ISSUER.upper(), [ISSUER], {ISSUER: 1}])
def test_who_is_not_configured_is_unknown(iss: Any) -> None:
    with pytest.raises(InvalidToken) as caught:
        Choice(FOUR).of({"iss": iss, "tid": "a", "eid": "x"})
    assert caught.value.reason is Reason.TOKEN_ISSUER_UNKNOWN


DISTINCT: dict[str, list[dict[str, Any]]] = {
    "another iss": [{"issuer": "https://a.example"}, {"issuer": "https://b.example"}],
    "another tenant": [{"tenant": "a"}, {"tenant": "b"}],
    "another environment of one tenant": [{"tenant": "a", "environment": "x"}, {"tenant": "a", "environment": "y"}],
    "another tenant, where one names more": [{"tenant": "a", "environment": "x"}, {"tenant": "b"}],
}
ALIKE: dict[str, list[dict[str, Any]]] = {
    "nothing is named": [{}, {}],
    "one names nothing": [{"tenant": "a"}, {}],
    "the same is named": [{"tenant": "a"}, {"tenant": "a"}],
    "one names the tenant, one the environment": [{"tenant": "a"}, {"environment": "x"}],
    "the same values of other claims": [{"tenant": "a"}, {"environment": "a"}],
    "one names more": [{"tenant": "a", "environment": "x"}, {"tenant": "a"}],
    "two of three": [{"tenant": "a"}, {"tenant": "b"}, {"tenant": "a"}],
}


@pytest.mark.parametrize("blocks", DISTINCT.values(), ids=DISTINCT)
def test_issuers_that_no_token_is_of_together_stand_side_by_side(blocks: list[dict[str, Any]]) -> None:
    for order in (blocks, blocks[::-1]):
        Choice([of(str(number), **block) for number, block in enumerate(order)])


@pytest.mark.parametrize("blocks", ALIKE.values(), ids=ALIKE)
def test_issuers_that_a_token_could_be_of_together_stop_the_start(blocks: list[dict[str, Any]]) -> None:
    for order in (blocks, blocks[::-1]):
        with pytest.raises(ConfigError):
            Choice([of(str(number), **block) for number, block in enumerate(order)])


def test_the_only_one_is_told_why_a_token_is_not_its_own() -> None:
    found, terms = Choice([of("only", tenant="a")]).of({"iss": ISSUER, "tid": "b"})
    assert found.name == "only"
    assert [pin.value for pin in terms.pins] == ["a"]


def test_the_largest_token_is_that_of_the_most_generous() -> None:
    assert Choice([of("a", tenant="a", max_token="2KiB"), of("b", tenant="b", max_token="8KiB")]).largest == 8192

"""On which connections does a token count that is bound to a certificate?"""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from tests.support.tokens import certificate

from ostiary.authn.bound import Binding, check_binding, read_binding
from ostiary.errors import InvalidToken
from ostiary.model import Certificate
from ostiary.reasons import Reason

MINE, OTHER = certificate(b"mine"), certificate(b"other")
BOUND = {"cnf": {"x5t#S256": MINE.thumbprint}}


def judge(claims: dict[str, Any], mode: Binding, shown: Certificate | None) -> Reason | None:
    try:
        check_binding(read_binding(claims, mode), shown)
    except InvalidToken as error:
        return error.reason
    return None


@pytest.mark.attack(26)
@pytest.mark.parametrize("mode", ["when-present", "required"])
def test_a_bound_token_counts_with_its_certificate_only(mode: Binding) -> None:
    assert judge(BOUND, mode, MINE) is None
    assert judge(BOUND, mode, OTHER) is Reason.TOKEN_NOT_BOUND
    assert judge(BOUND, mode, None) is Reason.TOKEN_NOT_BOUND


def test_an_unbound_token_counts_unless_a_binding_is_required() -> None:
    assert judge({}, "when-present", None) is None
    assert judge({}, "required", MINE) is Reason.TOKEN_NOT_BOUND


def test_a_binding_is_ignored_where_the_configuration_says_so() -> None:
    assert judge(BOUND, "ignore", None) is None
    assert judge({"cnf": "anything"}, "ignore", None) is None


HEX = hashlib.sha256(b"mine").hexdigest()


@pytest.mark.attack(26)
@pytest.mark.parametrize(
    "thumbprint",
    [
        HEX,
        HEX.upper(),
        ":".join(HEX[i : i + 2] for i in range(0, 64, 2)),
        MINE.thumbprint + "=",
        MINE.thumbprint[:-1],
        MINE.thumbprint + "A",
        MINE.thumbprint.lower() + "\n",
        MINE.thumbprint[:-1] + "\xe9",
        "",
        None,
        5,
        [MINE.thumbprint],
    ],
)
@pytest.mark.parametrize("mode", ["when-present", "required"])
def test_a_thumbprint_in_another_spelling_is_refused(thumbprint: Any, mode: Binding) -> None:
    assert judge({"cnf": {"x5t#S256": thumbprint}}, mode, MINE) is Reason.TOKEN_CLAIM_INVALID


@pytest.mark.parametrize(
    "cnf", [None, "x", [], {}, {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}, {"x5t": MINE.thumbprint}]
)
def test_a_confirmation_that_cannot_be_checked_is_refused(cnf: Any) -> None:
    assert judge({"cnf": cnf}, "when-present", MINE) is Reason.TOKEN_CLAIM_INVALID


@pytest.mark.parametrize("other", [{"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}, {"jwk": {}}, {"kid": "k"}])
@pytest.mark.parametrize("mode", ["when-present", "required"])
def test_nor_is_it_ignored_beside_one_that_can_be_checked(mode: Binding, other: dict[str, Any]) -> None:
    assert judge({"cnf": {**BOUND["cnf"], **other}}, mode, MINE) is Reason.TOKEN_CLAIM_INVALID


def test_a_confirmation_that_nobody_knows_is_as_if_it_were_not_there() -> None:
    assert judge({"cnf": {**BOUND["cnf"], "said": "beside it"}}, "required", MINE) is None

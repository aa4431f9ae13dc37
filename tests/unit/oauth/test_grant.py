"""Which answers of a token endpoint give a token?"""

from __future__ import annotations

import json

import pytest
from tests.support.tokens import b64

from ostiary.errors import CredentialUnavailable
from ostiary.model import Secret
from ostiary.oauth.grant import RefusedError, check_bound, read_grant
from ostiary.reasons import Reason

GOOD = {"access_token": "abc.DEF-_~+/=", "token_type": "Bearer", "expires_in": 300}


def test_the_example_of_rfc_6749():
    said = {"access_token": "2YotnFZFEjr1zCsicMWpAA", "token_type": "example", "expires_in": 3600}
    grant = read_grant(200, said | {"token_type": "bearer", "example_parameter": "example_value"}, 60)
    assert (grant.token.reveal(), grant.lasts) == (b"2YotnFZFEjr1zCsicMWpAA", 3600)


@pytest.mark.parametrize(
    ("given", "lasts"), [(None, 60), (1, 1), (2.5, 2.5), ("3599", 3599), (10**12, 366 * 86400), (10**400, 366 * 86400)]
)
def test_how_long_it_lasts(given, lasts):
    said = {**GOOD, "expires_in": given} if given is not None else {k: v for k, v in GOOD.items() if k != "expires_in"}
    assert read_grant(200, said, 60).lasts == lasts


@pytest.mark.parametrize(
    "wrong",
    [
        {"access_token": None}, {"access_token": ""}, {"access_token": 7}, {"access_token": "a b"},
        {"access_token": "a\r\nX: y"}, {"access_token": "é"}, {"access_token": "a" * 20000}, {"token_type": None},
        {"token_type": "DPoP"}, {"token_type": "N_A"}, {"token_type": ["Bearer"]}, {"expires_in": 0},
        {"expires_in": -1}, {"expires_in": True}, {"expires_in": "soon"}, {"expires_in": []},
    ],
)  # fmt: skip
def test_what_is_no_token_is_never_shown(wrong):
    with pytest.raises(CredentialUnavailable) as caught:
        read_grant(200, GOOD | wrong, 60)
    assert caught.value.reason is Reason.CREDENTIAL_UNUSABLE


@pytest.mark.parametrize("word", ["invalid_client", "invalid_grant", "unauthorized_client", "invalid_target"])
def test_a_refusal_has_a_word(word):
    with pytest.raises(RefusedError) as caught:
        read_grant(400, {"error": word, "error_description": "because"}, 60)
    assert caught.value.word == word


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (500, {}), (503, {"error": "invalid_client"}), (429, {"error": "invalid_client"}), (400, {}),
        (400, {"error": "temporarily_unavailable"}), (400, {"error": "a\nb"}), (400, {"error": 7}), (302, {}), (404, {}),
    ],
)  # fmt: skip
def test_everything_else_says_nothing_about_us(status, said):
    with pytest.raises(CredentialUnavailable) as caught:
        read_grant(status, said, 60)
    assert caught.value.reason is Reason.CREDENTIAL_UNAVAILABLE


def jwt(claims: object) -> Secret:
    return Secret(f"{b64(b'{}')}.{b64(json.dumps(claims).encode())}.{b64(b'sig')}")


def test_a_token_that_tells_must_be_bound_to_our_certificate():
    check_bound(jwt({"cnf": {"x5t#S256": "ours"}}), "ours")
    check_bound(Secret("opaque"), "ours")
    for claims in ({}, {"cnf": {}}, {"cnf": {"x5t#S256": "theirs"}}, {"cnf": "ours"}):
        with pytest.raises(CredentialUnavailable):
            check_bound(jwt(claims), "ours")

"""Which token endpoint does an issuer's metadata lead to?"""

from __future__ import annotations

import pytest

from ostiary.oauth.metadata import token_endpoint

ISSUER = "https://id.example.com"
PLAIN = {"issuer": ISSUER, "token_endpoint": "https://id.example.com/token"}
ALIASED = PLAIN | {"mtls_endpoint_aliases": {"token_endpoint": "https://mtls.example.com/token"}}


def test_the_one_that_it_names():
    assert token_endpoint(PLAIN, ISSUER, certificate=False) == "https://id.example.com/token"
    assert token_endpoint(PLAIN, ISSUER, certificate=True) == "https://id.example.com/token"


def test_a_client_with_a_certificate_goes_where_certificates_are_asked_for():
    assert token_endpoint(ALIASED, ISSUER, certificate=True) == "https://mtls.example.com/token"
    assert token_endpoint(ALIASED, ISSUER, certificate=False) == "https://id.example.com/token"


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "https://evil.example"}, {"issuer": ISSUER + "/"}, {"issuer": None}, {"token_endpoint": None},
        {"token_endpoint": "http://id.example.com/token"}, {"token_endpoint": "http://127.0.0.1/token"},
        {"token_endpoint": "https://u:p@id.example.com/"}, {"token_endpoint": 7},
    ],
)  # fmt: skip
def test_nothing_else_is_sent_a_secret(wrong):
    with pytest.raises(ValueError, match=r".+"):
        token_endpoint(PLAIN | wrong, ISSUER, certificate=False)

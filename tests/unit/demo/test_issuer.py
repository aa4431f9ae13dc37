"""Does the demo's issuer speak OpenID Connect well enough for others to verify its tokens?"""

from __future__ import annotations

import time

import httpx2
import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from ostiary.demo.issuer import Issuer, serve_issuer


@pytest.fixture
def issuer():
    with serve_issuer(0) as running:
        yield running


def published(issuer: Issuer) -> KeySet:
    metadata = httpx2.get(f"{issuer.url}/.well-known/openid-configuration", trust_env=False).json()
    assert metadata["issuer"] == issuer.url
    return KeySet.import_key_set(httpx2.get(metadata["jwks_uri"], trust_env=False).json())


def test_a_token_verifies_with_the_keys_that_discovery_leads_to(issuer):
    token = jwt.decode(issuer.sign({"sub": "alice"}, life=60), published(issuer), algorithms=["ES256"])
    assert token.claims["sub"] == "alice"
    assert token.claims["iss"] == issuer.url
    assert token.claims["exp"] > time.time()


def test_the_published_key_has_no_private_half(issuer):
    assert "d" not in issuer.jwk


def test_a_negative_life_makes_a_token_that_has_expired(issuer):
    claims = jwt.decode(issuer.sign({}, life=-60, now=1000), published(issuer), algorithms=["ES256"]).claims
    assert claims["iat"] < claims["exp"] == 940


def test_a_forger_has_the_key_id_but_not_the_key(issuer):
    forger = issuer.forger()
    assert forger.kid == issuer.kid
    with pytest.raises(BadSignatureError):
        jwt.decode(forger.sign({}, life=60), published(issuer), algorithms=["ES256"])


def test_a_port_that_is_taken_is_replaced(issuer):
    port = int(httpx2.URL(issuer.url).port or 0)
    with serve_issuer(port) as second:
        assert second.url != issuer.url
        assert published(second)

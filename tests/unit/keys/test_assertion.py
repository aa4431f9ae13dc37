"""Does the gateway prove itself to an issuer with a key of its own, whichever version signs?"""

from __future__ import annotations

import ssl
from pathlib import Path

import jwt
import pytest
from tests.unit.keys.conftest import NOW

from ostiary.config.oauth import ClientAuthSpec
from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.keys.local import LocalKeeper
from ostiary.keys.material import make
from ostiary.keys.ring import Ring
from ostiary.oauth.client import Around, compile_client

SPEC = ClientAuthSpec.model_validate({"private_key_jwt": {"key": "identity", "client_id": "gateway"}})
URL = "https://id.example.com/token"


@pytest.fixture
def ring(local, clock):
    return Ring("identity", LocalKeeper(local), keep=3600.0, clock=clock)


def client(ring: Ring | None):
    around = Around({}, Path(), {} if ring is None else {"identity": ring})
    return compile_client(SPEC, URL, around, ssl.create_default_context(), "oauth2.client")


async def test_the_published_key_set_verifies_what_was_asserted_before_and_after_a_rotation(ring, local, clock):
    local.add(make("ec-p256"), NOW - 10)
    local.add(make("rsa-2048"), NOW + 600)
    proving = client(ring)
    first = (await proving.prove()).form
    clock.now += 600
    second = (await proving.prove()).form
    assert [jwt.get_unverified_header(form["client_assertion"])["alg"] for form in (first, second)] == [
        "ES256",
        "RS256",
    ]
    known = jwt.PyJWKSet.from_dict({"keys": await ring.jwks()})
    for form in (first, second):
        assert form["client_id"] == "gateway"
        assertion = form["client_assertion"]
        key = known[jwt.get_unverified_header(assertion)["kid"]]
        claims = jwt.decode(
            assertion, key, ["ES256", "RS256"], audience=URL, options={"verify_exp": False, "verify_iat": False}
        )
        assert (claims["iss"], claims["sub"], claims["exp"] - claims["iat"]) == ("gateway", "gateway", 60)
    assert first["client_assertion"] != second["client_assertion"]


async def test_no_assertion_is_made_twice(ring, local):
    local.add(make("ec-p256"), NOW - 10)
    proving = client(ring)
    said = [
        jwt.decode(
            (await proving.prove()).form["client_assertion"], options={"verify_signature": False, "verify_exp": False}
        )
        for _ in range(3)
    ]
    assert len({claims["jti"] for claims in said}) == 3


async def test_without_a_key_nothing_is_asserted(ring, local):
    local.add(make("ec-p256"), NOW + 10)
    with pytest.raises(CredentialUnavailable):
        await client(ring).prove()


def test_a_key_that_is_not_there_stops_the_start():
    with pytest.raises(ConfigError, match="identity: not defined under `keys`"):
        client(None)

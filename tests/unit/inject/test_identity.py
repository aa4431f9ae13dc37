"""What does the upstream learn of a caller from a token that the gateway signs?"""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt as other_jwt
from joserfc.jwk import import_key
from tests.unit.inject.conftest import outbound_of

from ostiary.config.identity import IdentityTokenSpec
from ostiary.errors import ConfigError, CredentialUnavailable, Forbidden
from ostiary.inject.identity import IdentityInjector, compile_identity
from ostiary.model import Outbound, Principal, SigningKey
from ostiary.reasons import Reason


class Key:
    """A key in memory that counts what it signs."""

    def __init__(self, kid: str, private: Any, alg: str) -> None:
        self.kid, self.private, self.alg = kid, private, alg
        self.signatures = 0
        self.fails = False

    async def sign(self, data: bytes) -> bytes:
        if self.fails:
            raise CredentialUnavailable("the HSM does not answer")
        self.signatures += 1
        match self.private:
            case ec.EllipticCurvePrivateKey():
                r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(SHA256())))
                return r.to_bytes(32, "big") + s.to_bytes(32, "big")
            case rsa.RSAPrivateKey():
                return self.private.sign(data, padding.PKCS1v15(), SHA256())
        return bytes(self.private.sign(data))


class Ring:
    alias = "ours"

    def __init__(self, key: Key) -> None:
        self.key = key
        self.known = True

    def current(self) -> SigningKey | None:
        return self.key if self.known else None

    async def get(self) -> SigningKey:
        return self.key


P256 = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def ring() -> Ring:
    return Ring(Key("k-1", P256, "ES256"))


def injector(ring: Ring, clock: Any = time.time, **spec: Any) -> IdentityInjector:
    usual = {"key": "ours", "issuer": "https://gateway.example", "audience": ["crm"]}
    made = compile_identity(IdentityTokenSpec.model_validate({**usual, **spec}), ring)
    made._clock = clock
    made._tokens._clock = clock
    return made


def caller(subject: str = "alice", expires: float | None = None, **claims: Any) -> Outbound:
    return outbound_of(Principal(subject, "bank", "jwt", tenant="t-1", claims=claims, expires=expires))


async def token(one: IdentityInjector, outbound: Outbound) -> str:
    await one.inject(outbound)
    value = outbound.headers.get(b"authorization")
    assert value is not None
    assert value.startswith(b"Bearer ")
    return value.removeprefix(b"Bearer ").decode()


async def claims(one: IdentityInjector, outbound: Outbound, ring: Ring) -> dict[str, Any]:
    text = await token(one, outbound)
    return dict(jwt.decode(text, ring.key.private.public_key(), algorithms=[ring.key.alg], audience="crm"))


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # RFC 9864 gives it another name, which few know yet
@pytest.mark.parametrize(
    ("private", "alg"),
    [
        (P256, "ES256"),
        (rsa.generate_private_key(65537, 2048), "RS256"),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
    ],
    ids=["ES256", "RS256", "EdDSA"],
)
async def test_two_libraries_verify_it(private, alg):
    ring = Ring(Key("k-1", private, alg))
    text = await token(injector(ring), caller())
    said = jwt.decode(text, private.public_key(), algorithms=[alg], audience="crm", issuer="https://gateway.example")
    assert (said["sub"], said["iss"], said["aud"], said["exp"] - said["iat"]) == ("alice", said["iss"], "crm", 300)
    assert jwt.get_unverified_header(text) == {"alg": alg, "kid": "k-1", "typ": "JWT"}
    public = json.loads(jwt.get_algorithm_by_name(alg).to_jwk(private.public_key()))
    other = other_jwt.decode(text, import_key(public), algorithms=[alg])
    assert other.claims == said


async def test_claims_are_texts_or_values_as_they_are(ring):
    spec = {
        "sub": "user:{principal.subject}", "roles": "{principal.claims.roles}", "tenant": "{principal.tenant}",
        "level": "{principal.claims.level}", "via": "ostiary", "what": "{principal.claims.what}",
    }  # fmt: skip
    what = {"a": [1, {"b": None}]}
    said = await claims(injector(ring, claims=spec), caller(roles=["a", "b"], level=3, what=what), ring)
    assert said["sub"] == "user:alice"
    assert (said["roles"], said["level"], said["tenant"], said["via"], said["what"]) == (
        ["a", "b"],
        3,
        "t-1",
        "ostiary",
        what,
    )


async def test_text_cannot_break_out_of_its_claim(ring):
    evil = 'x","admin":true,"a":"'
    said = await claims(injector(ring), caller(evil), ring)
    assert said["sub"] == evil
    assert "admin" not in said


@pytest.mark.parametrize("value", [None, "", "\ud800", float("nan")])
async def test_what_is_missing_or_cannot_be_said_ends_the_request(ring, value):
    with pytest.raises(Forbidden) as caught:
        await injector(ring, claims={"team": "{principal.claims.team}"}).inject(caller(team=value))
    assert caught.value.reason is Reason.INJECTION_UNSAFE
    assert ring.key.signatures == 0


async def test_it_is_signed_once_for_a_caller_and_again_at_60_percent(ring):
    now = [1_800_000_000.0]
    one = injector(ring, lambda: now[0])
    first = await token(one, caller())
    for passed in (0, 100, 179):
        now[0] = 1_800_000_000 + passed
        assert await token(one, caller()) == first
    assert ring.key.signatures == 1
    now[0] = 1_800_000_000 + 271  # nine tenths are over: the old one is not used any more
    assert await token(one, caller()) != first
    assert ring.key.signatures == 2


async def test_a_fresh_one_does_not_suspend(ring):
    one, outbound = injector(ring), caller()
    await one.inject(outbound)
    step = one.inject(outbound)
    with pytest.raises(StopIteration):
        step.send(None)


async def test_it_never_outlives_the_evidence(ring):
    now = float(int(time.time()))
    said = await claims(injector(ring, lambda: now), caller(expires=now + 60), ring)
    assert said["exp"] - said["iat"] == 60
    with pytest.raises(Forbidden):
        await injector(ring, lambda: now).inject(caller(expires=now))


async def test_the_same_claims_with_a_later_end_are_another_token(ring):
    now = float(int(time.time()))
    one = injector(ring, lambda: now)
    ends = [(await claims(one, caller(expires=now + life), ring))["exp"] for life in (200, 60, 200)]
    assert ends == [now + 200, now + 60, now + 200]


async def test_a_new_key_signs_at_once_and_the_old_tokens_are_not_used(ring):
    one = injector(ring)
    outbound = caller()
    first = await token(one, outbound)
    ring.key = Key("k-2", P256, "ES256")
    second = await token(one, outbound)
    assert [jwt.get_unverified_header(text)["kid"] for text in (first, second)] == ["k-1", "k-2"]
    assert (outbound.request.record.credential, outbound.request.record.credential_version) == ("ours", "k-2")


async def test_a_key_that_cannot_sign_is_503_and_a_token_that_counts_is_used_on(ring):
    now = [1_800_000_000.0]
    one = injector(ring, lambda: now[0])
    await token(one, caller())
    ring.key.fails = True
    now[0] += 200
    await token(one, caller())
    with pytest.raises(CredentialUnavailable) as caught:
        await token(one, caller("bob"))
    assert caught.value.retry_after


async def test_another_header_has_it_alone(ring):
    one = injector(ring, header="X-Identity", type="at+jwt", audience=["a", "b"])
    outbound = caller()
    await one.inject(outbound)
    value = outbound.headers.get(b"x-identity")
    assert value is not None
    assert jwt.get_unverified_header(value.decode())["typ"] == "at+jwt"
    assert jwt.decode(value, options={"verify_signature": False})["aud"] == ["a", "b"]
    assert one.owns == frozenset({b"x-identity"})


async def test_the_number_of_tokens_is_bounded(ring):
    one = injector(ring)
    one._most = 3
    one._tokens._most = 3
    for number in range(20):
        await token(one, caller(f"caller-{number}"))
    assert (len(one._seen) <= 3, len(one._tokens)) == (True, 3)


def test_a_text_about_the_request_stops_the_start(ring):
    with pytest.raises(ConfigError, match="many requests"):
        injector(ring, claims={"rid": "{request.id}"})


SAID = st.tuples(
    st.sampled_from(["alice", "bob"]), st.sampled_from(["a", "b", "ab", ""]), st.sampled_from(["b", "", "bb"])
)


@given(callers=st.lists(SAID, min_size=1, max_size=20))
async def test_nobody_is_ever_given_the_token_of_another(callers):
    ring = Ring(Key("k-1", ed25519.Ed25519PrivateKey.generate(), "EdDSA"))
    one = injector(ring, claims={"sub": "{principal.subject}", "mix": "x{principal.claims.a}{principal.claims.b}"})
    principals = [Principal(who, "bank", "jwt", claims={"a": f"_{a}", "b": f"_{b}"}) for who, a, b in callers]
    for principal in (*principals, *principals):
        said = await claims(one, outbound_of(principal), ring)
        mix = f"x{principal.claims['a']}{principal.claims['b']}"
        assert (said["sub"], said["mix"]) == (principal.subject, mix)

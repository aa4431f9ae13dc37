"""What can a program do with keys that embeds the gateway?"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import jwt
import pytest
from joserfc import jwe
from joserfc.jwk import ECKey, RSAKey
from tests.unit.keys.conftest import NOW

from ostiary.authn.envelope import Envelopes
from ostiary.errors import CredentialUnavailable, InvalidToken
from ostiary.jwks.encoding import base64url
from ostiary.keys.api import Keys
from ostiary.keys.errors import KeyRefused
from ostiary.keys.jwe import encrypt
from ostiary.keys.local import LocalKeeper, LocalRing, record_path
from ostiary.keys.material import make
from ostiary.keys.ring import Ring
from ostiary.pki.keys import private_pem

KINDS = {"rsa": "rsa-2048", "ec": "ec-p256", "wide": "ec-p384", "ed": "ed25519"}
CLAIMS = {"aal": 3}


@pytest.fixture(scope="module")
def materials():
    return {name: make(kind) for name, kind in KINDS.items()}


@pytest.fixture
def keys(store, clock, materials):
    rings = {}
    for name, material in materials.items():
        local = LocalRing(store, record_path(name))
        local.add(material, NOW - 10)
        rings[name] = Ring(name, LocalKeeper(local), keep=3600.0, clock=clock)
    return Keys(rings)


@pytest.mark.parametrize("name", KINDS)
async def test_claims_are_signed_and_nothing_is_added(keys, name):
    token = await keys.sign(CLAIMS, name)
    found = jwt.PyJWKSet.from_dict(await keys.jwks(name))
    key = found[jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(token, key, algorithms=["RS256", "ES256", "ES384", "EdDSA"]) == CLAIMS


@pytest.mark.parametrize(("name", "alg"), [("rsa", "RSA-OAEP-256"), ("ec", "ECDH-ES"), ("wide", "ECDH-ES")])
async def test_claims_are_encrypted_to_a_key(keys, materials, name, alg):
    token = await keys.encrypt(CLAIMS, name)
    key = (RSAKey if name == "rsa" else ECKey).import_key(private_pem(materials[name].private))
    opened = jwe.decrypt_compact(token, key, algorithms=[alg, "A256GCM"])
    assert json.loads(opened.plaintext) == CLAIMS
    assert (opened.protected["alg"], opened.protected["enc"]) == (alg, "A256GCM")
    assert json.loads(await keys.decrypt(token, name)) == CLAIMS


@pytest.mark.parametrize(("name", "to"), [("rsa", None), ("ec", "rsa"), ("ed", "wide")])
async def test_a_signed_token_is_encrypted_and_our_own_judge_opens_it(keys, materials, name, to):
    token = await keys.sign_and_encrypt(CLAIMS, name, to=to)
    inner = Envelopes([materials[to or name].private]).open(token.encode())
    found = jwt.PyJWKSet.from_dict(await keys.jwks(name)).keys[0]
    assert jwt.decode(inner, found, algorithms=["RS256", "ES256", "EdDSA"]) == CLAIMS
    assert json.loads(base64url(token.partition(".")[0].encode()))["cty"] == "JWT"
    assert (await keys.decrypt(token, to or name)).encode() == inner


async def test_nobody_else_reads_it(keys, materials):
    token = await keys.encrypt(CLAIMS, "rsa")
    with pytest.raises(InvalidToken):
        Envelopes([make("rsa-2048").private]).open(token.encode())
    with pytest.raises(KeyRefused, match="no version of ec opens"):
        await keys.decrypt(token, "ec")


async def test_a_key_that_only_signs_is_not_encrypted_to(keys):
    with pytest.raises(KeyRefused, match="only signs"):
        await keys.encrypt(CLAIMS, "ed")


async def test_an_older_version_still_opens_what_was_encrypted_to_it(keys, store, clock):
    token = await keys.encrypt(CLAIMS, "rsa")
    LocalRing(store, record_path("rsa")).add(make("rsa-2048"), NOW - 1)
    fresh = Keys({"rsa": Ring("rsa", LocalKeeper(LocalRing(store, record_path("rsa"))), keep=1.0, clock=clock)})
    assert json.loads(await fresh.decrypt(token, "rsa")) == CLAIMS


DEEP = urlsafe_b64encode(b"[" * 100_000).decode()


@pytest.mark.parametrize("token", ["", "a", "e30", "e30....", "!.a.b.c.d", "W10.a.b.c.d", f"{DEEP}.a.b.c.d"])
async def test_what_is_no_token_stays_closed(keys, token):
    with pytest.raises(KeyRefused):
        await keys.decrypt(token, "rsa")


async def test_a_changed_token_stays_closed_and_nothing_is_told_of_it(keys, materials):
    public = materials["rsa"].public
    token = encrypt(b"canary-5512", public, (await keys["rsa"].get()).kid, "RSA-OAEP-256")
    with pytest.raises(KeyRefused) as caught:
        await keys.decrypt(token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), "rsa")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(("name", "alg"), [("rsa", "RSA-OAEP-256"), ("rsa", "RSA-OAEP"), ("ec", "ECDH-ES")])
async def test_a_ring_for_encrypted_tokens_opens_what_its_key_set_asks_for_and_does_not_sign(
    store, keys, clock, name, alg
):
    keeper = LocalKeeper(LocalRing(store, record_path(name), alg))
    inbox = Keys({"inbox": Ring("inbox", keeper, keep=1.0, clock=clock)})
    (known,) = (await inbox.jwks())["keys"]
    assert (known["alg"], known["use"]) == (alg, "enc")
    head = {"alg": known["alg"], "enc": "A256GCM", "kid": known["kid"]}
    public = (RSAKey if name == "rsa" else ECKey).import_key(known)
    theirs = jwe.encrypt_compact(head, b"from elsewhere", public, algorithms=[alg, "A256GCM"])
    assert await inbox.decrypt(theirs, "inbox") == "from elsewhere"
    assert json.loads(await inbox.decrypt(await inbox.encrypt(CLAIMS, "inbox"), "inbox")) == CLAIMS
    with pytest.raises(KeyRefused, match="does not sign"):
        await inbox.sign(CLAIMS, "inbox")
    with pytest.raises(CredentialUnavailable, match="does not sign"):
        await (await inbox["inbox"].get()).sign(b"data")


async def test_one_key_with_two_uses_has_two_ids(store, keys, clock):
    keeper = LocalKeeper(LocalRing(store, record_path("rsa"), "RSA-OAEP-256"))
    inbox = Keys({"inbox": Ring("inbox", keeper, keep=1.0, clock=clock)})
    (signs,), (opens,) = (await keys.jwks("rsa"))["keys"], (await inbox.jwks())["keys"]
    assert (opens["kid"], opens["n"]) == (f"{signs['kid']}-enc", signs["n"])


async def test_a_token_that_was_encrypted_in_another_way_than_its_ring_says_stays_closed(store, keys, clock):
    keeper = LocalKeeper(LocalRing(store, record_path("rsa"), "RSA-OAEP-256"))
    inbox = Keys({"inbox": Ring("inbox", keeper, keep=1.0, clock=clock)})
    key = await inbox["inbox"].get()
    with pytest.raises(KeyRefused):
        await inbox.decrypt(encrypt(b"x", key.version.public, key.kid, "RSA-OAEP"), "inbox")


async def test_a_ring_for_encrypted_tokens_wants_a_key_that_can_be_encrypted_to(store, keys, clock):
    for name, alg in (("ec", "RSA-OAEP-256"), ("rsa", "ECDH-ES"), ("ed", "ECDH-ES")):
        keeper = LocalKeeper(LocalRing(store, record_path(name), alg))
        with pytest.raises(CredentialUnavailable, match=f"cannot be encrypted to this key with {alg}"):
            await Ring("inbox", keeper, keep=1.0, clock=clock).get()


async def test_numbers_that_json_does_not_have_are_refused(keys):
    with pytest.raises(ValueError, match="JSON"):
        await keys.sign({"n": float("nan")}, "ec")


async def test_a_key_that_cannot_be_had_is_said(store, clock):
    keys = Keys({"none": Ring("none", LocalKeeper(LocalRing(store, "keys/none")), keep=1.0, clock=clock)})
    with pytest.raises(CredentialUnavailable):
        await keys.sign(CLAIMS, "none")
    with pytest.raises(KeyError):
        await keys.sign(CLAIMS, "nobody")

"""What can a key do, and how does it stand in a key set?"""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from joserfc import jws
from joserfc.jwk import import_key

from ostiary.jwks.encoding import unpadded
from ostiary.keys.algorithms import algorithm, fitting, jwk, sign, thumbprint, verifies
from ostiary.keys.errors import KeyRefused
from ostiary.pki.keys import generate

KINDS = ("ec-p256", "ec-p384", "rsa-2048", "ed25519")
KEYS = {kind: generate(kind) for kind in KINDS}
PAIRS = [(kind, alg) for kind in KINDS for alg in fitting(KEYS[kind].public_key())]


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # by RFC 9864, which few verifiers know yet
@pytest.mark.parametrize(("kind", "alg"), PAIRS)
def test_another_library_verifies_what_is_signed(kind, alg):
    key = KEYS[kind]
    data = unpadded(json.dumps({"alg": alg}).encode()) + "." + unpadded(b"payload")
    token = f"{data}.{unpadded(sign(key, alg, data.encode()))}"
    public = import_key(jwk(key.public_key(), alg, "k"))
    assert jws.deserialize_compact(token, public, algorithms=[alg]).payload == b"payload"


@pytest.mark.parametrize(("kind", "alg"), PAIRS)
def test_a_signature_is_verified_and_another_is_not(kind, alg):
    key = KEYS[kind]
    signature = sign(key, alg, b"data")
    assert verifies(key.public_key(), alg, b"data", signature)
    assert not verifies(key.public_key(), alg, b"other", signature)


@pytest.mark.parametrize(("kind", "size"), [("ec-p256", 64), ("ec-p384", 96), ("ed25519", 64)])
def test_elliptic_signatures_have_the_length_of_r_and_s(kind, size):
    key = KEYS[kind]
    assert {len(sign(key, fitting(key.public_key())[0], bytes([n]))) for n in range(20)} == {size}


@pytest.mark.parametrize("kind", KINDS)
def test_the_thumbprint_is_that_of_another_library(kind):
    public = KEYS[kind].public_key()
    found = jwk(public, fitting(public)[0], "k")
    assert (
        thumbprint(public)
        == import_key({name: found[name] for name in found if name not in ("alg", "use", "kid")}).thumbprint()
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_set_has_nothing_private_in_it(kind):
    public = KEYS[kind].public_key()
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(jwk(public, fitting(public)[0], "k"))


def test_the_usual_way_is_taken_unless_another_is_wanted():
    public = KEYS["rsa-2048"].public_key()
    assert (algorithm(public, None), algorithm(public, "PS256")) == ("RS256", "PS256")


def test_a_key_does_not_sign_in_the_way_of_another_kind():
    with pytest.raises(KeyRefused, match="cannot sign with RS256; it can with ES256"):
        algorithm(KEYS["ec-p256"].public_key(), "RS256")


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 1024).public_key(),
        ec.generate_private_key(ec.SECP256K1()).public_key(),
        ec.generate_private_key(ec.SECP521R1()).public_key(),
        dsa.generate_private_key(1024).public_key(),
    ],
    ids=["rsa-1024", "secp256k1", "p-521", "dsa"],
)
def test_keys_of_other_kinds_and_sizes_are_refused(key):
    with pytest.raises(KeyRefused):
        fitting(key)

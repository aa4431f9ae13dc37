"""Which members of a key set do we verify with, and for what?"""

from __future__ import annotations

import math
from typing import Any, get_args

import pytest
from tests.support.tokens import Signer, b64, number

from ostiary.config.schema import Algorithm
from ostiary.jwks.jwk import read_key
from ostiary.jwks.roca import has_roca_fingerprint

EVERY = frozenset[str](get_args(Algorithm))
EC = Signer()
RSA = Signer(alg="RS256")
PRIMES = [p for p in range(3, 168) if all(p % d for d in range(2, p))]


def refused(member: Any, allowed: frozenset[str] = EVERY) -> str:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is returned
        read_key(member, allowed)
    return str(caught.value)


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512", "RS256", "PS512", "EdDSA"])
def test_a_key_verifies_its_own_algorithm_only(alg: str) -> None:
    assert read_key(Signer(alg=alg).jwk(), EVERY).algorithms == {alg}


def test_a_key_without_alg_verifies_what_fits_its_type() -> None:
    assert read_key(EC.jwk(alg=None), EVERY).algorithms == {"ES256"}
    assert read_key(RSA.jwk(alg=None), EVERY).algorithms == {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}


def test_the_configuration_narrows_what_a_key_verifies() -> None:
    assert read_key(RSA.jwk(alg=None), frozenset(("RS256", "ES256"))).algorithms == {"RS256"}
    assert "accepted" in refused(RSA.jwk(), frozenset(("ES256",)))


def test_both_edwards_curves_are_known() -> None:
    assert read_key(Signer(alg="EdDSA").jwk(), EVERY).signature_size == 64
    assert read_key(Signer(alg="EdDSA", bits=448).jwk(), EVERY).signature_size == 114


@pytest.mark.parametrize("x", [b64(b"x" * 31), b64(b"x" * 33), b64(b"x" * 57), ""])
def test_an_edwards_key_has_the_length_of_its_curve(x: str) -> None:
    assert refused(Signer(alg="EdDSA").jwk(x=x))


def test_the_thumbprint_is_that_of_rfc_7638() -> None:
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs"
        "tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91"
        "CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    key = read_key({"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}, EVERY)
    assert key.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.attack(4, 10)
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"use": "enc"}, "use"),
        ({"use": 1}, "use"),
        ({"key_ops": ["encrypt"]}, "key_ops"),
        ({"key_ops": []}, "key_ops"),
        ({"key_ops": "verify"}, "key_ops"),
        ({"alg": "ES384"}, "alg"),
        ({"alg": "RS256"}, "alg"),
        ({"alg": "none"}, "alg"),
        ({"alg": "HS256"}, "alg"),
        ({"alg": 256}, "alg"),
        ({"kty": "RSA"}, "lacks n"),
        ({"kty": "oct", "k": b64(b"x" * 32)}, "symmetric"),
        ({"kty": "oct"}, "symmetric"),
        ({"kty": "DSA"}, "kty"),
        ({"kty": ["EC"]}, "kty"),
        ({"d": b64(b"x" * 32)}, "private"),
        ({"k": b64(b"x" * 32)}, "private"),
        ({"crv": "P-384"}, "length"),
        ({"crv": "secp256k1"}, "crv"),
        ({"crv": ["P-256"]}, "crv"),
        ({"x": b64(b"\1" * 32)}, "curve"),
        ({"x": b64(b"\1" * 31)}, "length"),
        ({"x": "a b"}, "base64url"),
        ({"x": "\xe9"}, "base64url"),
        ({"x": 5}, "lacks x"),
        ({"y": ""}, "lacks y"),
        ({"kid": 7}, "kid"),
        ({"kid": ["key-1"]}, "kid"),
        ({"kid": ""}, "kid"),
        ({"kid": "a\r\nb"}, "kid"),
        ({"kid": "k" * 10_000}, "kid"),
    ],
)
def test_a_member_that_is_not_a_sound_signature_key_is_left_out(changes: dict[str, Any], why: str) -> None:
    assert why in refused({**EC.jwk(), **changes})


@pytest.mark.parametrize("member", [None, [], "key", 7])
def test_a_member_that_is_no_object_is_left_out(member: Any) -> None:
    assert "object" in refused(member)


@pytest.mark.attack(10)
def test_an_rsa_key_is_2048_to_8192_bits_long() -> None:
    assert "1024 bits" in refused(Signer(alg="RS256", bits=1024).jwk())
    assert "bits" in refused(RSA.jwk(n=number((1 << 8192) + 1)))


@pytest.mark.attack(10)
@pytest.mark.parametrize("exponent", [1, 2, 4, 65536, (1 << 64) + 1])
def test_an_rsa_exponent_that_is_even_or_out_of_range_is_refused(exponent: int) -> None:
    assert "exponent" in refused(RSA.jwk(e=number(exponent)))


def test_an_rsa_exponent_of_three_is_accepted() -> None:
    assert read_key(RSA.jwk(e=number(3)), EVERY)


def test_an_even_modulus_can_be_factored() -> None:
    modulus = RSA.private.public_key().public_numbers().n
    assert "factored" in refused(RSA.jwk(n=number(modulus + 1)))


def roca_modulus() -> int:
    """A number of the form that the broken generator makes; no factor is prime, which the fingerprint cannot tell."""
    product = math.prod(PRIMES)
    factors = []
    for secret in (12_345, 54_321):
        factor = (1 << 1030) // product * product + pow(65537, secret, product)
        factors.append(factor if factor % 2 else factor + product)
    return math.prod(factors)


def test_the_fingerprint_of_a_broken_generator_is_known() -> None:
    assert has_roca_fingerprint(roca_modulus())
    assert not has_roca_fingerprint(RSA.private.public_key().public_numbers().n)


@pytest.mark.attack(10)
def test_a_key_with_that_fingerprint_is_refused() -> None:
    modulus = roca_modulus()
    assert modulus % 2
    assert "factored" in refused(RSA.jwk(n=number(modulus)))


def test_no_reason_repeats_key_material() -> None:
    private = b64(b"the private half of the key here")
    assert private not in refused({**EC.jwk(), "d": private})

"""Which signatures count, made with which keys and algorithms?"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any, get_args

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey, RSAKey
from tests.support.tokens import Signer, b64, good_claims, key_set

from ostiary.authn.compact import parse
from ostiary.authn.signature import verify
from ostiary.config.schema import Algorithm
from ostiary.errors import InvalidToken
from ostiary.jwks import KeySet
from ostiary.reasons import Reason

EVERY = frozenset[str](get_args(Algorithm))
EC, RSA = Signer("ec"), Signer("rsa", "RS256")
CLAIMS = json.dumps(good_claims())


def keys(*members: object) -> KeySet:
    return KeySet.read(key_set(*members), EVERY)  # type: ignore[arg-type]


def refused(token: bytes, *members: object) -> Reason:
    with pytest.raises(InvalidToken) as caught:
        verify(parse(token, 100_000), keys(*members))
    return caught.value.reason


@pytest.mark.parametrize("alg", sorted(EVERY))
def test_each_algorithm_verifies_its_own_signatures(alg: str) -> None:
    signer = Signer("k", alg)
    assert verify(parse(signer.token(), 8192), keys(signer, EC)).kid == "k"
    assert refused(Signer("k", alg).token(), signer) is Reason.TOKEN_SIGNATURE_INVALID


def test_ed448_is_eddsa_too() -> None:
    signer = Signer("k", "EdDSA", bits=448)
    assert verify(parse(signer.token(), 8192), keys(signer))


@pytest.mark.attack(1)
@pytest.mark.parametrize("alg", ["none", "None", "nOnE", "NONE", ""])
@pytest.mark.parametrize("signature", ["", b64(b"\0" * 64)])
def test_a_token_without_a_signature_is_refused(alg: str, signature: str) -> None:
    token = f"{b64(json.dumps({'alg': alg, 'kid': 'ec'}).encode())}.{b64(CLAIMS.encode())}.{signature}".encode()
    assert refused(token, EC) is Reason.TOKEN_ALGORITHM_NOT_ALLOWED


def public_forms() -> list[bytes]:
    public = RSA.private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return [
        pem,
        pem.rstrip(),
        b"\xef\xbb\xbf" + pem,
        public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        json.dumps(RSA.jwk()).encode(),
        key_set(RSA),
        RSA.jwk()["n"].encode(),
        b"",
    ]


@pytest.mark.attack(2)
@pytest.mark.parametrize("secret", public_forms())
@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_public_key_is_never_a_shared_secret(secret: bytes, alg: str) -> None:
    signing_input = f"{b64(json.dumps({'alg': alg, 'kid': 'rsa'}).encode())}.{b64(CLAIMS.encode())}".encode()
    digest = hmac.new(secret, signing_input, getattr(hashlib, f"sha{alg[2:]}")).digest()
    token = signing_input + b"." + b64(digest).encode()
    assert refused(token, RSA) is Reason.TOKEN_ALGORITHM_NOT_ALLOWED
    assert refused(token, RSA.jwk(alg=None)) is Reason.TOKEN_ALGORITHM_NOT_ALLOWED


@pytest.mark.attack(3)
@pytest.mark.parametrize(
    ("own", "used"), [("PS256", "RS256"), ("PS256", "PS384"), ("RS256", "PS256"), ("RS256", "RS512")]
)
def test_a_key_is_not_used_for_another_algorithm_than_its_own(own: str, used: str) -> None:
    signer = Signer("k", own, private=RSA.private)
    token = signer.compact(json.dumps({"alg": used, "kid": "k"}), CLAIMS, used)
    assert refused(token, signer) is Reason.TOKEN_ALGORITHM_NOT_ALLOWED
    assert verify(parse(token, 8192), keys(signer.jwk(alg=None)))


@pytest.mark.attack(22)
def test_a_curve_is_not_used_for_another_curve_s_algorithm() -> None:
    signer = Signer("k", "ES384")
    signature_like = signer.compact(json.dumps({"alg": "ES256", "kid": "k"}), CLAIMS, "ES384")
    assert refused(signature_like, signer) is Reason.TOKEN_ALGORITHM_NOT_ALLOWED
    assert refused(signature_like, signer.jwk(alg=None)) is Reason.TOKEN_ALGORITHM_NOT_ALLOWED


ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def split(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32]), int.from_bytes(signature[32:])


def joined(r: int, s: int) -> bytes:
    return r.to_bytes(32) + s.to_bytes(32)


@pytest.mark.attack(22)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda _: bytes(64),
        lambda sig: joined(0, split(sig)[1]),
        lambda sig: joined(split(sig)[0], 0),
        lambda _: joined(0, 1),
        lambda _: joined(1, 0),
        lambda _: joined(ORDER, ORDER),
        lambda sig: joined(ORDER, split(sig)[1]),
        lambda sig: joined(split(sig)[0], ORDER),
        lambda _: b"\xff" * 64,
        lambda sig: encode_dss_signature(*split(sig)),
        lambda sig: sig + b"\0",
        lambda sig: b"\0" + sig,
        lambda sig: b"\0" + sig[:32] + b"\0" + sig[32:],
        lambda sig: sig[:-1],
        lambda sig: sig[:32],
        lambda sig: sig * 2,
        lambda sig: sig[32:] + sig[:32],
        lambda sig: sig[:-1] + bytes([sig[-1] ^ 1]),
    ],
)
def test_an_ecdsa_signature_is_two_numbers_in_range_of_exact_length(spoil: Callable[[bytes], bytes]) -> None:
    signing_input, _, _ = EC.token().rpartition(b".")
    token = signing_input + b"." + b64(spoil(EC.sign(signing_input))).encode()
    assert refused(token, EC) is Reason.TOKEN_SIGNATURE_INVALID


@pytest.mark.attack(22)
@pytest.mark.parametrize("spoil", [lambda s: b"\0" + s, lambda s: s + b"\0", lambda s: s[:-1], lambda s: bytes(len(s))])
@pytest.mark.parametrize("alg", ["RS256", "PS256", "EdDSA"])
def test_a_signature_of_another_length_or_of_zeros_is_refused(alg: str, spoil: Callable[[bytes], bytes]) -> None:
    signer = Signer("k", alg)
    signing_input, _, _ = signer.token().rpartition(b".")
    token = signing_input + b"." + b64(spoil(signer.sign(signing_input))).encode()
    assert refused(token, signer) is Reason.TOKEN_SIGNATURE_INVALID


def test_another_key_of_the_set_does_not_help() -> None:
    other = Signer("other")
    assert refused(EC.token(kid="other"), EC, other) is Reason.TOKEN_SIGNATURE_INVALID


@pytest.mark.attack(5)
def test_a_key_in_the_token_s_own_header_is_ignored() -> None:
    mallory = Signer("mallory")
    assert refused(mallory.token(jwk=mallory.jwk()), EC) is Reason.TOKEN_KEY_UNKNOWN
    assert refused(mallory.token(kid="ec", jwk=mallory.jwk()), EC) is Reason.TOKEN_SIGNATURE_INVALID


def test_changed_claims_are_not_signed() -> None:
    head, _, signature = EC.token().split(b".")
    forged = b64(json.dumps(good_claims(sub="admin")).encode()).encode()
    assert refused(b".".join((head, forged, signature)), EC) is Reason.TOKEN_SIGNATURE_INVALID


@pytest.mark.parametrize(
    ("alg", "make"),
    [
        ("ES256", lambda: ECKey.generate_key("P-256")),
        ("ES384", lambda: ECKey.generate_key("P-384")),
        ("ES512", lambda: ECKey.generate_key("P-521")),
        ("RS256", lambda: RSAKey.generate_key(2048)),
        ("PS512", lambda: RSAKey.generate_key(2048)),
    ],
)
def test_tokens_and_key_sets_of_another_library_count(alg: str, make: Callable[[], Any]) -> None:
    key = make()
    raw = joserfc_jwt.encode({"alg": alg, "kid": "other"}, good_claims(), key, algorithms=[alg])
    public = {**key.as_dict(private=False), "kid": "other"}
    assert verify(parse(raw.encode(), 8192), keys(public)).kid == "other"


class Yes:
    """A library that calls everything good."""

    def verify(self, *_: object) -> bool:
        return True


@pytest.mark.parametrize(
    "signature",
    [b"", bytes(64), joined(0, 1), joined(1, 0), joined(ORDER, 1), joined(1, ORDER), b"\1" * 63, b"\1" * 65],
)
def test_length_and_range_are_our_own_judgement(signature: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ostiary.authn.signature._ALGORITHMS", {"ES256": Yes()})
    signing_input, _, _ = EC.token().rpartition(b".")
    assert verify(parse(signing_input + b"." + b64(joined(1, ORDER - 1)).encode(), 8192), keys(EC))
    assert refused(signing_input + b"." + b64(signature).encode(), EC) is Reason.TOKEN_SIGNATURE_INVALID

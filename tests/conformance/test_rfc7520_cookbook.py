"""Which of the examples of RFC 7520 (and RFC 7797, RFC 8037) do we accept?

The signatures with public keys, in compact form. What has a shared key, detached content, several signatures,
or the JSON form is refused, and so is what is encrypted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest

from ostiary.authn.compact import parse
from ostiary.authn.signature import verify
from ostiary.config.schema import Algorithm
from ostiary.errors import InvalidToken
from ostiary.jwks import KeySet
from ostiary.reasons import Reason

pytestmark = pytest.mark.conformance

FILE = "rfc7520_cookbook.json"
EVERY = frozenset[str](get_args(Algorithm))
PRIVATE = {"d", "p", "q", "dp", "dq", "qi"}
ACCEPTED = {
    "jws/4_1.rsa_v15_signature.json": "RS256",
    "jws/4_2.rsa-pss_signature.json": "PS384",
    "jws/4_3.ecdsa_signature.json": "ES512",
    "curve25519/jws.json": "EdDSA",
}

Reader = Callable[[str], Any]


def examples(vectors: Reader, folder: str = "") -> dict[str, Any]:
    return {entry["file"]: entry["data"] for entry in vectors(FILE) if entry["file"].startswith(folder)}


def public_half(key: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in key.items() if name not in PRIVATE}


def judge(token: str, *keys: dict[str, Any]) -> Reason | None:
    try:
        verify(parse(token.encode(), 1 << 20), KeySet.read(json.dumps({"keys": keys}).encode(), EVERY))
    except InvalidToken as error:
        return error.reason
    return None


@pytest.mark.parametrize("name", sorted(ACCEPTED))
def test_compact_signatures_with_public_keys_are_accepted(vectors: Reader, name: str) -> None:
    example = examples(vectors)[name]
    key = public_half(example["input"]["key"])
    token = example["output"]["compact"]
    assert parse(token.encode(), 1 << 20).algorithm == ACCEPTED[name]
    assert parse(token.encode(), 1 << 20).payload.decode() == example["input"]["payload"]
    assert judge(token, key) is None
    assert judge(token[:-6] + "AAAAAA", key) in (Reason.TOKEN_SIGNATURE_INVALID, Reason.TOKEN_MALFORMED)


def test_every_other_signature_is_refused(vectors: Reader) -> None:
    others = {
        name: example
        for name, example in {**examples(vectors, "jws/"), **examples(vectors, "rfc7797/")}.items()
        if name not in ACCEPTED
    }
    assert len(others) == 7
    public = [public_half(example["input"]["key"]) for name, example in examples(vectors).items() if name in ACCEPTED]
    keys = [key for key in public if key["kty"] != "RSA"][:1]
    for example in others.values():
        for form in example["output"].values():
            assert judge(form if isinstance(form, str) else json.dumps(form), *keys) is not None


@pytest.mark.attack(21)
def test_what_is_encrypted_is_refused_before_any_key_is_asked(vectors: Reader) -> None:
    encrypted = [
        example["output"]["compact"] for example in examples(vectors, "jwe/").values() if "compact" in example["output"]
    ]
    assert len(encrypted) > 8
    for token in encrypted:
        with pytest.raises(InvalidToken) as caught:
            parse(token.encode(), 1 << 20)
        assert caught.value.reason is Reason.TOKEN_MALFORMED


@pytest.mark.parametrize(
    ("name", "usable"),
    [
        ("jwk/3_1.ec_public_key.json", True),
        ("jwk/3_2.ec_private_key.json", False),
        ("jwk/3_3.rsa_public_key.json", True),
        ("jwk/3_4.rsa_private_key.json", False),
        ("jwk/3_5.symmetric_key_mac_computation.json", False),
        ("jwk/3_6.symmetric_key_encryption.json", False),
    ],
)
def test_only_public_keys_are_usable(vectors: Reader, name: str, usable: bool) -> None:
    document = json.dumps({"keys": [examples(vectors)[name]]}).encode()
    if usable:
        assert len(KeySet.read(document, EVERY).keys) == 1
    else:
        with pytest.raises(ValueError, match="no key to verify with"):
            KeySet.read(document, EVERY)

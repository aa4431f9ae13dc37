"""Do we open what Wycheproof calls valid, as far as it is of our algorithms, and nothing else?

Each group's private key is the only key that we have. What is valid in other algorithms (key wrapping by shared keys,
RSA PKCS #1 v1.5, RSA-OAEP with SHA-1, CBC) is left closed on purpose: a peer chooses what it encrypts with, and these
are what it need not choose.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from ostiary.authn.envelope import Envelopes
from ostiary.errors import InvalidToken

pytestmark = pytest.mark.conformance

FILE = "wycheproof_json_web_encryption_test.json"
OURS = {("RSA-OAEP-256", "A256GCM"), ("ECDH-ES", "A256GCM")}

Reader = Callable[[str], Any]


def cases(vectors: Reader) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for group in vectors(FILE)["testGroups"]:
        yield from ((group["private"], test) for test in group["tests"])


def private(key: dict[str, Any]) -> Any:
    reader = {"RSA": RSAAlgorithm, "EC": ECAlgorithm}[key["kty"]]
    found = reader.from_jwk({name: value for name, value in key.items() if name != "alg"})
    assert isinstance(found, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return found


def opened(keys: list[Any], token: Any) -> bytes | None:
    octets = token.encode() if isinstance(token, str) else json.dumps(token).encode()
    try:
        return Envelopes(keys).open(octets)
    except InvalidToken:
        return None


def header(test: dict[str, Any]) -> dict[str, Any]:
    """What an envelope says of itself; nothing where that cannot be read."""
    try:
        first = test["jwe"].split(".")[0]
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (ValueError, AttributeError):
        return {}
    return found


def of_ours(key: dict[str, Any], test: dict[str, Any]) -> bool:
    said = header(test)
    return (said.get("alg"), said.get("enc")) in OURS and said.get("alg") == key["alg"] and "zip" not in said


def test_every_vector_is_seen(vectors: Reader) -> None:
    assert len(list(cases(vectors))) == vectors(FILE)["numberOfTests"] == 139


def test_of_our_algorithms_what_is_valid_is_opened_and_nothing_else_is(vectors: Reader) -> None:
    judged = {}
    for key, test in cases(vectors):
        if key["kty"] != "oct" and of_ours(key, test):
            text = bytes.fromhex(test["pt"]) if test["result"] == "valid" else None
            judged[test["tcId"]] = (opened([private(key)], test["jwe"]), text)
    assert {number for number, (ours, theirs) in judged.items() if ours != theirs} == set()
    assert sum(theirs is not None for _, theirs in judged.values()) >= 2


@pytest.mark.attack(21)
def test_other_algorithms_and_compression_stay_closed_valid_or_not(vectors: Reader) -> None:
    others = [(key, test) for key, test in cases(vectors) if key["kty"] != "oct" and not of_ours(key, test)]
    assert len(others) > 60
    assert [test["tcId"] for key, test in others if opened([private(key)], test["jwe"]) is not None] == []


@pytest.mark.attack(21)
def test_what_is_closed_with_a_shared_key_is_not_opened_with_one_of_ours(vectors: Reader) -> None:
    ours = [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())]
    shared = [test for key, test in cases(vectors) if key["kty"] == "oct"]
    assert len(shared) > 40
    assert [test["tcId"] for test in shared if opened(ours, test["jwe"]) is not None] == []

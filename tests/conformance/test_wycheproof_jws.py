"""Do we accept what Wycheproof calls valid, and nothing that it calls invalid?

The vectors go through the very functions that the authenticator calls, one level below the claims: key set,
parser, signature. Each group's key is the only key of an issuer that accepts every algorithm we know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest

from ostiary.authn.compact import parse
from ostiary.authn.signature import verify
from ostiary.config.schema import Algorithm
from ostiary.errors import InvalidToken
from ostiary.jwks import KeySet

pytestmark = pytest.mark.conformance

FILE = "wycheproof_json_web_signature_test.json"
EVERY = frozenset[str](get_args(Algorithm))
LARGEST = 1 << 20

SAME_AS_VALID = {367, 370}  # the octets of 357, which is valid
WITH_QUESTION_MARK = {372, 373}  # called valid, with a character that is not base64url
OTHER_ALGORITHM = {346, 350}  # a key for PS256 with a token of PS384, called valid
DEFECTIVE = SAME_AS_VALID | WITH_QUESTION_MARK | OTHER_ALGORITHM

Reader = Callable[[str], Any]


def key_of(group: dict[str, Any]) -> dict[str, Any]:
    """The public key of a group, or the shared one. ES521 is how the file writes ES512."""
    key = dict(group.get("public") or group["private"])
    if key.get("alg") == "ES521":
        key["alg"] = "ES512"
    return key


def accepted(group: dict[str, Any], token: Any) -> bool:
    """Whether the authenticator's own steps accept a token under a group's key."""
    octets = token.encode() if isinstance(token, str) else json.dumps(token).encode()
    try:
        keys = KeySet.read(json.dumps({"keys": [key_of(group)]}).encode(), EVERY)
        verify(parse(octets, LARGEST), keys)
    except (InvalidToken, ValueError):
        return False
    return True


def cases(vectors: Reader, *, shared: bool) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for group in vectors(FILE)["testGroups"]:
        if (key_of(group)["kty"] == "oct") is shared:
            yield from ((group, test) for test in group["tests"])


def by_id(vectors: Reader) -> dict[int, tuple[dict[str, Any], dict[str, Any]]]:
    everything = [*cases(vectors, shared=False), *cases(vectors, shared=True)]
    return {test["tcId"]: (group, test) for group, test in everything}


def test_every_vector_is_seen(vectors: Reader) -> None:
    assert len(by_id(vectors)) == vectors(FILE)["numberOfTests"] == 401


@pytest.mark.attack(1, 3, 4, 19, 22)
def test_with_public_keys_we_agree_on_every_sound_vector(vectors: Reader) -> None:
    judged = {
        test["tcId"]: (accepted(group, test["jws"]), test["result"] == "valid")
        for group, test in cases(vectors, shared=False)
        if test["tcId"] not in DEFECTIVE
    }
    assert len(judged) > 300
    assert {number for number, (ours, theirs) in judged.items() if ours != theirs} == set()
    assert sum(ours for ours, _ in judged.values()) > 20


@pytest.mark.attack(2)
def test_no_token_is_accepted_under_a_shared_key(vectors: Reader) -> None:
    judged = {test["tcId"]: accepted(group, test["jws"]) for group, test in cases(vectors, shared=True)}
    assert len(judged) > 15
    assert not any(judged.values())


def test_what_we_leave_out_is_defective_as_we_say(vectors: Reader) -> None:
    known = by_id(vectors)
    for number in SAME_AS_VALID:
        assert known[number][1]["jws"] == known[357][1]["jws"]
        assert (known[number][1]["result"], known[357][1]["result"]) == ("invalid", "valid")
    for number in WITH_QUESTION_MARK:
        assert "?" in known[number][1]["jws"]
        assert known[number][1]["result"] == "valid"
    for number in OTHER_ALGORITHM:
        group, test = known[number]
        assert key_of(group)["alg"] == "PS256"
        assert test["result"] == "valid"
        assert parse(test["jws"].encode(), LARGEST).algorithm == "PS384"


@pytest.mark.parametrize("number", sorted(DEFECTIVE))
def test_what_we_leave_out_is_refused_anyway(vectors: Reader, number: int) -> None:
    group, test = by_id(vectors)[number]
    assert not accepted(group, test["jws"])

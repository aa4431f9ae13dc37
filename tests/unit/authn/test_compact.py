"""What counts as a signed token, before anything of it is believed?"""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.tokens import Signer, b64

from ostiary.authn.compact import parse, read_claims
from ostiary.errors import InvalidToken
from ostiary.reasons import Reason

SIGNER = Signer()
GOOD = SIGNER.token()


def refused(token: bytes, max_size: int = 8192) -> Reason:
    with pytest.raises(InvalidToken) as caught:
        parse(token, max_size)
    return caught.value.reason


def with_header(header: bytes | str | dict[str, Any]) -> bytes:
    return SIGNER.compact(json.dumps(header) if isinstance(header, dict) else header, "{}")


def test_a_token_is_taken_apart() -> None:
    jws = parse(GOOD, 8192)
    assert (jws.algorithm, jws.kid, jws.type) == ("ES256", "key-1", "JWT")
    assert jws.signing_input == GOOD[: GOOD.rindex(b".")]
    assert len(jws.signature) == 64


def test_a_token_may_be_exactly_as_large_as_allowed() -> None:
    assert parse(GOOD, len(GOOD))
    assert refused(GOOD, len(GOOD) - 1) is Reason.TOKEN_TOO_LARGE


@pytest.mark.attack(20)
@pytest.mark.parametrize("token", [b"a" * 2_000_000, b"." * 1_000_000, b"e30.e30." + b"A" * 1_000_000])
def test_a_token_too_large_is_refused_before_it_is_looked_at(token: bytes) -> None:
    assert refused(token) is Reason.TOKEN_TOO_LARGE


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b".",
        b"..",
        b"....",
        GOOD.rpartition(b".")[0],
        GOOD + b".",
        GOOD + b".e30",
        b"." + GOOD,
        b".".join([b"eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ"] * 5),
        json.dumps({"payload": "e30", "protected": "e30", "signature": "AA"}).encode(),
        b"opaque-token",
    ],
)
def test_what_has_not_three_parts_is_malformed(token: bytes) -> None:
    assert refused(token) is Reason.TOKEN_MALFORMED


@pytest.mark.attack(19)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda t: t + b"=",
        lambda t: t + b"==",
        lambda t: t + b"\n",
        lambda t: b" " + t,
        lambda t: t.replace(b".", b". ", 1),
        lambda t: t.replace(b".", b"?.", 1),
        lambda t: t.replace(b".", b"####.", 1),
        lambda t: t.replace(b".", b"\xc3\xa9.", 1),
        lambda t: t.replace(b".", b"+/.", 1),
        lambda t: t[:-1] + bytes([t[-1] + 1]),  # an unused bit is set
    ],
)
def test_a_second_spelling_of_a_token_is_malformed(spoil: Any) -> None:
    assert refused(spoil(GOOD)) is Reason.TOKEN_MALFORMED


@pytest.mark.attack(8, 18)
@pytest.mark.parametrize(
    "header",
    [
        "",
        "null",
        "[]",
        '"ES256"',
        "{",
        '{"alg":"ES256","alg":"none"}',
        '{"alg":"ES256","kid":"a","kid":"b"}',
        '{"alg":"ES256","\\u0061lg":"none"}',
        '{"alg":"ES256","x":NaN}',
        '{"alg":"ES256","x":' + "[" * 40 + "]" * 40 + "}",
        b'{"alg":"ES256","x":"\xff"}',
        {"alg": 5},
        {"alg": None},
        {"alg": ["ES256"]},
        {"alg": "ES256", "typ": 5},
        {"alg": "ES256", "kid": 5},
        {"alg": "ES256", "kid": None},
        {"alg": "ES256", "kid": ["key-1"]},
        {"alg": "ES256", "kid": {"a": 1}},
        {"alg": "ES256", "kid": ""},
        {"alg": "ES256", "kid": "k" * 257},
        {"alg": "ES256", "kid": "key\r\nX-Admin: 1"},
        {"alg": "ES256", "kid": "key\0"},
        {"alg": "ES256", "zip": "DEF"},
        {"alg": "ES256", "enc": "A256GCM"},
    ],
)
def test_a_header_that_is_not_plainly_one_is_malformed(header: Any) -> None:
    assert refused(with_header(header)) is Reason.TOKEN_MALFORMED


@pytest.mark.attack(16)
@pytest.mark.parametrize(
    "extension",
    [
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"b64": True},
        {"crit": None},
    ],
)
def test_a_token_that_demands_an_extension_is_refused(extension: dict[str, Any]) -> None:
    assert refused(with_header({"alg": "ES256", **extension})) is Reason.TOKEN_CRITICAL_UNKNOWN


@pytest.mark.attack(8)
@pytest.mark.parametrize(
    "kid", ["../../etc/passwd", "' OR 1=1 --", "https://evil.example/jwks", "/dev/null", "schl\xfcssel"]
)
def test_a_strange_key_id_is_only_a_name(kid: str) -> None:
    assert parse(with_header({"alg": "ES256", "kid": kid}), 8192).kid == kid


def test_an_absent_algorithm_is_none() -> None:
    assert parse(with_header({"typ": "JWT"}), 8192).algorithm == "none"


@pytest.mark.attack(18)
@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"null", b'{"sub":"a","sub":"b"}', b'{"exp":NaN}', b'{"exp":1e400}', b"\xff{}"]
)
def test_claims_that_can_be_read_in_two_ways_are_malformed(payload: bytes) -> None:
    with pytest.raises(InvalidToken) as caught:
        read_claims(payload)
    assert caught.value.reason is Reason.TOKEN_MALFORMED


@given(st.binary(max_size=300))
def test_no_octets_make_it_fail_in_another_way(token: bytes) -> None:
    for candidate in (token, b".".join([b64(token).encode()] * 3)):
        with contextlib.suppress(InvalidToken):
            parse(candidate, 8192)

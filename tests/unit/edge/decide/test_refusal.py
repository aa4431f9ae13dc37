"""Is a refusal the same after a proxy has held it, and is what nobody has written none?"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary import errors
from ostiary.edge.decide.refusal import Refusal
from ostiary.errors import (
    GatewayError,
    InvalidProof,
    InvalidToken,
    KeysUnavailable,
    MethodNotAllowed,
    TooManyRequests,
)
from ostiary.model import Record
from ostiary.problem import render
from ostiary.reasons import Reason

CHALLENGES = ('Bearer realm="bank"', 'Basic realm="bank", charset="UTF-8"')


def record() -> Record:
    made = Record(started=0.0)
    made.route, made.challenges = "accounts", CHALLENGES
    return made


class OfAnotherRoom(InvalidToken):
    """An error whose class is not among those of the tree's own module."""


EVERY = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, GatewayError)]


@pytest.mark.parametrize("kind", EVERY)
def test_its_answer_is_the_same(kind):
    error = kind("private")
    told = Refusal.read(Refusal.of(error, "id-1", record()).written().decode())
    assert render(told.error(), "id-2", told.challenges)[0] == error.status
    assert [*render(told.error(), "id-2", told.challenges)[1]] == [*render(error, "id-2", CHALLENGES)[1]]
    assert "private" not in repr(told)


@pytest.mark.parametrize(
    "error",
    [
        KeysUnavailable("private", retry_after=7),
        InvalidProof("private", reason=Reason.PROOF_INVALID, nonce="a-nonce"),
        MethodNotAllowed("private", allow=("GET", "HEAD")),
        TooManyRequests(
            "private", retry_after=3, fields=(("RateLimit", '"a";r=0;t=3'), ("RateLimit-Policy", '"a";q=5'))
        ),
        InvalidToken("private", reason=Reason.TOKEN_EXPIRED),
        OfAnotherRoom("private", reason=Reason.TOKEN_EXPIRED),
    ],
)
def test_with_all_that_its_answer_says_beside(error):
    told = Refusal.read(Refusal.of(error, "id-1", record()).written().decode())
    found, wanted = render(told.error(), "id-2", told.challenges), render(error, "id-2", CHALLENGES)
    assert (found[0], [*found[1]], found[2]) == (wanted[0], [*wanted[1]], wanted[2])
    assert told.error().detail == "as request id-1 was refused"


def forged(**fields: Any) -> str:
    whole = json.loads(base64.urlsafe_b64decode(Refusal.of(InvalidToken("x"), "id", record()).written() + b"=="))
    return base64.urlsafe_b64encode(json.dumps({**whole, **fields}).encode()).decode()


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "Exception"},
        {"kind": ["InvalidToken"]},
        {"kind": {}},
        {"reason": "no.such.reason"},
        {"challenges": ["Bearer\r\nSet-Cookie: a=b"]},
        {"challenges": [7]},
        {"challenges": None},
        {"allow": ["GET\n"]},
        {"nonce": "a\r\nb"},
        {"nonce": 7},
        {"route": 0},
        {"retry_after": "7"},
        {"retry_after": -1},
        {"retry_after": True},
        {"retry_after": 1 << 40},
        {"more": 1},
        {"fields": [["A", "b\r\nC: d"]]},
        {"fields": [["A: b\r\nC", "d"]]},
        {"fields": [["A"]]},
        {"fields": [["", "b"]]},
        {"fields": [["A", 7]]},
        {"fields": "ab"},
        {"fields": 7},
    ],
)
def test_what_could_break_an_answer_is_none(fields):
    assert Refusal.read(forged(**fields)) is None
    assert Refusal.read(forged()) is not None


@given(st.one_of(st.text(), st.binary().map(lambda octets: base64.urlsafe_b64encode(octets).decode())))
def test_whatever_else_is_said_is_none(text):
    assert Refusal.read(text) is None


@given(st.recursive(st.none() | st.integers() | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)))
def test_whatever_value_is_said_is_none(value):
    assert Refusal.read(base64.urlsafe_b64encode(json.dumps(value).encode()).decode()) is None

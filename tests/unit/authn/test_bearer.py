"""Where does a bearer token stand, and what counts as none, one, or too many?"""

from __future__ import annotations

import pytest

from ostiary.authn.bearer import take_token
from ostiary.errors import BadRequest, InvalidToken
from ostiary.model import Headers
from ostiary.reasons import Reason


def take(*values: bytes, name: bytes = b"Authorization") -> bytes | None:
    return take_token(Headers.of([(name, value) for value in values]))


@pytest.mark.parametrize("scheme", [b"Bearer", b"bearer", b"BEARER", b"bEaReR"])
def test_the_scheme_is_read_in_any_case(scheme: bytes) -> None:
    assert take(scheme + b" a.b.c") == b"a.b.c"


@pytest.mark.parametrize("value", [b"Basic YTpi", b"DPoP a.b.c", b"Bearerish a.b.c", b"Bearer-x a.b.c", b"", b"a.b.c"])
def test_another_scheme_is_no_evidence(value: bytes) -> None:
    assert take(value) is None


def test_no_authorization_is_no_evidence() -> None:
    assert take() is None


@pytest.mark.attack(23)
@pytest.mark.parametrize("name", [b"Cookie", b"X-Authorization", b"Proxy-Authorization", b"Authorization-Token"])
def test_a_token_in_another_field_is_no_evidence(name: bytes) -> None:
    assert take(b"Bearer a.b.c", name=name) is None


@pytest.mark.parametrize(
    "value",
    [b"Bearer", b"Bearer ", b"Bearer\ta.b.c", b"Bearer  a.b.c", b"Bearer \ta.b.c", b"Bearer:a.b.c", b"Bearer=a"],
)
def test_the_scheme_without_exactly_one_space_and_a_token_is_malformed(value: bytes) -> None:
    with pytest.raises(InvalidToken) as caught:
        take(value)
    assert caught.value.reason is Reason.TOKEN_MALFORMED


@pytest.mark.attack(23)
@pytest.mark.parametrize(
    "value", [b"Bearer a.b.c, Bearer d.e.f", b"Bearer a.b.c,d.e.f", b"bearer ,", b"Bearer a.b.c, Basic YTpi"]
)
def test_a_list_of_tokens_is_ambiguous(value: bytes) -> None:
    with pytest.raises(InvalidToken) as caught:
        take(value)
    assert caught.value.reason is Reason.TOKEN_AMBIGUOUS


@pytest.mark.attack(23)
def test_two_authorization_fields_are_ambiguous_in_whatever_spelling() -> None:
    with pytest.raises(BadRequest):
        take(b"Bearer a.b.c", b"Bearer a.b.c")
    with pytest.raises(BadRequest):
        take_token(Headers.of([(b"authorization", b"Basic YTpi"), (b"AUTHORIZATION", b"Bearer a.b.c")]))

"""Who speaks gRPC, and what are refusals called there?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary import errors
from ostiary.errors import GatewayError
from ostiary.grpc import Code, is_call, read_status, read_timeout, refusal_code, trailers, write_timeout


def every(kind: type[GatewayError] = GatewayError) -> list[type[GatewayError]]:
    return [kind, *(each for one in kind.__subclasses__() for each in every(one))]


@pytest.mark.parametrize("said", [b"application/grpc", b"application/grpc+proto", b"application/grpc; charset=x"])
def test_a_call_says_so_in_its_content_type(said):
    assert is_call(said)


@pytest.mark.parametrize(
    "said", [None, b"", b"application/json", b"application/grpc-web", b"application/grpc-web+proto", b"text/plain"]
)
def test_everything_else_is_no_call(said):
    assert not is_call(said)


@pytest.mark.parametrize(("error", "code"), [
    (errors.BadRequest, Code.INTERNAL),
    (errors.CredentialsMissing, Code.UNAUTHENTICATED), (errors.InvalidToken, Code.UNAUTHENTICATED),
    (errors.Forbidden, Code.PERMISSION_DENIED),
    (errors.RouteNotFound, Code.UNIMPLEMENTED), (errors.MethodNotAllowed, Code.UNIMPLEMENTED),
    (errors.RequestTimeout, Code.DEADLINE_EXCEEDED), (errors.UpstreamTimeout, Code.DEADLINE_EXCEEDED),
    (errors.ContentTooLarge, Code.RESOURCE_EXHAUSTED), (errors.HeadersTooLarge, Code.RESOURCE_EXHAUSTED),
    (errors.TargetTooLong, Code.RESOURCE_EXHAUSTED), (errors.TooManyRequests, Code.RESOURCE_EXHAUSTED),
    (errors.UpstreamUnreachable, Code.UNAVAILABLE), (errors.Overloaded, Code.UNAVAILABLE),
    (errors.KeysUnavailable, Code.UNAVAILABLE), (errors.InternalError, Code.INTERNAL),
    (errors.MisdirectedRequest, Code.UNKNOWN),
])  # fmt: skip
def test_a_refusal_has_the_code_that_says_the_same(error, code):
    assert refusal_code(error.status) is code


def test_no_refusal_there_is_becomes_ok():
    assert Code.OK not in {refusal_code(error.status) for error in every()}


@given(st.integers(100, 999))
def test_no_status_of_a_refusal_becomes_ok(status):
    assert refusal_code(status) is not Code.OK


def test_a_text_is_percent_encoded():
    assert list(trailers(Code.INTERNAL, "50 % caf\u00e9\n")) == [
        (b"grpc-status", b"13"),
        (b"grpc-message", b"50 %25 caf%C3%A9%0A"),
    ]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [(b"1H", 3600), (b"2M", 120), (b"3S", 3), (b"400m", 0.4), (b"5u", 5e-6), (b"6n", 6e-9), (b"00000010S", 10)],
)
def test_a_time_is_a_number_and_a_unit(said, seconds):
    assert read_timeout(said) == pytest.approx(seconds)


@pytest.mark.parametrize("said", [b"", b"1", b"S", b"-1S", b"1.5S", b"1s", b"123456789S", b" 1S", b"1S ", b"\xd9\xa1S"])
def test_anything_else_is_no_time(said):
    assert read_timeout(said) is None


@given(st.floats(min_value=1e-6, max_value=3e11))
def test_what_is_left_is_told_never_longer_and_nearly_as_long(seconds):
    told = read_timeout(write_timeout(seconds))
    assert told is not None
    assert told <= seconds * (1 + 1e-12)
    assert told >= seconds - max(1e-6, seconds * 1e-3) or seconds > 1e8


@pytest.mark.parametrize("seconds", [0.0, -3.0])
def test_a_call_that_is_over_has_hardly_any_time(seconds):
    assert write_timeout(seconds) == b"1u"


@pytest.mark.parametrize(
    ("said", "status"), [(b"0", 0), (b"16", 16), (b"17", None), (b"05", None), (b"", None), (None, None)]
)
def test_a_status_is_one_of_seventeen(said, status):
    assert read_status(said) == status

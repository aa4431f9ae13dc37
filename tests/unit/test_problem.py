"""What is the caller told when a request is refused?"""

from __future__ import annotations

import json

import pytest

from ostiary.errors import (
    BadRequest,
    CredentialsMissing,
    Forbidden,
    GatewayError,
    InvalidCertificate,
    InvalidToken,
    KeysUnavailable,
    MethodNotAllowed,
)
from ostiary.problem import render, render_call
from ostiary.reasons import Reason

BEARER = 'Bearer realm="ostiary"'


def challenges_of(error: GatewayError, *challenges: str) -> list[bytes]:
    return render(error, "r-1", challenges)[1].all(b"www-authenticate")


def test_a_problem_has_status_title_sentence_reason_and_request_id() -> None:
    status, headers, content = render(BadRequest(reason=Reason.PATH_AMBIGUOUS), "r-1")
    assert status == 400
    assert json.loads(content) == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": Reason.PATH_AMBIGUOUS.public,
        "reason": "path.ambiguous",
        "request_id": "r-1",
    }
    assert headers.only(b"content-type") == b"application/problem+json"
    assert headers.only(b"cache-control") == b"no-store"
    assert headers.only(b"x-request-id") == b"r-1"
    assert headers.get(b"content-length") is None


def test_the_private_detail_is_not_told() -> None:
    for error in (InvalidToken("canary"), Forbidden("canary"), MethodNotAllowed("canary"), KeysUnavailable("canary")):
        _, headers, content = render(error, "r-1", [BEARER])
        assert b"canary" not in content
        assert all(b"canary" not in value for _, value in headers)


def test_no_token_is_a_challenge_without_an_error_code() -> None:
    assert challenges_of(CredentialsMissing(), BEARER, "Basic realm=x") == [BEARER.encode(), b"Basic realm=x"]


def test_a_bad_token_is_named_in_the_bearer_challenge_and_in_no_other() -> None:
    bearer, basic = challenges_of(InvalidToken(reason=Reason.TOKEN_EXPIRED), BEARER, "Basic realm=x")
    description = Reason.TOKEN_EXPIRED.public
    assert bearer.decode() == f'{BEARER}, error="invalid_token", error_description="{description}"'
    assert basic == b"Basic realm=x"


def test_a_bad_certificate_is_no_bad_token() -> None:
    assert challenges_of(InvalidCertificate(), BEARER) == [BEARER.encode()]


@pytest.mark.parametrize("error", [Forbidden(), BadRequest(), KeysUnavailable()])
def test_only_401_carries_a_challenge(error: GatewayError) -> None:
    assert challenges_of(error, BEARER) == []


def test_405_says_which_methods_there_are() -> None:
    _, headers, _ = render(MethodNotAllowed(allow=("GET", "HEAD")), "r-1")
    assert headers.only(b"allow") == b"GET, HEAD"


def test_when_to_come_back_is_said_when_it_is_known() -> None:
    assert render(KeysUnavailable(retry_after=7), "r-1")[1].only(b"retry-after") == b"7"
    assert render(KeysUnavailable(retry_after=0), "r-1")[1].only(b"retry-after") == b"0"
    assert render(KeysUnavailable(), "r-1")[1].get(b"retry-after") is None


@pytest.mark.parametrize("reason", Reason)
def test_every_public_sentence_may_stand_in_a_challenge(reason: Reason) -> None:
    """RFC 6750, section 3: printable ASCII without quote and backslash."""
    assert all(" " <= character <= "~" and character not in '"\\' for character in reason.public)


def test_a_scope_that_is_missing_is_said_in_the_scheme_of_tokens():
    """RFC 6750, section 3.1."""
    error = Forbidden("x", reason=Reason.SCOPE_MISSING)
    _, headers, _ = render(error, "r1", ('Bearer realm="ostiary"', 'Basic realm="a"'))
    assert headers.all(b"www-authenticate") == [b'Bearer realm="ostiary", error="insufficient_scope"']
    _, headers, _ = render(Forbidden("x"), "r1", ('Bearer realm="ostiary"',))
    assert headers.all(b"www-authenticate") == []


def test_a_call_of_grpc_is_told_the_same_in_fields() -> None:
    error = InvalidToken("canary", reason=Reason.TOKEN_EXPIRED)
    fields = dict(render_call(error, "r-1", [BEARER]))
    assert fields[b"Content-Type"] == b"application/grpc"
    assert (fields[b"grpc-status"], fields[b"grpc-message"]) == (b"16", Reason.TOKEN_EXPIRED.public.encode())
    assert (fields[b"Ostiary-Reason"], fields[b"X-Request-Id"]) == (b"token.expired", b"r-1")
    assert fields[b"WWW-Authenticate"].startswith(b"Bearer")
    assert not any(b"canary" in value for value in fields.values())

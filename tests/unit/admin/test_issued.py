"""What is told of the tokens that issuers give the gateway?"""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import generate_latest
from tests.support.admin import samples, value
from tests.unit.admin.conftest import FILE
from tests.unit.oauth.conftest import Endpoint

from ostiary.admin.exposition import registry
from ostiary.admin.health import of_token, parts
from ostiary.errors import CredentialUnavailable
from ostiary.oauth.token import TokenState
from ostiary.reasons import Reason

BLOCK = """
      - oauth2: {token_url: "https://id.example.com/token", client: {basic: {credential: legacy}}, header: X-Token}
      - token_exchange: {token_url: "https://id.example.com/token", client: {basic: {credential: legacy}}, header: X-Own}
"""
NAMES = {"client": "legacy", "issuer": "https://id.example.com/token"}


@pytest.fixture
def view(viewing: Any) -> Any:
    head, tail = FILE.rsplit("\n    upstream: service", 1)
    return viewing(f"{head}{BLOCK.rstrip()}\n    upstream: service{tail}")


def told(view: Any) -> Any:
    return samples(generate_latest(registry(view)).decode())


async def test_a_token_is_told_with_its_end_and_requests_with_their_outcome(view: Any) -> None:
    (token,) = view.own_tokens
    assert value(told(view), "ostiary_oauth_token_usable", **NAMES) == 0
    token._kept._make = token._make
    endpoint: Any = Endpoint()
    endpoint.asked = {True: 3, False: 1}
    token.endpoint = endpoint
    endpoint.ask = _given
    await token.get()
    names = {"client": "legacy", "issuer": endpoint.place}
    found = told(view)
    assert value(found, "ostiary_oauth_token_usable", **names) == 1
    assert value(found, "ostiary_oauth_token_expiry_timestamp_seconds", **names) > 1e9
    for outcome, count in (("success", 3), ("failure", 1)):
        labels = {**names, "grant": "client_credentials", "outcome": outcome}
        assert value(found, "ostiary_oauth_token_requests_total", **labels) == count
    assert value(found, "ostiary_oauth_exchanged_tokens", **NAMES) == 0


async def _given(**_: str) -> Any:
    return await Endpoint().ask()


async def test_the_endpoint_counts_what_came_of_each_request(view: Any) -> None:
    (token,) = view.own_tokens
    token.endpoint._url._make = _down
    for _ in range(2):
        with pytest.raises(CredentialUnavailable):
            await token.endpoint.ask()
    assert token.endpoint.asked == {True: 0, False: 2}


async def _down() -> Any:
    raise CredentialUnavailable("down")


def test_health_says_whether_it_can_be_had(view: Any) -> None:
    assert ("token", "legacy") in [(part.kind, part.name) for part in parts(view, 0.0, 0.0)]
    down, why = Reason.CREDENTIAL_UNAVAILABLE, []
    for state in (TokenState(False, None, None), TokenState(True, 9.0, down), TokenState(False, None, down)):
        part = of_token("legacy", state)
        why.append((part.condition, part.reason))
    assert why == [("ok", None), ("degraded", down), ("down", down)]

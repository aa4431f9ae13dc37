"""How is the gateway's own token kept fresh?"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture
from tests.support.clock import Clock
from tests.unit.oauth.conftest import Endpoint

from ostiary.errors import CredentialUnavailable
from ostiary.oauth.grant import RefusedError
from ostiary.oauth.token import ClientToken
from ostiary.reasons import Reason


@pytest.fixture
def token(endpoint: Any, clock: Clock) -> ClientToken:
    return ClientToken("name", "crm-client", endpoint, clock=clock, chance=lambda: 0.5)


async def shown(token: ClientToken) -> bytes:
    return (await token.get()).secret.reveal()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_it_is_asked_for_at_the_start_and_once_for_everybody(token, endpoint):
    await token.start()
    assert set(await asyncio.gather(*(shown(token) for _ in range(20)))) == {b"token-1"}
    assert endpoint.asked == [{"grant_type": "client_credentials"}]


async def test_it_is_the_same_object_while_it_is_the_same_token(token, endpoint):
    assert await token.get() is await token.get()
    assert (await token.get()).alias == "crm-client"


async def test_it_is_replaced_at_70_percent_and_never_used_to_its_last_second(token, endpoint, clock):
    await shown(token)
    clock.now += 300 * 0.71
    assert await shown(token) == b"token-1"
    await settled()
    assert await shown(token) == b"token-2"
    clock.now += 291  # the second one has less than ten seconds left
    assert await shown(token) == b"token-3"


async def test_an_issuer_that_is_down_leaves_the_last_one_in_use_until_its_end(token, endpoint, clock):
    await shown(token)
    endpoint.fails = CredentialUnavailable("no answer")
    clock.now += 289
    assert await shown(token) == b"token-1"
    await settled()
    clock.now += 2
    with pytest.raises(CredentialUnavailable) as caught:
        await shown(token)
    assert caught.value.retry_after
    assert caught.value.reason is Reason.CREDENTIAL_UNAVAILABLE


async def test_a_refusal_while_secrets_change_leaves_the_last_one_in_use(token, endpoint, clock):
    await shown(token)
    endpoint.fails = RefusedError("invalid_client")
    clock.now += 250
    assert await shown(token) == b"token-1"
    await settled()
    endpoint.fails = None
    clock.now += 6
    await shown(token)
    await settled()
    assert await shown(token) == b"token-3"


async def test_a_refusal_without_a_token_is_503_and_our_fault(token, endpoint):
    endpoint.fails = RefusedError("invalid_client")
    with pytest.raises(CredentialUnavailable) as caught:
        await shown(token)
    assert (caught.value.status, caught.value.reason) == (503, Reason.CREDENTIAL_UNUSABLE)
    assert caught.value.retry_after


async def test_a_credential_that_was_taken_away_takes_the_token_along(token, endpoint, clock):
    await shown(token)
    endpoint.fails = CredentialUnavailable("destroyed", reason=Reason.CREDENTIAL_MISSING)
    clock.now += 250
    await shown(token)
    await settled()
    with pytest.raises(CredentialUnavailable):
        await shown(token)


async def test_one_that_the_upstream_rejects_is_replaced_once(token, endpoint, clock):
    first = await token.get()
    assert await token.rejected(first.version)
    second = await token.get()
    assert second.secret != first.secret
    assert not await token.rejected(second.version)
    assert await token.get() is second
    assert await token.rejected(first.version)
    assert len(endpoint.asked) == 2


async def test_a_reload_goes_on_with_it(token, endpoint, clock):
    first = await token.get()
    another: Any = Endpoint()
    after = ClientToken("name", "crm-client", another, clock=clock)
    after.inherit(token)
    await after.start()
    assert await after.get() is first
    assert another.asked == []


async def test_offline_nobody_is_asked(token, endpoint):
    token.stay_offline()
    await token.start()
    with pytest.raises(CredentialUnavailable):
        await token.get()
    assert endpoint.asked == []


async def test_closing_lets_go_of_the_endpoint(token, endpoint):
    await token.start()
    await token.aclose()
    assert endpoint.closed


async def test_the_token_is_in_no_log_line(token, endpoint, monkeypatch):
    heard = LogCapture()
    monkeypatch.setattr("ostiary.oauth.token.log", structlog.wrap_logger(None, processors=[heard]))
    await token.get()
    endpoint.fails = RefusedError("invalid_client")
    await token.rejected("1")
    with pytest.raises(CredentialUnavailable):
        await token.get()
    events = [entry["event"] for entry in heard.entries]
    assert events == ["token obtained", "token rejected upstream", "token not obtained"]
    assert "token-1" not in repr(heard.entries) + repr(vars(token))

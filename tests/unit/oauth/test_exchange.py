"""Whose token is a caller's exchanged for, and for how long?"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.clock import Clock
from tests.unit.inject.conftest import outbound_of
from tests.unit.oauth.conftest import Endpoint

from ostiary.errors import BadRequest, CredentialUnavailable, Forbidden
from ostiary.model import Headers, Outbound, Principal, Secret
from ostiary.oauth.exchange import GRANT, ExchangedTokens
from ostiary.oauth.grant import Grant, RefusedError
from ostiary.reasons import Reason

TYPES = {"subject_token_type": "urn:ietf:params:oauth:token-type:access_token"}


def asking(token: bytes = b"callers", principal: Principal | None = None, scheme: bytes = b"Bearer ") -> Outbound:
    outbound = outbound_of(principal or Principal("alice", "bank", "jwt"))
    outbound.request.headers = Headers.of([(b"Authorization", scheme + token)])
    return outbound


@pytest.fixture
def tokens(endpoint: Any, clock: Clock) -> ExchangedTokens:
    return ExchangedTokens("name", "client", endpoint, TYPES, 3, clock=clock, today=lambda: clock.now + 1e9)


async def shown(tokens: ExchangedTokens, outbound: Outbound) -> bytes:
    return (await tokens.of(outbound).get()).secret.reveal()


async def test_the_callers_token_is_what_is_exchanged(tokens, endpoint):
    assert await shown(tokens, asking(b"abc.def")) == b"token-1"
    assert endpoint.asked == [{"grant_type": GRANT, "subject_token": "abc.def", **TYPES}]


@pytest.mark.parametrize("scheme", [b"bearer ", b"BEARER  ", b"DPoP "])
async def test_however_it_was_shown(tokens, endpoint, scheme):
    await shown(tokens, asking(b"abc", scheme=scheme))
    assert endpoint.asked[0]["subject_token"] == "abc"


async def test_the_same_token_is_exchanged_once(tokens, endpoint):
    assert set(await asyncio.gather(*(shown(tokens, asking()) for _ in range(10)))) == {b"token-1"}
    assert len(endpoint.asked) == 1


async def test_it_never_outlives_the_callers(tokens, endpoint, clock):
    caller = Principal("alice", "bank", "jwt", expires=clock.now + 1e9 + 60)
    await shown(tokens, asking(principal=caller))
    clock.now += 60
    with pytest.raises(Forbidden) as caught:
        await shown(tokens, asking(principal=caller))
    assert caught.value.reason is Reason.TOKEN_NOT_EXCHANGED
    assert len(endpoint.asked) == 1


async def test_it_never_outlives_itself(tokens, endpoint, clock):
    await shown(tokens, asking(principal=Principal("alice", "bank", "jwt", expires=clock.now + 2e9)))
    clock.now += 295
    assert await shown(tokens, asking()) == b"token-2"


async def test_without_a_verified_token_there_is_nothing_to_exchange(tokens, endpoint):
    certified = Principal("alice", "tls", "mtls")
    for outbound in (asking(principal=certified), outbound_of(), asking(b""), asking(scheme=b"Basic ")):
        with pytest.raises(Forbidden) as caught:
            tokens.of(outbound)
        assert caught.value.reason is Reason.TOKEN_NOT_EXCHANGED
    assert endpoint.asked == []


async def test_a_token_that_was_verified_beside_the_certificate_counts(tokens, endpoint):
    other = Principal("alice", "bank", "jwt")
    both = Principal("robot", "tls", "mtls", others={"jwt": other})
    assert await shown(tokens, asking(principal=both)) == b"token-1"


async def test_two_tokens_in_one_request_are_refused(tokens, endpoint):
    outbound = asking()
    outbound.request.headers.add(b"authorization", b"Bearer another")
    with pytest.raises(BadRequest):
        tokens.of(outbound)


async def test_a_token_that_the_issuer_does_not_exchange_is_403_for_a_while(tokens, endpoint, clock):
    endpoint.fails = RefusedError("invalid_request")
    for _ in range(3):
        with pytest.raises(Forbidden) as caught:
            await shown(tokens, asking())
    assert (caught.value.status, caught.value.reason, len(endpoint.asked)) == (403, Reason.TOKEN_NOT_EXCHANGED, 1)
    endpoint.fails = None
    assert await shown(tokens, asking(b"another")) == b"token-2"
    clock.now += 6
    assert await shown(tokens, asking()) == b"token-3"


@pytest.mark.parametrize("word", ["invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_target"])
async def test_what_is_wrong_with_us_is_503(tokens, endpoint, word):
    endpoint.fails = RefusedError(word)
    with pytest.raises(CredentialUnavailable):
        await shown(tokens, asking())


async def test_their_number_is_bounded(tokens, endpoint):
    for number in range(10):
        await shown(tokens, asking(str(number).encode()))
    assert len(tokens) == 3


async def test_one_that_the_upstream_rejects_is_replaced_once(tokens, endpoint):
    first = await tokens.of(asking()).get()
    assert await tokens.of(asking()).rejected(first.version)
    second = await tokens.of(asking()).get()
    assert second.secret != first.secret
    assert not await tokens.of(asking()).rejected(second.version)


WHO = st.tuples(st.sampled_from(["alice", "bob"]), st.sampled_from(["bank", "partner"]), st.sampled_from(["t1", "t2"]))


@given(callers=st.lists(WHO, min_size=1, max_size=30), most=st.integers(1, 4))
def test_nobody_is_given_what_was_exchanged_for_another(callers, most):
    class Echo(Endpoint):
        async def ask(self, **more: str) -> Grant:
            await asyncio.sleep(0)
            return Grant(Secret(f"for {more['subject_token']}"), 300)

    async def use() -> None:
        endpoint: Any = Echo()
        tokens = ExchangedTokens("name", "client", endpoint, TYPES, most)
        outbounds = [asking(f"{s}-{i}-{t}".encode(), Principal(s, i, "jwt")) for s, i, t in callers]
        found = await asyncio.gather(*(shown(tokens, one) for one in outbounds))
        assert found == [f"for {s}-{i}-{t}".encode() for s, i, t in callers]
        assert len(tokens) <= most

    asyncio.run(use())

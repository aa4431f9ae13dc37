"""What becomes of a request that the upstream answers with 401?"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.unit.inject.conftest import NoBody, outbound_of

from ostiary.errors import CredentialUnavailable, GatewayError, UpstreamUnreachable
from ostiary.inject.again import Watched, watched
from ostiary.inject.basic import basic
from ostiary.inject.bearer import bearer
from ostiary.model import Credential, Headers, Outbound, Secret


class Source:
    """Gives the credential of the moment; `newer` is what it has when one was rejected."""

    alias = "legacy"

    def __init__(self, *newer: str) -> None:
        self.newer = list(newer)
        self.credential = Credential("legacy", "svc", Secret("first"), "first")
        self.rejections: list[str] = []
        self.fails = False

    async def get(self) -> Credential:
        if self.fails:
            raise CredentialUnavailable("gone")
        return self.credential

    async def rejected(self, version: str) -> bool:
        self.rejections.append(version)
        await asyncio.sleep(0)
        if version != self.credential.version:
            return True
        if not self.newer:
            return False
        text = self.newer.pop(0)
        self.credential = Credential("legacy", "svc", Secret(text), text)
        return True


class Upstream:
    """Accepts what `right` says."""

    def __init__(self, right: bytes, length: int | None = 5) -> None:
        self.right = right
        self.length = length
        self.seen: list[bytes] = []
        self.breaks = False

    def prepare(self, request: Any, permit: Any) -> Outbound:
        raise NotImplementedError

    async def forward(self, outbound: Outbound, body: Any, answer: Any) -> None:
        shown = outbound.headers.get(b"authorization")
        assert shown is not None
        self.seen.append(shown)
        if shown == b"Bearer " + self.right:
            answer.start(200, Headers(), 4, None)
            answer.write(b"good")
            answer.flush()
            answer.finish()
            return
        answer.start(401, Headers.of([(b"WWW-Authenticate", b"Basic")]), self.length, None)
        answer.write(b"wrong")
        answer.flush()
        if self.breaks:
            answer.fail(UpstreamUnreachable("broke off"))
        else:
            answer.finish()


class Caller:
    """What the caller sees."""

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.ended = asyncio.Event()

    def inform(self, status: int, headers: Headers) -> None:
        self.said.append(status)

    def start(self, status: int, headers: Headers, length: int | None, source: Any) -> None:
        self.said.append(status)

    def switch(self, protocol: bytes, headers: Headers, tunnel: Any) -> None:
        self.said.append(protocol)

    def write(self, data: bytes) -> None:
        self.said.append(data)

    def flush(self) -> None: ...

    def finish(self, trailers: Headers | None = None) -> None:
        self.ended.set()

    def fail(self, error: GatewayError) -> None:
        self.said.append(type(error))
        self.ended.set()


class Long(NoBody):
    length: Any = None


async def sent(source: Source, upstream: Upstream, body: Any = None, on_reject: Any = "replay") -> list[Any]:
    injector = bearer(source, on_reject)
    before = watched(upstream, [injector])
    outbound, caller = outbound_of(), Caller()
    await injector.inject(outbound)
    await before.forward(outbound, body or NoBody(), caller)
    await asyncio.wait_for(caller.ended.wait(), 5)
    for _ in range(5):
        await asyncio.sleep(0)
    return caller.said


async def test_it_is_sent_again_with_what_is_newer_and_the_caller_sees_one_answer():
    upstream = Upstream(b"second")
    assert await sent(Source("second"), upstream) == [200, b"good"]
    assert upstream.seen == [b"Bearer first", b"Bearer second"]


async def test_an_answer_that_is_no_401_passes():
    source, upstream = Source("second"), Upstream(b"first")
    assert await sent(source, upstream) == [200, b"good"]
    assert (source.rejections, len(upstream.seen)) == ([], 1)


async def test_where_there_is_nothing_newer_the_caller_sees_the_401():
    source, upstream = Source(), Upstream(b"second")
    assert await sent(source, upstream) == [401, b"wrong"]
    assert (source.rejections, len(upstream.seen)) == (["first"], 1)


async def test_it_is_sent_twice_and_no_third_time():
    upstream = Upstream(b"none of them")
    assert await sent(Source("second", "third", "fourth"), upstream) == [401, b"wrong"]
    assert len(upstream.seen) == 2


async def test_one_that_was_replaced_meanwhile_is_enough():
    source, upstream = Source(), Upstream(b"second")
    injector = bearer(source, "replay")
    outbound, caller = outbound_of(), Caller()
    await injector.inject(outbound)
    source.credential = Credential("legacy", "svc", Secret("second"), "second")
    await watched(upstream, [injector]).forward(outbound, NoBody(), caller)
    await asyncio.wait_for(caller.ended.wait(), 5)
    assert caller.said == [200, b"good"]


@pytest.mark.parametrize(("body", "length"), [(Long(), 5), (None, None), (None, 1 << 20)])
async def test_what_cannot_be_sent_again_is_not_and_the_next_one_has_the_newer(body, length):
    source, upstream = Source("second"), Upstream(b"second", length)
    assert await sent(source, upstream, body) == [401, b"wrong"]
    assert len(upstream.seen) == 1
    assert source.credential.version == "second"


async def test_renew_sends_nothing_again():
    source, upstream = Source("second"), Upstream(b"second")
    assert await sent(source, upstream, on_reject="renew") == [401, b"wrong"]
    assert (len(upstream.seen), source.credential.version) == (1, "second")


async def test_ignore_costs_nothing():
    upstream = Upstream(b"second")
    assert watched(upstream, [bearer(Source(), "ignore"), basic(Source())]) is upstream
    assert isinstance(watched(upstream, [basic(Source(), "replay")]), Watched)


async def test_an_upgrade_is_not_sent_again():
    source, upstream = Source("second"), Upstream(b"second")
    injector = bearer(source, "replay")
    outbound, caller = outbound_of(), Caller()
    outbound.request.upgrade = b"websocket"
    await injector.inject(outbound)
    await watched(upstream, [injector]).forward(outbound, NoBody(), caller)
    assert caller.said == [401, b"wrong"]


async def test_a_401_that_breaks_off_is_a_failure():
    upstream = Upstream(b"second")
    upstream.breaks = True
    assert await sent(Source("second"), upstream) == [UpstreamUnreachable]


async def test_a_credential_that_is_gone_by_then_ends_the_request():
    source, upstream = Source("second"), Upstream(b"second")
    source.fails = False
    injector = bearer(source, "replay")
    outbound, caller = outbound_of(), Caller()
    await injector.inject(outbound)
    source.fails = True
    await watched(upstream, [injector]).forward(outbound, NoBody(), caller)
    await asyncio.wait_for(caller.ended.wait(), 5)
    assert caller.said == [CredentialUnavailable]


async def test_informational_answers_and_tunnels_pass():
    class Odd(Upstream):
        async def forward(self, outbound: Outbound, body: Any, answer: Any) -> None:
            answer.inform(103, Headers())
            answer.switch(b"websocket", Headers(), None)
            answer.finish()

    assert await sent(Source(), Odd(b"")) == [103, b"websocket"]

"""What becomes of a request that the upstream answers with 401?"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import structlog
from tests.unit.inject.conftest import NoBody, outbound_of

from ostiary.errors import CredentialRejected, CredentialUnavailable, GatewayError, InternalError, UpstreamUnreachable
from ostiary.inject.basic import basic
from ostiary.inject.bearer import bearer
from ostiary.inject.encoded import encoded
from ostiary.inject.header import SecretHeader, encode
from ostiary.inject.replay import Watched, watched
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


async def test_where_there_is_nothing_newer_the_caller_does_not_see_the_401():
    source, upstream = Source(), Upstream(b"second")
    assert await sent(source, upstream) == [CredentialRejected]
    assert (source.rejections, len(upstream.seen)) == (["first"], 1)


async def test_it_is_sent_twice_and_no_third_time():
    upstream = Upstream(b"none of them")
    assert await sent(Source("second", "third", "fourth"), upstream) == [CredentialRejected]
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


@pytest.mark.parametrize("length", [None, 1 << 20])
async def test_what_the_401_says_is_not_waited_for_beyond_measure(length):
    upstream = Upstream(b"second", length)
    assert await sent(Source("second"), upstream) == [200, b"good"]


async def test_a_401_without_end_is_broken_off():
    class Endless(Upstream):
        async def forward(self, outbound: Outbound, body: Any, answer: Any) -> None:
            if outbound.headers.get(b"authorization") == b"Bearer second":
                await super().forward(outbound, body, answer)
                return
            self.sink = Sink()
            body.flow_to(self.sink)
            answer.start(401, Headers(), None, None)
            for _ in range(3):
                answer.write(b"x" * 40_000)

    upstream = Endless(b"second")
    assert await sent(Source("second"), upstream) == [200, b"good"]
    assert upstream.sink.abandoned


class Sink:
    """Where a body flows to."""

    patient = False

    def __init__(self) -> None:
        self.data = b""
        self.finished = self.abandoned = False

    def feed(self, data: bytes) -> None:
        self.data += data

    def finish(self, trailers: Headers | None = None) -> None:
        self.finished = True

    def abandon(self) -> None:
        self.abandoned = True


class Sending:
    """A body whose pieces come when it flows."""

    length: Any = None

    def __init__(self, *pieces: bytes, whole: bool = True) -> None:
        self.pieces = pieces
        self.whole = whole

    def flow_to(self, sink: Any) -> None:
        for piece in self.pieces:
            sink.feed(piece)
        if self.whole:
            sink.finish()

    def pause(self) -> None: ...
    def resume(self) -> None: ...


class Taking(Upstream):
    """An upstream that reads the body first."""

    def __init__(self, right: bytes) -> None:
        super().__init__(right)
        self.sinks: list[Sink] = []

    async def forward(self, outbound: Outbound, body: Any, answer: Any) -> None:
        self.sinks.append(Sink())
        body.flow_to(self.sinks[-1])
        await super().forward(outbound, body, answer)


async def test_a_short_body_is_kept_and_sent_again():
    upstream = Taking(b"second")
    assert await sent(Source("second"), upstream, Sending(b"one ", b"two")) == [200, b"good"]
    assert [(sink.data, sink.finished) for sink in upstream.sinks] == [(b"one two", True)] * 2


async def test_the_rest_of_a_short_body_is_waited_for():
    class Slow(Sending):
        def flow_to(self, sink: Any) -> None:
            sink.feed(b"one ")
            loop = asyncio.get_running_loop()
            loop.call_later(0.02, sink.feed, b"two")
            loop.call_later(0.04, sink.finish)

    upstream = Taking(b"second")
    assert await sent(Source("second"), upstream, Slow()) == [200, b"good"]
    assert upstream.sinks[1].data == b"one two"


class Endless(Sending):
    """A body that turns out to be long after the answer."""

    def flow_to(self, sink: Any) -> None:
        for delay in (0.0, 0.01, 0.02):
            asyncio.get_running_loop().call_later(delay, sink.feed, b"x" * 40_000)


class Announced(Endless):
    """A body that says that it is long."""

    length = 1 << 20


@pytest.mark.parametrize("body", [Sending(b"x" * 40_000, b"x" * 40_000), Endless(), Announced()])
async def test_what_is_not_at_hand_is_not_sent_again_and_the_next_one_has_the_newer(body):
    source, upstream = Source("second"), Taking(b"second")
    assert await sent(source, upstream, body) == [CredentialRejected]
    assert len(upstream.seen) == 1
    assert source.credential.version == "second"


async def test_nothing_is_sent_again_for_a_caller_who_has_gone():
    class Leaving(Taking):
        async def forward(self, outbound: Outbound, body: Any, answer: Any) -> None:
            await super().forward(outbound, body, answer)
            body.abandon()

    source, upstream, caller = Source("second"), Leaving(b"second"), Caller()
    injector, outbound = bearer(source, "replay"), outbound_of()
    await injector.inject(outbound)
    await watched(upstream, [injector]).forward(outbound, Sending(b"x", whole=False), caller)
    for _ in range(10):
        await asyncio.sleep(0)
    assert (len(upstream.seen), caller.said, upstream.sinks[0].abandoned) == (1, [], True)


async def test_renew_sends_nothing_again():
    source, upstream = Source("second"), Upstream(b"second")
    assert await sent(source, upstream, on_reject="renew") == [CredentialRejected]
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
    assert caller.said == [CredentialRejected]


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


async def test_another_status_may_mean_the_same_where_the_route_says_so():
    class Forbidding(Upstream):
        async def forward(self, outbound: Outbound, body: Any, answer: Any) -> None:
            self.seen.append(outbound.headers.get(b"x-key"))
            answer.start(200 if self.seen[-1] == self.right else 403, Headers(), 0, None)
            answer.finish()

    source, upstream, caller, outbound = Source("second"), Forbidding(b"second"), Caller(), outbound_of()
    injector = SecretHeader(b"X-Key", frozenset({b"x-key"}), encoded(source, encode), "replay", (401, 403))
    await injector.inject(outbound)
    await watched(upstream, [injector]).forward(outbound, NoBody(), caller)
    await asyncio.wait_for(caller.ended.wait(), 5)
    assert (caller.said, upstream.seen) == ([200], [b"first", b"second"])


async def test_each_of_two_credentials_is_asked_about_by_its_own_version():
    key, token = Source(), Source("second")
    key.credential = Credential("key", "", Secret("k"), "k-1")
    token.credential = Credential("token", "", Secret("first"), "first")
    upstream, caller, outbound = Upstream(b"second"), Caller(), outbound_of()
    injectors = [bearer(token, "replay"), SecretHeader(b"X-Key", frozenset(), encoded(key, encode), "replay")]
    for injector in injectors:
        await injector.inject(outbound)
    await watched(upstream, injectors).forward(outbound, NoBody(), caller)
    await asyncio.wait_for(caller.ended.wait(), 5)
    assert (token.rejections, key.rejections) == (["first"], ["k-1"])
    assert caller.said == [200, b"good"]


async def test_a_bug_on_the_second_way_leaves_nobody_waiting():
    class Buggy(Upstream):
        async def forward(self, outbound: Outbound, body: Any, answer: Any) -> None:
            if self.seen:
                raise RuntimeError("a bug")
            await super().forward(outbound, body, answer)

    with structlog.testing.capture_logs() as logs:
        assert await sent(Source("second"), Buggy(b"second")) == [InternalError]
    assert [entry["event"] for entry in logs] == ["a request failed in the gateway"]

"""What passes behind a body, and what would be believed there?"""

from __future__ import annotations

import pytest
from tests.support.wire import Content, Wire, ask, pooling, serving

from ostiary.model import Headers
from ostiary.upstream.trailers import FROM_UPSTREAM, CallersTrailers

SUM = (b"X-Sum", b"9")


def told(*fields: tuple[bytes, bytes], strip: frozenset[bytes] = frozenset()) -> bytes:
    policy = CallersTrailers()
    policy.strip(strip)
    return policy.last_chunk(Headers.of(fields))


async def test_trailers_follow_a_body_whose_length_was_not_said():
    async with serving(Wire()) as wire, pooling(wire.port) as pool:
        await ask(pool, "POST", Content(b"hello", length=None, trailers=Headers.of([SUM])))
        await ask(pool)
    assert (wire.bodies, wire.trailers, wire.connections) == ([b"hello", b""], [b"X-Sum: 9"], 1)


async def test_behind_a_body_whose_length_was_said_there_is_no_place_for_them():
    async with serving(Wire()) as wire, pooling(wire.port) as pool:
        await ask(pool, "POST", Content(b"hello", length=5, trailers=Headers.of([SUM])))
        await ask(pool)
    assert (wire.bodies, wire.trailers, wire.connections) == ([b"hello", b""], [], 1)


def test_what_is_left_is_written_as_it_came():
    assert told(SUM, (b"grpc-status", b"0")) == b"0\r\nX-Sum: 9\r\ngrpc-status: 0\r\n\r\n"
    assert told() == b"0\r\n\r\n"


@pytest.mark.parametrize(
    "name",
    [
        *(b"Content-Length", b"Transfer-Encoding", b"Connection", b"Trailer", b"TE", b"Upgrade", b"Host", b"Expect"),
        *(b"Authorization", b"Proxy-Authorization", b"Cookie", b"Content-Type", b"Content-Encoding", b"If-Match"),
        *(b"X-Forwarded-For", b"Forwarded", b"X-Original-URL", b"Client-Cert", b"X-SSL-Client-Verify", b"X-Request-Id"),
        *(b"authorization", b"X_Forwarded_For", b"x.forwarded.for", b"Range", b"Cache-Control"),
    ],
)
def test_what_frames_routes_or_says_who_asks_never_passes(name):
    assert told(SUM, (name, b"canary")) == b"0\r\nX-Sum: 9\r\n\r\n"


@pytest.mark.parametrize("name", [b"X-Subject", b"x_subject", b"X.SUBJECT"])
def test_nor_does_what_an_injector_of_any_route_writes(name):
    assert told((name, b"root"), strip=frozenset((b"x-subject",))) == b"0\r\n\r\n"


async def test_each_route_to_an_upstream_strips_for_all():
    async with serving(Wire()) as wire, pooling(wire.port) as pool:
        pool.for_route(frozenset((b"x-subject",)))
        pool.for_route(frozenset((b"x-role",)))
        trailers = Headers.of([SUM, (b"X-Subject", b"root"), (b"X_Role", b"root")])
        await ask(pool, "POST", Content(b"a", length=None, trailers=trailers))
    assert wire.trailers == [b"X-Sum: 9"]


@pytest.mark.parametrize("value", [b"1\r\nX-Subject: root", b"1\n", b"\0"])
def test_a_value_that_would_be_another_line_is_left_out(value):
    assert told((b"X-Sum", value)) == b"0\r\n\r\n"


@pytest.mark.parametrize(
    "folded", [b"set-cookie", b"location", b"content-type", b"www-authenticate", b"access-control-allow-origin"]
)
async def test_an_upstream_says_behind_its_answer_nothing_that_belongs_before_it(folded):
    assert not FROM_UPSTREAM.lets(folded)
    assert FROM_UPSTREAM.lets(b"grpc-status")
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 9\r\n%b: x\r\n\r\n" % folded
    async with serving(Wire(answer)) as wire, pooling(wire.port) as pool:
        got = await ask(pool)
    assert list(got.trailers) == [(b"X-Sum", b"9")]

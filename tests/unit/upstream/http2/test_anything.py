"""Whatever an upstream says and callers do: does the client of HTTP/2 keep its promises?

Nothing raises, every caller hears one end, what waits is bounded by the windows, and nothing is left when it is over.
"""

from __future__ import annotations

import asyncio
from random import Random

from hpack import Encoder
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.wire import PERMIT, Content, Told, request

from ostiary.config.upstreams import UpstreamTimeouts
from ostiary.errors import Overloaded, UpstreamUnreachable
from ostiary.http2.wire import STREAM_WINDOW
from ostiary.upstream.http2.connection import Http2Connection
from ostiary.upstream.http2.exchange import Http2Exchange
from ostiary.upstream.http2.fields import request_fields
from ostiary.upstream.route import RouteUpstream
from ostiary.upstream.trailers import CallersTrailers

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
SAID = (DATA,) * 5 + (HEADERS,) * 5 + (RST, PRIORITY, SETTINGS, PING, WINDOW, WINDOW, 99)
HEADS = (
    [(b":status", b"200")],
    [(b":status", b"200"), (b"content-length", b"9")],
    [(b":status", b"103"), (b"link", b"</a>")],
    [(b":status", b"204")],
    [(b"grpc-status", b"0")],
    [(b":status", b"200"), (b"connection", b"close")],
)


def frame(kind: int, payload: bytes, flags: int, stream: int) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


class Transport:
    """Takes everything, and knows whether it is closed."""

    def __init__(self) -> None:
        self.closing = False

    def write(self, data: bytes) -> None:
        assert not self.closing

    def close(self) -> None:
        self.closing = True

    abort = close

    def is_closing(self) -> bool:
        return self.closing


class Owner:
    name, host, scheme = "http://127.0.0.1:1", b"127.0.0.1:1", "http"

    def __init__(self) -> None:
        self.trailers = CallersTrailers()

    def released(self, connection: Http2Connection) -> None:
        assert connection.room > 0

    def parting(self, connection: Http2Connection) -> None:
        assert connection.room == 0

    def lost(self, connection: Http2Connection) -> None:
        pass


class Talk:
    """An upstream and its callers, all of whom do what chance says: mostly sensible things."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.encoder = Encoder()
        self.transport = Transport()
        self.connection = Http2Connection(Owner(), asyncio.get_running_loop())  # type: ignore[arg-type]
        self.connection.connection_made(self.transport)  # type: ignore[arg-type]
        self.connection.data_received(frame(SETTINGS, b"", 0, 0))
        self.route = RouteUpstream(self, frozenset(), frozenset())  # type: ignore[arg-type]
        self.calls: list[tuple[Http2Exchange, Told, Content]] = []

    def again(self, exchange: Http2Exchange) -> None:
        exchange.fail(UpstreamUnreachable("sent again, elsewhere"))

    def ask(self) -> None:
        if self.connection.room <= 0:
            return
        chance, told = self.chance, Told()
        length = chance.choice((0, None, None, 30))
        body = Content(b"x" * 10 if length != 0 else b"", length=length, complete=length == 0 or chance.random() < 0.3)
        if length == 30 and body.complete:
            body.pieces = (b"x" * 30,)
        call = ((b"content-type", b"application/grpc"),) if chance.random() < 0.5 else ()
        asked = request("GET" if length == 0 else "POST", *call, body=body)
        outbound = self.route.prepare(asked, PERMIT)
        exchange = Http2Exchange(outbound, body, told, UpstreamTimeouts(), self.again)
        fields = request_fields(outbound, "http", b"a", body.length, call=exchange.call, left=exchange.until)
        self.calls.append((exchange, told, body))
        self.connection.promised += 1
        self.connection.carry(exchange, fields)

    def act(self) -> None:
        """Somebody does something on this side."""
        if not self.calls or self.chance.random() < 0.4:
            self.ask()
            return
        exchange, told, body = self.chance.choice(self.calls)
        what = self.chance.randrange(7)
        if what == 0:
            exchange.abandon()
        elif what <= 2 and told.source is not None:
            told.source.pause() if what == 1 else told.source.resume()
        elif what == 3 and body.sink is not None and not body.complete:
            body.sink.feed(bytes(self.chance.choice((1, 20_000))))
        elif what == 4 and body.sink is not None and not body.complete:
            body.complete = True
            body.sink.finish()
        elif what == 5:
            self.connection.pause_writing() if self.chance.random() < 0.5 else self.connection.resume_writing()
        else:
            self.connection.sweep(asyncio.get_running_loop().time(), ping=300.0, patience=2.0)

    def say(self) -> bytes:
        """The upstream says something."""
        chance = self.chance
        kind = chance.choice(SAID) if chance.random() < 0.99 else GOAWAY
        known = list(self.connection.exchanges)
        if chance.random() < 0.01:
            stream = chance.randrange(12)  # mostly one where it makes no sense
        elif known:
            stream = chance.choice(known)
        else:
            return frame(PING, bytes(8), 0, 0)
        if kind == HEADERS:
            block = self.encoder.encode(chance.choice(HEADS[:2] if chance.random() < 0.7 else HEADS))
            return frame(HEADERS, block, 4 | (chance.random() < 0.2), stream)
        if kind == DATA:
            return frame(DATA, bytes(chance.choice((0, 3, 9, 9000))), int(chance.random() < 0.2), stream)
        numbers = {RST: chance.choice((0, 7, 8)), WINDOW: chance.choice((1, 9, 70_000) * 9 + (0, 2**31 - 1))}
        payload = {
            PRIORITY: bytes(5), SETTINGS: b"\0\4" + chance.choice((0, 5, 100_000)).to_bytes(4, "big"), PING: bytes(8),
            GOAWAY: chance.choice((0, 3, 2**31 - 1)).to_bytes(4, "big") + bytes(4),
        }.get(kind, numbers.get(kind, 0).to_bytes(4, "big"))  # fmt: skip
        on = stream if kind in (RST, PRIORITY) or (kind == WINDOW and chance.random() < 0.5) else 0
        return frame(kind, payload, 0, on)


async def _talk(seed: int) -> None:
    chance = Random(seed)
    talk = Talk(chance)
    for _ in range(chance.randrange(1, 120)):
        if talk.transport.closing:
            break
        if chance.random() < 0.4:
            talk.act()
        else:
            said = talk.say()
            cut = chance.randrange(len(said) + 1)
            talk.connection.data_received(said[:cut])
            talk.connection.data_received(said[cut:])
        if chance.random() < 0.3:
            await asyncio.sleep(0)
    if chance.random() < 0.5:
        talk.connection.close(Overloaded("the gateway is stopping"))
    talk.connection.connection_lost(None)
    await asyncio.sleep(0)
    assert not talk.connection.exchanges
    for exchange, told, _ in talk.calls:
        assert exchange.done
        assert told.ends <= 1  # none for a caller who has left
        assert len(told.content) <= STREAM_WINDOW + 120 * 9000
    assert talk.connection._streams.sender.buffered == 0


@given(st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_whatever_is_said_every_caller_hears_one_end(seed: int) -> None:
    asyncio.run(_talk(seed))


def test_chance_is_not_the_same_every_time_and_some_answers_are_whole() -> None:
    """What the other test says is not said of connections that end with their first frame."""

    async def whole() -> int:
        found = 0
        for seed in range(60):
            chance = Random(seed)
            talk = Talk(chance)
            for _ in range(60):
                if talk.transport.closing:
                    break
                talk.act() if chance.random() < 0.4 else talk.connection.data_received(talk.say())
            found += sum(told.ends == 1 and told.error is None for _, told, _ in talk.calls)
            talk.connection.close(Overloaded("over"))
        return found

    assert asyncio.run(whole()) > 20

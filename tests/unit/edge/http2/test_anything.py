"""Whatever a caller says and an upstream answers: does the edge keep its promises?

Nothing raises, no more waits here than the windows hold, nothing is kept when the connection is gone, each request has
one line, no body is both whole and abandoned, and whoever loses his connection is told why, and which stream was the last.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from pathlib import Path
from random import Random

from hpack import Encoder
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.http2 import GET, POST, Asked, Line, Tunnel, agree

from ostiary.errors import InternalError, UpstreamInvalid
from ostiary.http2.codes import Code
from ostiary.http2.wire import CONNECTION_WINDOW, STREAM_WINDOW
from ostiary.model import Headers

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
SAID = (
    DATA,
    DATA,
    DATA,
    HEADERS,
    HEADERS,
    HEADERS,
    HEADERS,
    HEADERS,
    RST,
    PRIORITY,
    SETTINGS,
    PING,
    WINDOW,
    WINDOW,
    99,
)


CONNECT = [(b":method", b"CONNECT"), *GET[1:], (b":protocol", b"websocket")]
SAID_OF = {
    Code.NO_ERROR: {"request.timeout"},
    Code.ENHANCE_YOUR_CALM: {"connection.flood", "request.headers-too-large"},
}
"""What the log says of a connection that ends with a code; with every other one, that its frames made no sense."""
SENSELESS = {"request.malformed", "request.ambiguous"}


def frame(kind: int, payload: bytes, flags: int, stream: int) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


class Talk:
    """A caller, an upstream and a clock, all of whom do what chance says: mostly sensible things."""

    def __init__(self, line: Line, chance: Random) -> None:
        self.line = line
        self.chance = chance
        self.stream = 1
        self.encoder = Encoder()
        self.open: list[int] = []  # streams that the caller may still speak on
        self.tunnels: list[Tunnel] = []

    def head(self) -> bytes:
        fields = [*self.chance.choice((GET, POST, CONNECT)), (b"x", b"%d" % self.chance.randrange(9))]
        if self.chance.random() < 0.1:
            odd = self.chance.choice((b"X", b"te", b"content-length", b":path", b"", b"cookie", b"host"))
            fields.insert(self.chance.randrange(6), (odd, b"1"))
        return self.encoder.encode(fields)

    def frame(self) -> bytes:
        kind, chance = self.chance.choice(SAID), self.chance
        if kind == HEADERS or (not self.open and chance.random() < 0.98):
            kind, self.stream = HEADERS, self.stream + 2
            ended = chance.random() < 0.3
            if not ended:
                self.open.append(self.stream)
            return frame(kind, self.head(), 5 if ended else 4, self.stream)
        payload = {
            DATA: bytes(chance.choice((0, 1, 100, 16_384))),
            RST: bytes(4),
            PRIORITY: bytes(5),
            SETTINGS: b"\0\4" + chance.choice((0, 1, 70_000)).to_bytes(4, "big"),
            PING: chance.choice((b"12345678", b"ostiary.")),
            WINDOW: chance.choice((1, 1000, 100_000, 2**31 - 1 if chance.random() < 0.05 else 9)).to_bytes(4, "big"),
        }.get(kind, b"?")
        of_stream = kind in (DATA, RST, PRIORITY) or (kind == WINDOW and chance.random() < 0.7)
        number = self.number() if of_stream else 0
        ends = kind == DATA and chance.random() < 0.2
        if (ends or kind == RST) and number in self.open:
            self.open.remove(number)
        return frame(kind, payload, int(ends), number)

    def number(self) -> int:
        """A stream; nearly always one that is open."""
        if self.open and self.chance.random() < 0.99:
            return self.chance.choice(self.open[-4:])
        return max(1, self.stream - 2 * self.chance.randrange(3))

    def say(self) -> None:
        data = self.frame()
        if self.chance.random() < 0.01:
            data = data[: self.chance.randrange(len(data))]
        self.line.edge.data_received(data)

    def answer(self) -> None:
        if not self.line.gateway.asked:
            return
        asked = self.chance.choice(self.line.gateway.asked)
        self.chance.choice((self.begin, self.go_on, self.go_on, self.finish, self.fail, self.hold))(asked)

    def begin(self, asked: Asked) -> None:
        if asked.answer.status:  # type: ignore[attr-defined]
            return
        try:
            if asked.request.upgrade is not None and self.chance.random() < 0.8:
                self.tunnels.append(agree(asked, key=None if self.chance.random() < 0.9 else b"other"))
            else:
                asked.start(self.chance.choice((200, 204, 404)))
        except UpstreamInvalid as error:
            assert asked.request.upgrade is not None
            asked.answer.fail(error)

    def go_on(self, asked: Asked) -> None:
        if asked.answer.status:  # type: ignore[attr-defined]
            asked.answer.write(bytes(self.chance.choice((1, 1000, 100_000))))

    def finish(self, asked: Asked) -> None:
        if asked.answer.status:  # type: ignore[attr-defined]
            asked.answer.finish(self.chance.choice((None, Headers.of([(b"X", b"1")]))))

    def fail(self, asked: Asked) -> None:
        asked.answer.fail(InternalError())

    def hold(self, asked: Asked) -> None:
        self.chance.choice((asked.request.body.pause, asked.request.body.resume))()

    def transport(self) -> None:
        edge = self.line.edge
        self.chance.choice((edge.pause_writing, edge.resume_writing, edge.resume_writing))()

    def time(self) -> None:
        self.line.wait(self.chance.choice((1, 1, 11, 31, 61)))

    def stop(self) -> None:
        self.line.listening.stopping = True
        self.line.edge.shut_down()


async def talk(line: Line, chance: Random) -> list[Tunnel]:
    line.say()
    one = Talk(line, chance)
    acts = [one.say] * 14 + [one.answer] * 6 + [one.transport, one.time] + [one.stop] * (chance.random() < 0.3)
    for _ in range(chance.randrange(100)):
        if line.pipe.closing:
            break
        chance.choice(acts)()
        check_what_waits(line)
        if chance.random() < 0.3:
            await asyncio.sleep(0)
    line.edge.connection_lost(None)
    await asyncio.sleep(0)
    return one.tunnels


def check_what_waits(line: Line) -> None:
    waiting = [sum(map(len, stream._held)) for stream in line.edge.streams.values()]
    assert max(waiting, default=0) <= STREAM_WINDOW
    assert sum(waiting) <= CONNECTION_WINDOW


def check(line: Line, tunnels: list[Tunnel]) -> None:
    assert line.edge.streams == {}
    assert line.edge.sender.buffered == 0
    assert line.listening.connections == set()
    lines = line.gateway.lines()
    assert len({one["id"] for one in lines}) == len(lines) >= len(line.gateway.asked)
    assert all(asked.sink.finished <= 1 and asked.sink.abandoned <= 1 for asked in line.gateway.asked)
    assert all(tunnel.finished <= 1 and tunnel.abandoned <= 1 for tunnel in tunnels)
    check_farewells(line, {str(one["reason"]) for one in lines if not one["method"] and not one["status"]})


def check_farewells(line: Line, reasons: set[str]) -> None:
    """The last one tells why; each names at least the last stream that was worked on."""
    data, last = bytes(line.pipe.written), 0
    code: Code | None = None
    while data:
        end = 9 + int.from_bytes(data[:3], "big")
        if data[3] == GOAWAY:
            last, code = int.from_bytes(data[9:13], "big"), Code(int.from_bytes(data[13:17], "big"))
        data = data[end:]
    worked_on = max((asked.request.body.number for asked in line.gateway.asked), default=0)  # type: ignore[attr-defined]
    assert code is None or last >= worked_on
    if reasons:
        assert code is not None
        assert reasons <= SAID_OF.get(code, SENSELESS)
    else:
        assert code in (None, Code.NO_ERROR)


@settings(max_examples=200)
@given(st.randoms(use_true_random=False))
def test_whatever_is_said_and_answered_the_edge_keeps_its_promises(chance):
    trouble: list[dict[str, object]] = []

    async def watched() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: trouble.append(context))
        with tempfile.TemporaryDirectory() as folder:
            line = Line(Path(folder))
            with contextlib.closing(line.gateway):
                check(line, await talk(line, chance))

    asyncio.run(watched())
    assert trouble == []

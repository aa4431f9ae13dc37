"""Does a head that is read at a glance mean what it means to the parser?

Both ways are asked the same, octet for octet: what the glance takes, the parser must take, and in the same sense.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.config.schema import ListenerLimits, ListenerTimeouts
from ostiary.edge.http1 import connection as module
from ostiary.edge.http1.connection import Http1Connection
from ostiary.edge.http1.plain import read_plain
from ostiary.edge.listening import Listening
from ostiary.errors import RouteNotFound
from ostiary.model import Peer
from ostiary.observe.access import AccessLog

PLAIN = b"GET /accounts/7?x=%20 HTTP/1.1\r\nHost: Api.Example.com:443\r\nAuthorization: Bearer abc\r\n\r\n"


class Seen:
    """A gateway that notes down what it is asked, and refuses."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.access = AccessLog()

    async def handle(self, request: Any, answer: Any) -> None:
        head = request.method, request.target, request.path, request.host, request.authority, request.scheme
        self.requests.append((*head, request.headers.fields, answer.length, answer.close, answer.old))
        raise RouteNotFound


class Transport:
    """Takes what is written."""

    def __init__(self) -> None:
        self.written = b""
        self.closing = False

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    abort = close

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


def asked(pieces: list[bytes], *, glancing: bool, peer: Peer = Peer("192.0.2.1")) -> tuple[list[Any], list[str], bool]:  # noqa: B008 - immutable
    """Return the requests that a connection made of the pieces, the statuses it answered, and whether it closed."""
    loop, seen, transport = asyncio.new_event_loop(), Seen(), Transport()
    listening = Listening(seen, ListenerLimits(), ListenerTimeouts(), "https", lambda _: peer)
    connection = Http1Connection(listening, loop)
    with pytest.MonkeyPatch.context() as patch:
        if not glancing:
            patch.setattr(module, "read_plain", lambda data, most: None)
        connection.connection_made(transport)  # type: ignore[arg-type]
        for piece in pieces:
            connection.data_received(piece)
    loop.close()
    statuses = re.findall(r"HTTP/1\.1 (\d+)", transport.written.decode("latin-1"))
    return seen.requests, statuses, transport.closing or connection.line.lingering


def test_a_plain_head_is_read_at_a_glance():
    head = read_plain(PLAIN, 100)
    assert head is not None
    asked, host, authority, headers = head
    assert (asked.method, asked.target, asked.path) == ("GET", b"/accounts/7?x=%20", "/accounts/7")
    assert (host, authority) == ("api.example.com", b"Api.Example.com:443")
    assert headers.get(b"authorization") == b"Bearer abc"


UNPLAIN = {
    "a body": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n",
    "chunks": b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    "framing in another spelling": b"GET / HTTP/1.1\r\nHost: a\r\nContent_Length: 2\r\n\r\n",
    "an expectation": b"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
    "an upgrade": b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    "a farewell": b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "HTTP/1.0": b"GET / HTTP/1.0\r\nHost: a\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\nAccept: */*\r\n\r\n",
    "two tokens": b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n",
    "another spelling of a field that is there": b"GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX_A: 2\r\n\r\n",
    "two requests": PLAIN + PLAIN,
    "a folded line": b"GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n 2\r\n\r\n",
    "a bare LF": b"GET / HTTP/1.1\r\nHost: a\nX-A: 1\r\n\r\n",
    "a bare CR": b"GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\rX-B: 2\r\n\r\n",
    "a NUL": b"GET / HTTP/1.1\r\nHost: a\r\nX-A: \x00\r\n\r\n",
    "a blank before the colon": b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\nHost: a\r\nX-A\r\n\r\n",
    "no name": b"GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n",
    "an absolute target": b"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "a path with two readings": b"GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method with a body": b"POST / HTTP/1.1\r\nHost: a\r\n\r\n",
    "two blanks": b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    "an empty line in front": b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a host that is none": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
}


@pytest.mark.attack(48, 50)
@pytest.mark.parametrize("data", UNPLAIN.values(), ids=UNPLAIN)
def test_what_wants_a_closer_look_goes_to_the_parser(data):
    assert read_plain(data, 100) is None
    assert asked([data], glancing=True) == asked([data], glancing=False)


def test_blanks_behind_a_value_do_not_belong_to_it():
    for glancing in (True, False):
        requests, _, _ = asked([b"GET / HTTP/1.1\r\nHost: a \r\nAuthorization: \t a \t\r\n\r\n"], glancing=glancing)
        assert requests[0][6] == [(b"Host", b"host", b"a"), (b"Authorization", b"authorization", b"a")]


def test_more_fields_than_allowed_go_to_the_parser():
    assert read_plain(PLAIN, 2) is not None
    assert read_plain(PLAIN, 1) is None
    assert asked([PLAIN], glancing=True)[1] == ["404"]


def test_the_end_of_a_head_is_no_head_of_its_own():
    """What looks whole, but is the rest of something, belongs to that."""
    for pieces in (
        [PLAIN + b"GET /a HTTP/1.1\r\nX-A: ", PLAIN],
        [PLAIN + b"G", b"ET / HTTP/1.1\r\nHost: a\r\n\r\n"],
        [b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(PLAIN), PLAIN],
        [b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", PLAIN],
        [PLAIN[:9], PLAIN[9:]],
    ):
        assert asked(pieces, glancing=True) == asked(pieces, glancing=False)


@pytest.mark.attack(50)
def test_plain_and_other_requests_take_turns_on_a_connection():
    other = b"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok"
    for pieces in ([PLAIN, other, PLAIN], [other, PLAIN, other, PLAIN], [PLAIN, b"\r\n", PLAIN]):
        requests, statuses, closed = asked(pieces, glancing=True)
        assert (requests, statuses, closed) == asked(pieces, glancing=False)
        assert statuses == ["404"] * sum(piece != b"\r\n" for piece in pieces)


@pytest.mark.attack(54)
def test_the_host_is_still_the_one_that_tls_was_set_up_for():
    peer = Peer("192.0.2.1", server_name="Other.example.com.")
    assert asked([PLAIN], glancing=True, peer=peer)[1] == ["421"]
    assert asked([PLAIN], glancing=True, peer=Peer("192.0.2.1", server_name="API.example.com."))[1] == ["404"]


names = st.sampled_from(
    (
        *(b"Host", b"host", b"Authorization", b"Cookie", b"X-A", b"x_a", b"Accept", b"Connection", b"Content-Length"),
        *(
            b"Transfer-Encoding",
            b"Upgrade",
            b"Te",
            b"Content_Type",
            b"Content-Type",
            b"",
            b"X A",
            b"X\xe9",
            b"Keep-Alive",
        ),
    )
)
values = st.one_of(
    st.sampled_from(
        (b"a", b"a:1", b"keep-alive", b"close", b"Keep-Alive, x", b"0", b"chunked", b" a ", b"\ta", b"", b"a\tb")
    ),
    st.binary(max_size=6),
)
blanks = st.sampled_from((b": ", b":", b":\t", b" :", b":  "))
fields = st.builds(lambda name, blank, value: name + blank + value, names, blanks, values)
targets = st.sampled_from(
    (b"/", b"/a/b", b"/a?b=%zz", b"/%2e", b"/a//b", b"*", b"a", b"/a#b", b"/\xc3\xa9", b"/%c3%a9")
)
methods = st.sampled_from((b"GET", b"HEAD", b"DELETE", b"OPTIONS", b"POST", b"get", b"TRACE", b"GE T"))
versions = st.sampled_from((b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"http/1.1", b"HTTP/1.1 "))
ends = st.sampled_from((b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r"))


@st.composite
def heads(draw):
    lines = [b" ".join((draw(methods), draw(targets), draw(versions))), b"Host: a", *draw(st.lists(fields, max_size=4))]
    return b"".join(line + draw(ends) for line in lines) + b"\r\n"


@settings(max_examples=400, deadline=None)
@given(st.lists(heads(), min_size=1, max_size=3))
def test_whatever_the_head_both_ways_see_the_same(pieces):
    assert asked(pieces, glancing=True) == asked(pieces, glancing=False)

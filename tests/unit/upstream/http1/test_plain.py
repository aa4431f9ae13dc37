"""Does an answer that is read at a glance mean what it means to the parser?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.errors import GatewayError
from ostiary.model import Headers
from ostiary.upstream.http1 import answer
from ostiary.upstream.http1.answer import AnswerReader
from ostiary.upstream.http1.exchange import Exchange

HEAD = b"HTTP/1.1 200 OK\r\n"
PLAIN = HEAD + b"Server: x\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello"


class Told(Exchange):
    """An exchange, as a reader sees it."""

    def __init__(self, method: str) -> None:
        self.outbound = self.request = self.answer = self
        self.method = method
        self.heads: list[Any] = []
        self.content = b""

    def start(self, status: int, headers: Headers, length: int | None) -> None:
        self.heads.append((status, headers.fields, length))

    def inform(self, status: int, headers: Headers) -> None:
        self.heads.append((status, headers.fields))

    def write(self, data: bytes) -> None:
        self.content += data


def read(pieces: list[bytes], *, glancing: bool, method: str = "GET") -> Any:
    """Return what a reader made of the pieces, of which the last may come too late."""
    reader, told, refused = AnswerReader(), Told(method), None
    with pytest.MonkeyPatch.context() as patch:
        if not glancing:
            patch.setattr(answer, "read_plain", lambda head: None)
        reader.expect(told)
        for piece in pieces:
            try:
                reader.feed(piece)
            except GatewayError as error:
                refused = error.reason
                break
    state = reader.started, reader.complete, reader.complete and reader.keep_alive
    return told.heads, told.content, state, refused, reader.ends_here()


@pytest.mark.parametrize("cut", range(1, len(PLAIN)))
def test_a_plain_answer_may_come_in_any_two_pieces(cut):
    assert read([PLAIN[:cut], PLAIN[cut:]], glancing=True) == read([PLAIN], glancing=False)


def test_content_is_counted_and_what_comes_after_it_is_nobodys():
    heads, content, state, refused, _ = read([PLAIN[:-2], b"lo!!", b"more"], glancing=True)
    assert (len(heads), content, refused) == (1, b"hello", None)
    assert state == (True, True, False)  # complete, and the connection is not used again


def test_an_answer_to_head_has_a_length_and_no_content():
    answered = PLAIN.removesuffix(b"hello")
    assert read([answered], glancing=True, method="HEAD") == read([answered], glancing=False, method="HEAD")


names = st.sampled_from(
    (
        *(b"Server", b"Set-Cookie", b"Connection", b"Content-Length", b"Content_Length", b"Transfer-Encoding"),
        *(b"Keep-Alive", b"X-Request-Id", b"Upgrade", b"Trailer", b"", b"X A", b"ETag", b"Proxy-Authenticate"),
    )
)
values = st.one_of(
    st.sampled_from(
        (b"5", b"keep-alive", b"close", b"Keep-Alive", b"chunked", b" a ", b"\ta", b"", b"05", b"+5", b"x, close")
    ),
    st.binary(max_size=4),
)
blanks = st.sampled_from((b": ", b": ", b":", b":\t", b" :"))
fields = st.builds(lambda name, blank, value: name + blank + value, names, blanks, values)
statuses = st.sampled_from(
    (
        *(b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK", b"HTTP/1.1 404 Not Found", b"HTTP/1.1 204 No Content"),
        *(b"HTTP/1.1 304 Not Modified", b"HTTP/1.0 200 OK", b"HTTP/1.1 200", b"HTTP/1.1 103 Early Hints"),
        *(b"HTTP/1.1 200  OK", b"HTTP/1.1 200 Fine", b"http/1.1 200 OK"),
    )
)
ends = st.sampled_from((b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\n"))


@st.composite
def answers(draw):
    lines = [draw(statuses), *draw(st.lists(fields, max_size=3))]
    if draw(st.booleans()):
        lines.append(b"Content-Length: 5")
    head = b"".join(line + draw(ends) for line in lines) + b"\r\n"
    return head + draw(st.sampled_from((b"hello", b"hel", b"", b"hello!", b"5\r\nhello\r\n0\r\n\r\n")))


@settings(max_examples=400, deadline=None)
@given(answers(), st.sampled_from(("GET", "GET", "HEAD")), st.integers(min_value=1, max_value=200))
def test_whatever_the_answer_both_ways_see_the_same(octets, method, cut):
    pieces = [piece for piece in (octets[:cut], octets[cut:]) if piece]
    assert read(pieces, glancing=True, method=method) == read(pieces, glancing=False, method=method)

"""Does another parser of HTTP/1.1 read what the edge accepts, and in the same sense?

h11 follows RFC 9112 and knows nothing of us. What it refuses, or reads otherwise, must never have been accepted here;
that we refuse more is our business.
"""

from __future__ import annotations

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.edge.http1.test_plain import asked

VALUES = (
    *(
        b"a",
        b"",
        b" a ",
        b"\ta",
        b"a\tb",
        b"a:1",
        b"0",
        b"2",
        b"02",
        b"+2",
        b"2, 2",
        b"a\r\n b",
        b"a\rb",
        b"a\nb",
        b"\x0b",
    ),
    *(
        b"chunked",
        b"Chunked",
        b"identity",
        b"chunked, chunked",
        b"close",
        b"keep-alive",
        b"100-continue",
        b"\x80",
        b"\0",
    ),
)
NAMES = (
    *(b"Host", b"X-A", b"x_a", b"Accept", b"Connection", b"Content-Length", b"Transfer-Encoding", b"TE", b"Expect"),
    *(b"Content_Length", b"Trailer", b"", b"X A", b"X\xe9", b"X-A ", b" X-A", b"X\0"),
)
FIELDS = st.builds(
    lambda name, colon, value: name + colon + value,
    st.sampled_from(NAMES),
    st.sampled_from((b": ", b":", b":\t", b" :")),
    st.sampled_from(VALUES) | st.binary(max_size=3),
)
FRAMED = (
    *((b"", b""), (b"Content-Length: 2", b"ab"), (b"Content-Length: 0", b"")),
    *((b"Transfer-Encoding: chunked", b"2\r\nab\r\n0\r\n\r\n"), (b"transfer-encoding:Chunked", b"0\r\nX: y\r\n\r\n")),
    *((b"Transfer-Encoding: chunked", b"2;a=b\r\nab\r\n0\r\n\r\n"), (b"Transfer-Encoding: chunked", b"0x2\r\nab\r\n")),
)
LINES = st.tuples(
    st.sampled_from((b"GET", b"POST", b"HEAD", b"DELETE", b"PATCH", b"get", b"G@T", b"")),
    st.sampled_from((b"/", b"/a/b?c", b"/%c3%a9", b"/a#b", b"a", b"*", b"http://a/", b"/a b", b"/\xe9", b"/\x7f")),
    st.sampled_from((b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2", b"http/1.1", b"HTTP/1.1 ")),
).map(b" ".join)
ENDS = st.sampled_from((b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\r\n"))


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """Mostly good ones, so that much is accepted."""
    framing, body = draw(st.sampled_from(FRAMED))
    lines = [b"GET / HTTP/1.1" if draw(st.booleans()) else draw(LINES), b"Host: a"]
    lines += draw(st.lists(FIELDS, max_size=2)) + ([framing] if framing else [])
    end = draw(ENDS)
    return b"".join(line + (end if number == 1 else b"\r\n") for number, line in enumerate(lines)) + b"\r\n" + body


def by_h11(data: bytes) -> tuple[bytes, bytes, list[tuple[bytes, bytes]]]:
    """Return method, target and fields; raise what h11 raises."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    event = connection.next_event()
    assert isinstance(event, h11.Request)
    return event.method, event.target, sorted(event.headers)


@settings(max_examples=300)
@given(messages())
def test_what_is_accepted_means_the_same_to_it(data: bytes) -> None:
    for method, target, _, _, _, _, fields, *_ in asked([data], glancing=True)[0][:1]:
        said = [(name.lower(), value) for name, _, value in fields]
        codings = [(name, value.lower() if name == b"transfer-encoding" else value) for name, value in said]  # as h11
        assert by_h11(data) == (method.encode(), target, sorted(codings))


@pytest.mark.parametrize("glancing", [True, False])
@pytest.mark.parametrize("framing", FRAMED[:-1], ids=lambda framing: framing[0].decode())
def test_good_ones_are_among_those(framing: tuple[bytes, bytes], glancing: bool) -> None:
    line, body = framing
    data = b"POST /a HTTP/1.1\r\nHost: a\r\n" + (line + b"\r\n" if line else b"") + b"\r\n" + body
    assert len(asked([data], glancing=glancing)[0]) == 1
    assert by_h11(data)[:2] == (b"POST", b"/a")

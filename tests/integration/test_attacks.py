"""What does the gateway do with octets that nobody honest would send?

Every refusal here means: an answer that blames the caller, a connection that ends, one line in the
access log, and not one octet at the upstream.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.attack import Field, battlefield

pytestmark = pytest.mark.integration


@pytest.fixture
async def field(tmp_path: Path) -> AsyncIterator[Field]:
    async with battlefield(tmp_path, timeouts="keep_alive: 300ms") as one:
        yield one


def post(*fields: bytes, body: bytes = b"", path: bytes = b"/open/a") -> bytes:
    return b"".join((b"POST ", path, b" HTTP/1.1\r\nHost: a\r\n", *(one + b"\r\n" for one in fields), b"\r\n", body))


def get(*fields: bytes, path: bytes = b"/open/a") -> bytes:
    return post(*fields, path=path).replace(b"POST", b"GET", 1)


CL, TE = b"Content-Length: 4", b"Transfer-Encoding: chunked"
SMUGGLED = b"GET /open/SMUGGLED HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKS = b"1\r\na\r\n0\r\n\r\n"

CODINGS = {
    "Content-Length and Transfer-Encoding": post(CL, TE, body=CHUNKS),
    "Transfer-Encoding and Content-Length": post(TE, CL, body=CHUNKS),
    "a coding with a space before the colon": post(b"Transfer-Encoding : chunked", body=CHUNKS),
    "a coding with a tab before the colon": post(b"Transfer-Encoding\t: chunked", body=CHUNKS),
    "a length with a space before the colon": post(b"Content-Length : 4", TE, body=CHUNKS),
    "a vertical tab before chunked": post(b"Transfer-Encoding: \x0bchunked", body=CHUNKS),
    "chunked, identity": post(b"Transfer-Encoding: chunked, identity", body=CHUNKS),
    "identity": post(b"Transfer-Encoding: identity", CL, body=b"abcd"),
    "gzip, chunked": post(b"Transfer-Encoding: gzip, chunked", body=CHUNKS),
    "chunked twice in one field": post(b"Transfer-Encoding: chunked, chunked", body=CHUNKS),
    "xchunked": post(b"Transfer-Encoding: xchunked", CL, body=b"abcd"),
    "quoted chunked": post(b'Transfer-Encoding: "chunked"', CL, body=b"abcd"),
    "chunked with a parameter": post(b"Transfer-Encoding: chunked;q=1", body=CHUNKS),
    "an empty coding": post(b"Transfer-Encoding:", CL, body=b"abcd"),
    "two codings": post(TE, TE, body=CHUNKS),
    "two codings that differ": post(TE, b"Transfer-Encoding: identity", body=CHUNKS),
    "two codings, the other way round": post(b"Transfer-Encoding: identity", TE, body=CHUNKS),
    "Transfer_Encoding": post(b"Transfer_Encoding: chunked", CL, body=b"abcd"),
    "a coding with a no-break space for its hyphen": post(b"Transfer\xc2\xa0Encoding: chunked", CL, body=b"abcd"),
    "a folded coding": post(b"Transfer-Encoding:\r\n chunked", CL, body=CHUNKS),
    "a coding hidden behind a fold": post(b"X: y\r\n Transfer-Encoding: chunked", CL, body=b"abcd"),
    "a coding hidden behind a bare LF": post(b"X: y\nTransfer-Encoding: chunked", CL, body=b"abcd"),
    "a coding hidden behind a bare CR": post(b"X: y\rTransfer-Encoding: chunked", CL, body=b"abcd"),
    "a coding on the request line": b"POST /open/a HTTP/1.1\r\n Transfer-Encoding: chunked\r\nHost: a\r\n\r\n",
    "a coding in HTTP/1.0": post(TE, body=CHUNKS).replace(b"HTTP/1.1", b"HTTP/1.0"),
}

LENGTHS = {
    name: post(*fields, body=b"abcd" + SMUGGLED)
    for name, fields in {
        "a list of the same length": [b"Content-Length: 4, 4"],
        "a list of lengths": [b"Content-Length: 4, 40"],
        "a plus sign": [b"Content-Length: +4"],
        "a minus sign": [b"Content-Length: -4"],
        "a hexadecimal length": [b"Content-Length: 0x4"],
        "an underscore": [b"Content-Length: 0_4"],
        "a fraction": [b"Content-Length: 4.0"],
        "an empty length": [b"Content-Length:"],
        "a word": [b"Content-Length: four"],
        "a space within": [b"Content-Length: 4 4"],
        "a quoted length": [b'Content-Length: "4"'],
        "Arabic digits": ["Content-Length: ٤".encode()],
        "more than 64 bits": [b"Content-Length: 18446744073709551620"],
        "lengths that differ": [CL, b"Content-Length: 44"],
        "lengths that agree": [CL, CL],
        "Content_Length": [b"Content_Length: 4"],
        "Content_Length beside Content-Length": [CL, b"Content_Length: 44"],
        "a space before the colon": [b"Content-Length : 4"],
        "a NUL": [b"Content-Length: 4\x00"],
    }.items()
}

CHUNKINGS = {
    name: post(TE, body=body, path=b"/closed/a")
    for name, body in {
        "0x": b"0x1\r\na\r\n0\r\n\r\n",
        "a plus sign": b"+1\r\na\r\n0\r\n\r\n",
        "a minus sign": b"-1\r\na\r\n0\r\n\r\n",
        "an underscore": b"0_1\r\na\r\n0\r\n\r\n",
        "a space before the size": b" 1\r\na\r\n0\r\n\r\n",
        "an empty size": b"\r\na\r\n0\r\n\r\n",
        "more than 64 bits": b"10000000000000001\r\na\r\n0\r\n\r\n",
        "no line end after the data": b"1\r\na0\r\n\r\n" + SMUGGLED,
        "more data than announced": b"1\r\nab\r\n0\r\n\r\n",
        "a bare LF after the size": b"1\na\r\n0\r\n\r\n",
        "a bare LF after the data": b"1\r\na\n0\r\n\r\n",
        "a bare CR after the size": b"1\ra\r\n0\r\n\r\n",
        "a bare LF in an extension": b"1;x\n=y\r\na\r\n0\r\n\r\n",
        "a bare CR in an extension": b"1;x\r=y\r\na\r\n0\r\n\r\n",
        "a NUL in an extension": b"1;x=\x00\r\na\r\n0\r\n\r\n",
        "a trailer with a space before the colon": b"0\r\nX : y\r\n\r\n",
        "a length in a trailer": b"0\r\nContent-Length: 9\r\n\r\n",
        "a coding in a trailer": b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "a trailer that is no field": b"0\r\nGET /open/SMUGGLED HTTP/1.1\r\nHost: a\r\n\r\n",
    }.items()
}

HEADS = {
    "a bare CR in a value": get(b"X: a\rb"),
    "a bare LF between fields": get(b"X: a\nY: b"),
    "bare LFs throughout": b"GET /open/a HTTP/1.1\nHost: a\n\n",
    "a fold with a space": get(b"X: a\r\n b"),
    "a fold with a tab": get(b"X: a\r\n\tb"),
    "a NUL in a value": get(b"X: a\x00b"),
    "a control character in a value": get(b"X: a\x01b"),
    "DEL in a value": get(b"X: a\x7fb"),
    "a NUL in a name": get(b"X\x00: a"),
    "a space before the colon": get(b"X : a"),
    "a space in a name": get(b"X Y: a"),
    "a name that begins with a space": b"GET /open/a HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n",
    "parentheses in a name": get(b"X(): a"),
    "an at sign in a name": get(b"X@Y: a"),
    "a no-break space in a name": get("X\N{NO-BREAK SPACE}: a".encode()),
    "a letter beyond ASCII in a name": get("X-Usér: a".encode()),
    "a field without a name": get(b": a"),
    "a field without a colon": get(b"X"),
    "no Host": b"GET /open/a HTTP/1.1\r\n\r\n",
    "no Host, in HTTP/1.0": b"GET /open/a HTTP/1.0\r\n\r\n",
    "an empty Host": b"GET /open/a HTTP/1.1\r\nHost:\r\n\r\n",
    "two Hosts": get(b"Host: b"),
    "the same Host twice": get(b"Host: a"),
    **{
        f"Host {host!r}": b"GET /open/a HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"
        for host in (
            *(b"a/evil?x=", b"u@a", b"a,b", b"a b", b"a:b", b"a:-1", b"a:65536", b"a:1:2", b"http://a", b"a#", b"a\\b"),
            *(b"[::1", b"[::1]x", b"[a]", b"::1", b".a", b"a..b", b"%61", b"a%00", b"a;b", b"<a>", "ä".encode()),
        )
    },
    "a target in absolute form": get(path=b"http://a/open/a"),
    "a target in absolute form, elsewhere": get(path=b"http://evil/open/a"),
    "*": b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "a target in authority form": get(path=b"a:443"),
    "CONNECT": b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n" + SMUGGLED,
    "CONNECT with a path": b"CONNECT /open/a HTTP/1.1\r\nHost: a\r\n\r\n" + SMUGGLED,
    "TRACE": b"TRACE /open/a HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method in lower case": b"get /open/a HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method that nobody knows": b"SMUGGLE /open/a HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tab on the request line": b"GET\t/open/a\tHTTP/1.1\r\nHost: a\r\n\r\n",
    "a space in the target": b"GET /open/a b HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/0.9": b"GET /open/a\r\n\r\n",
    "HTTP/1.2": b"GET /open/a HTTP/1.2\r\nHost: a\r\n\r\n",
    "HTTP/2.0": b"GET /open/a HTTP/2.0\r\nHost: a\r\n\r\n",
    "http/1.1": b"GET /open/a http/1.1\r\nHost: a\r\n\r\n",
    "HTTP/1.10": b"GET /open/a HTTP/1.10\r\nHost: a\r\n\r\n",
    "another protocol": b"GET /open/a ICE/1.0\r\nHost: a\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    "TLS": bytes.fromhex("16030100050100000103030a"),
    "h2c": get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"),
    "a websocket": get(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 777"),
    "an upgrade with a body": post(b"Connection: upgrade", b"Upgrade: x", CL, body=b"abcd" + SMUGGLED),
    "an unknown expectation": post(b"Expect: 200-ok", CL, body=b"abcd"),
}

PATHS = {
    f"{path!r}": get(path=path)
    for path in (
        *(b"/open/../closed/a", b"/open/%2e%2e/closed", b"/open/.%2e/closed", b"/open/%2E%2E/closed"),
        *(b"/open/..%2fclosed", b"/open/..;/closed", b"/open/..;x=1/closed", b"/open/%252e%252e/closed"),
        *(b"/open\\..\\closed", b"/open/%5c..%5cclosed", b"//closed", b"/open//a", b"/open/./a", b"/open/a/.."),
        *(b"/open/%00", b"/open/%09", b"/open/%0d%0aX:%20y", b"/open/a%", b"/open/%zz", b"/open/a#b", b"/open/%ff"),
        *(b"/open/%2e", b"/open/a/.", b"/open/;/../a", b"/open/%c0%ae%c0%ae/closed", b"/open/\x80", b"/open/a\x7f"),
        *(b"/open/a?b#c", b"/open/a?\x00", b"open/a", b"/open/%2Fclosed", b"/open/<a>", b"/open/|", b'/open/"'),
    )
}

UNREADABLE = {
    f"{kind}: {name}": octets
    for kind, cases in {
        "coding": CODINGS,
        "length": LENGTHS,
        "chunk": CHUNKINGS,
        "head": HEADS,
        "path": PATHS,
    }.items()
    for name, octets in cases.items()
}


@pytest.mark.parametrize("octets", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_octets_that_can_be_read_in_two_ways_are_refused_and_nothing_reaches_the_upstream(
    field: Field, octets: bytes
) -> None:
    said = await field.send(octets)
    status = int(said.split(b" ")[1])
    assert 400 <= status < 500
    assert said.count(b"HTTP/1.1 ") == 1, "what followed was read as another request"
    assert b"Traceback" not in said
    assert b"onnection: close" in said
    assert field.upstream.octets == b""
    (line,) = await field.lines(1)
    assert line["status"] == status
    assert line["decision"] == "deny"
    assert line["reason"] not in ("allowed", "gateway.internal")


async def test_a_trailer_is_not_a_field_of_the_request(field: Field) -> None:
    body = b"1\r\na\r\n0\r\nX-Late: 1\r\nAuthorization: late\r\nX-User: root\r\n\r\n"
    said = await field.send(post(TE, body=body, path=b"/injected/a"))
    assert said.startswith(b"HTTP/1.1 200")
    assert field.upstream.bodies == [b"a"]
    for octets in (b"late", b"X-Late", b"root"):
        assert octets not in field.upstream.octets


async def test_a_token_in_a_trailer_is_no_token(field: Field) -> None:
    said = await field.send(post(TE, body=b"0\r\nAuthorization: Bearer a.b.c\r\n\r\n", path=b"/closed/a"))
    assert said.startswith(b"HTTP/1.1 401")
    (line,) = await field.lines(1)
    assert line["reason"] == "token.missing"
    assert field.upstream.octets == b""

"""What does the gateway do with octets that nobody honest would send?

Every refusal here means: an answer that blames the caller, a connection that ends, one line in the
access log, and not one octet at the upstream.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.attack import OK, Field, Upstream, battlefield, read_body

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
        *(
            b"/open/a?b#c",
            b"/open/a?\x00",
            b"open/a",
            b"/open/%2Fclosed",
            b"/open/<a>",
            b"/open/|",
            b"/open;/a",
            b'/open/"',
        ),
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


@pytest.mark.attack(29, 30, 33, 34, 46, 47, 48, 49)
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


LATE = (
    *(b"Authorization: root", b"X-User: root", b"x_user: root", b"X.User: root", b"Cookie: root", b"Host: root"),
    *(b"X-Forwarded-For: root", b"X-Original-URL: /root", b"Connection: X-User", b"Content-Type: root"),
    *(b"X-Request-Id: root", b"Client-Cert: root", b"Range: bytes=0-root"),
)


@pytest.mark.attack(39, 47)
async def test_a_trailer_stays_behind_the_body_and_never_says_what_the_gateway_does(field: Field) -> None:
    body = b"1\r\na\r\n0\r\nX-Checksum: 0c\r\n%b\r\n\r\n" % b"\r\n".join(LATE)
    said = await field.send(post(TE, body=body, path=b"/injected/a"))
    assert said.startswith(b"HTTP/1.1 200")
    assert field.upstream.bodies == [b"a"]
    assert field.upstream.octets.endswith(b"\r\n0\r\nX-Checksum: 0c\r\n\r\n")
    assert b"root" not in field.upstream.octets
    assert b"X-Checksum" not in field.upstream.octets.partition(b"\r\n\r\n")[0]


async def test_a_token_in_a_trailer_is_no_token(field: Field) -> None:
    said = await field.send(post(TE, body=b"0\r\nAuthorization: Bearer a.b.c\r\n\r\n", path=b"/closed/a"))
    assert said.startswith(b"HTTP/1.1 401")
    (line,) = await field.lines(1)
    assert line["reason"] == "token.missing"
    assert field.upstream.octets == b""


# --- requests in a row, and requests in part -----------------------------------------------------


@pytest.mark.attack(50)
async def test_pipelined_requests_are_answered_in_order(field: Field) -> None:
    for number in range(5):
        content = b"%d" % number
        field.upstream.answers[f"/open/{number}"] = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + content
    async with field.caller() as caller:
        caller.say(b"".join(get(path=b"/open/%d" % number) for number in range(5)))
        assert [(await caller.answer()).body for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]


@pytest.mark.attack(50)
async def test_after_a_refused_head_nothing_more_is_read(field: Field) -> None:
    said = await field.send(get(b"Host: b") + SMUGGLED)
    assert said.count(b"HTTP/1.1 ") == 1
    assert field.upstream.octets == b""


@pytest.mark.attack(50)
async def test_a_bad_request_behind_a_good_one_is_refused_after_the_answer_to_the_good_one(field: Field) -> None:
    said = await field.send(get() + get(b"X : y") + SMUGGLED)
    first, second = (int(one[:3]) for one in said.split(b"HTTP/1.1 ")[1:])
    assert (first, second) == (200, 400)
    assert len(field.upstream.requests) == 1


@pytest.mark.attack(50)
async def test_a_body_that_is_refused_unread_is_not_the_next_request(field: Field) -> None:
    said = await field.send(post(b"Content-Length: %d" % len(SMUGGLED), path=b"/closed/a") + SMUGGLED)
    assert [one[:3] for one in said.split(b"HTTP/1.1 ")[1:]] == [b"401"]
    assert field.upstream.octets == b""


@pytest.mark.attack(46, 50)
async def test_a_body_on_get_is_a_body(field: Field) -> None:
    async with field.caller() as caller:
        caller.say(get(b"Content-Length: %d" % len(SMUGGLED)) + SMUGGLED + get(path=b"/open/b"))
        assert [(await caller.answer()).status for _ in range(2)] == [200, 200]
    assert [head.split(b" ")[1] for head in field.upstream.requests] == [b"/open/a", b"/open/b"]
    assert field.upstream.bodies == [SMUGGLED, b""]


async def test_401_comes_before_the_body_has(field: Field) -> None:
    async with field.caller() as caller:
        caller.say(post(b"Content-Length: 1000000", path=b"/closed/a"))
        answer = await caller.answer()
        assert answer.status == 401
        assert b"WWW-Authenticate: Bearer" in answer.head
        assert await caller.rest() == b""


@pytest.mark.attack(50)
async def test_a_refused_caller_is_not_asked_to_go_on(field: Field) -> None:
    said = await field.send(post(b"Expect: 100-continue", CL, path=b"/closed/a"))
    assert [one[:3] for one in said.split(b"HTTP/1.1 ")[1:]] == [b"401"]


async def test_an_allowed_caller_is_asked_to_go_on_once(field: Field) -> None:
    async with field.caller() as caller:
        caller.say(post(b"Expect: 100-continue", CL))
        assert (await caller.answer()).status == 100
        caller.say(b"abcd")
        assert (await caller.answer()).status == 200
    assert field.upstream.bodies == [b"abcd"]
    assert b"xpect" not in field.upstream.octets


async def test_http_1_0_is_answered_without_chunks_and_closed(field: Field) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    field.upstream.answers["/open/a"] = chunked
    head, _, content = (await field.send(b"GET /open/a HTTP/1.0\r\nHost: a\r\n\r\n")).partition(b"\r\n\r\n")
    assert b"hunked" not in head
    assert content == b"ok"


async def test_two_spaces_on_the_request_line_leave_as_one(field: Field) -> None:
    await field.send(b"GET  /open/a HTTP/1.1\r\nHost: a\r\n\r\n")
    assert field.upstream.octets.startswith(b"GET /open/a HTTP/1.1\r\n")


@pytest.mark.attack(30)
async def test_path_and_query_go_upstream_as_they_came(field: Field) -> None:
    await field.send(get(path=b"/open/%C3%A4/a%20b?x=%2e%2e/&y=//"))
    assert field.upstream.octets.startswith(b"GET /open/%C3%A4/a%20b?x=%2e%2e/&y=// HTTP/1.1\r\n")


@pytest.mark.attack(31)
@pytest.mark.parametrize("path", [b"/OPEN/a", b"/openx/a", b"/closed"])
async def test_a_path_that_only_resembles_a_route_is_not_it(field: Field, path: bytes) -> None:
    said = await field.send(get(b"Connection: close", path=path))
    assert said.startswith((b"HTTP/1.1 404", b"HTTP/1.1 401"))
    assert field.upstream.octets == b""


# --- who speaks in the gateway's name -------------------------------------------------------------

SPOOFED = (
    *(b"X-User", b"x-user", b"X_User", b"X.User", b"X-USER", b"X-Forwarded-For", b"X_Forwarded_For", b"Forwarded"),
    *(b"X-Forwarded-Proto", b"X-Forwarded-Host", b"X-Forwarded-Uri", b"X-Forwarded-Prefix", b"X-Forwarded-Method"),
    *(b"X-Real-IP", b"X-Original-URL", b"X-Rewrite-URL", b"X-Envoy-Original-Path", b"X-HTTP-Method-Override"),
    *(b"X-Forwarded-Client-Cert", b"Client-Cert", b"X-SSL-Client-Cert", b"SSL_CLIENT_VERIFY", b"X-Request-Id"),
    *(b"Proxy-Authorization", b"Keep-Alive", b"TE", b"Trailer", b"Proxy-Connection"),
)


@pytest.mark.attack(35, 36, 39, 40, 42)
@pytest.mark.parametrize("name", SPOOFED, ids=bytes.decode)
@pytest.mark.parametrize("path", [b"/open/a", b"/injected/a"], ids=["without injection", "with injection"])
async def test_what_only_the_gateway_may_say_is_taken_from_the_caller(field: Field, name: bytes, path: bytes) -> None:
    said = await field.send(get(name + b": spoofed", b"Connection: close", path=path))
    assert said.startswith(b"HTTP/1.1 200")
    assert b"spoofed" not in field.upstream.octets
    assert (b"X-User: somebody" in field.upstream.octets) is (path == b"/injected/a")


@pytest.mark.attack(41)
async def test_connection_cannot_name_away_what_the_gateway_writes(field: Field) -> None:
    named = b"Connection: X-User, Host, Content-Length, X-Forwarded-For, X-Request-Id, X-Mine"
    await field.send(post(named, CL, b"X-Mine: 1", body=b"abcd", path=b"/injected/a"))
    (head,) = field.upstream.requests
    for wanted in (b"X-User: somebody", b"\r\nHost: a", b"Content-Length: 4", b"X-Forwarded-For: 127.0.0.1"):
        assert head.count(wanted) == 1
    assert b"X-Mine" not in head
    assert b"onnection" not in head


@pytest.mark.attack(36)
async def test_a_method_in_a_field_does_not_open_a_route(field: Field) -> None:
    said = await field.send(post(b"X-HTTP-Method-Override: GET", path=b"/reading/a"))
    assert said.startswith(b"HTTP/1.1 405")
    assert b"Allow: GET, HEAD" in said
    assert field.upstream.octets == b""


# --- answers ---------------------------------------------------------------------------------------

_200 = b"HTTP/1.1 200 OK\r\n"
ANSWERS = {
    "both framings": _200 + CL + b"\r\n" + TE + b"\r\n\r\n" + CHUNKS,
    "two lengths": _200 + CL + b"\r\nContent-Length: 5\r\n\r\nabcde",
    "a list of lengths": _200 + b"Content-Length: 4, 4\r\n\r\nabcd",
    "a signed length": _200 + b"Content-Length: +4\r\n\r\nabcd",
    "an unknown coding": _200 + b"Transfer-Encoding: gzip\r\n\r\nabcd",
    "two codings": _200 + TE + b"\r\n" + TE + b"\r\n\r\n" + CHUNKS,
    "101 that nobody asked for": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello",
    "a flood of 1xx": b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" * 1000,
    "a NUL in a value": _200 + b"X: a\x00b\r\nContent-Length: 0\r\n\r\n",
    "a control character in a value": _200 + b"X: a\x01b\r\nContent-Length: 0\r\n\r\n",
    "a bare CR in a value": _200 + b"X: a\rb\r\nContent-Length: 0\r\n\r\n",
    "a space before the colon": _200 + b"Content-Length : 0\r\n\r\n",
    "a name that is no token": _200 + b"X Y: a\r\nContent-Length: 0\r\n\r\n",
    "a head without an end": _200 + b"X: y\r\n" * 20000,
    "not HTTP": b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
    "another version": b"HTTP/3.7 200 OK\r\nContent-Length: 0\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.attack(51)
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
async def test_an_answer_that_is_not_plain_http_becomes_502_and_its_connection_is_not_used_again(
    field: Field, answer: bytes
) -> None:
    field.upstream.answers["/open/bad"] = answer
    async with field.caller() as caller:
        caller.say(get(path=b"/open/bad"))
        said = await caller.answer()
        while said.status == 103:
            said = await caller.answer()
        assert said.status == 502
        assert b"upstream.invalid" in said.body
        caller.say(get(path=b"/open/good"))
        assert (await caller.answer()).body == b"ok"
    assert len(field.upstream.received) == 2
    assert (await field.lines(2))[0]["reason"] == "upstream.invalid"


BROKEN = {
    "by length": _200 + b"Content-Length: 100\r\nX: close\r\n\r\nabcd",
    "in chunks": _200 + TE + b"\r\nX: close\r\n\r\n4\r\nabcd\r\n",
    "within a chunk": _200 + TE + b"\r\nX: close\r\n\r\n40\r\nabcd",
    "by a chunk that is none": _200 + TE + b"\r\n\r\n4\r\nabcd\r\nxyz\r\n",
}


@pytest.mark.attack(51)
@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN.keys())
async def test_an_answer_that_breaks_off_has_no_clean_end(field: Field, answer: bytes) -> None:
    field.upstream.answers["/open/bad"] = answer
    said = await field.send(get(path=b"/open/bad"))
    assert b"0\r\n\r\n" not in said.partition(b"\r\n\r\n")[2]
    assert not said.startswith(b"HTTP/1.1 200") or b"Content-Length: 100" in said or b"chunked" in said
    assert (await field.lines(1))[0]["reason"] in ("upstream.closed", "upstream.invalid")
    assert (await field.send(get(b"Connection: close"))).startswith(b"HTTP/1.1 200")
    assert len(field.upstream.received) == 2


@pytest.mark.attack(51)
async def test_an_answer_with_a_second_one_behind_it_gives_the_caller_the_first_alone(field: Field) -> None:
    field.upstream.answers["/open/bad"] = _200 + CL + b"\r\n\r\nabcd" + _200 + b"Content-Length: 4\r\n\r\nEVIL"
    async with field.caller() as caller:
        caller.say(get(path=b"/open/bad"))
        assert (await caller.answer()).body == b"abcd"
        caller.say(get())
        assert (await caller.answer()).body == b"ok"
    assert len(field.upstream.received) == 2


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
async def test_an_answer_without_content_ends_with_its_head(field: Field, status: bytes) -> None:
    field.upstream.answers["/open/bare"] = b"HTTP/1.1 " + status + b"\r\nETag: x\r\n\r\n"
    async with field.caller() as caller:
        for _ in range(2):
            caller.say(get(path=b"/open/bare"))
            answer = await caller.answer()
            assert answer.status == int(status[:3])
            assert b"Transfer-Encoding" not in answer.head
    assert len(field.upstream.received) == 1


async def test_head_is_answered_with_the_length_and_no_content(field: Field) -> None:
    field.upstream.answers["/open/h"] = _200 + b"Content-Length: 77\r\n\r\n"
    async with field.caller() as caller:
        for _ in range(2):
            caller.say(get(path=b"/open/h").replace(b"GET", b"HEAD", 1))
            assert b"Content-Length: 77" in (await caller.answer(head_only=True)).head
        caller.say(get())
        assert (await caller.answer()).body == b"ok"
    assert len(field.upstream.received) == 1


# --- connections to the upstream -------------------------------------------------------------------


async def test_one_connection_to_the_upstream_serves_many_callers(field: Field) -> None:
    for _ in range(5):
        assert (await field.send(get(b"Connection: close"))).endswith(b"ok")
    assert len(field.upstream.received) == 1


async def _hang_up_after(upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the first request; take the second one and hang up."""
    writer.write(OK)
    await reader.readuntil(b"\r\n\r\n")
    upstream.answers.clear()
    writer.close()


@pytest.mark.parametrize(("method", "status"), [(b"GET", 200), (b"POST", 502)])
async def test_what_a_stale_connection_lost_is_sent_again_only_where_that_is_harmless(
    field: Field, method: bytes, status: int
) -> None:
    field.upstream.answers["/open/stale"] = _hang_up_after
    async with field.caller() as caller:
        caller.say(get(path=b"/open/stale"))
        assert (await caller.answer()).status == 200
        caller.say(get(path=b"/open/stale").replace(b"GET", method, 1))
        assert (await caller.answer()).status == status


async def test_a_megabyte_in_chunks_passes_both_ways_to_the_octet(field: Field) -> None:
    data = bytes(range(256)) * 4096

    async def echo(upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = await read_body(upstream.requests[-1], reader)
        pieces = (body[at : at + 7777] for at in range(0, len(body), 7777))
        framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        writer.write(_200 + TE + b"\r\n\r\n" + framed + b"0\r\n\r\n")

    field.upstream.answers["/open/echo"] = echo
    chunks = (data[at : at + 9999] for at in range(0, len(data), 9999))
    framed = b"".join(b"%X;x=y\r\n%b\r\n" % (len(piece), piece) for piece in chunks)
    async with field.caller() as caller:
        caller.say(post(TE, path=b"/open/echo", body=framed + b"0\r\n\r\n"))
        assert (await caller.answer()).body == data


async def test_a_caller_who_leaves_ends_the_request_upstream_within_a_second(field: Field) -> None:
    async def wait(upstream: Upstream, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()
        upstream.lost.set()

    field.upstream.answers["/open/slow"] = wait
    async with field.caller() as caller:
        caller.say(get(path=b"/open/slow"))
        while not field.upstream.requests:  # noqa: ASYNC110 - for a moment
            await asyncio.sleep(0.01)
    async with asyncio.timeout(1):
        await field.upstream.lost.wait()
    assert (await field.lines(1))[0]["reason"] == "request.abandoned"


async def test_a_caller_who_reads_slowly_holds_the_upstream_back(field: Field) -> None:
    size, written = 50 << 20, 0

    async def pour(_: Upstream, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(_200 + b"Content-Length: %d\r\n\r\n" % size)
        while written < size:
            writer.write(bytes(1 << 16))
            written += 1 << 16
            await writer.drain()

    field.upstream.answers["/open/large"] = pour
    async with field.caller() as caller:
        caller.writer.transport.pause_reading()
        caller.say(get(path=b"/open/large"))
        await asyncio.sleep(0.5)
        assert 0 < written < size // 2, "somebody buffers"
        caller.writer.transport.resume_reading()
        async with asyncio.timeout(10):
            await caller.reader.readuntil(b"\r\n\r\n")
            for _ in range(50):
                await caller.reader.readexactly(1 << 20)


# --- bounds on size and time -----------------------------------------------------------------------

TOO_LARGE = {
    "one large field": get(b"X: " + b"a" * 40_000),
    "many fields": get(*[b"X: y"] * 101),
    "a head without an end": b"GET /open/a HTTP/1.1\r\n" + b"X: y\r\n" * 20_000,
    "a field without an end": b"GET /open/a HTTP/1.1\r\nX: " + b"y" * 100_000,
    "a trailer without an end": post(TE, path=b"/closed/a", body=b"0\r\nX: " + b"y" * 100_000),
}


@pytest.mark.attack(61)
@pytest.mark.parametrize("octets", TOO_LARGE.values(), ids=TOO_LARGE.keys())
async def test_a_head_beyond_the_limits_is_refused(field: Field, octets: bytes) -> None:
    said = await field.send(octets)
    assert said.startswith((b"HTTP/1.1 431", b"HTTP/1.1 401"))
    assert said.count(b"HTTP/1.1 ") == 1
    assert field.upstream.octets == b""


TOO_LONG = {
    "a long target": get(path=b"/open/" + b"a" * 8192),
    "a very long target": get(path=b"/open/" + b"a" * 40_000),
    "a long query": get(path=b"/open/a?" + b"a" * 8192),
    "a target without an end": b"GET /" + b"y" * 100_000,
}


@pytest.mark.attack(61)
@pytest.mark.parametrize("octets", TOO_LONG.values(), ids=TOO_LONG.keys())
async def test_a_target_beyond_the_limit_is_refused(field: Field, octets: bytes) -> None:
    said = await field.send(octets)
    assert said.startswith(b"HTTP/1.1 414")
    assert b"application/problem+json" in said
    assert field.upstream.octets == b""
    assert (await field.lines(1))[0]["reason"] == "request.target-too-long"


@pytest.mark.attack(61)
@pytest.mark.parametrize(
    "endless", [b"0\r\nX: " + b"y" * 400_000, b"1;x=" + b"y" * 400_000], ids=["trailer", "chunk extension"]
)
async def test_what_frames_a_body_is_bounded_like_a_head(field: Field, endless: bytes) -> None:
    said = await field.send(post(TE, body=endless))
    assert said.startswith(b"HTTP/1.1 431")


@pytest.mark.attack(61)
async def test_a_body_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    async with battlefield(tmp_path, limits="body: 10B") as field:
        assert (await field.send(post(b"Content-Length: 11", body=b"a" * 11))).startswith(b"HTTP/1.1 413")
        assert field.upstream.octets == b""
        assert (await field.send(post(TE, body=b"b\r\n" + b"a" * 11 + b"\r\n0\r\n\r\n"))).startswith(b"HTTP/1.1 413")


SLOW = {
    "head": (b"GET /open/a HTTP/1.1\r\nHo", b"408"),
    "body": (post(CL, body=b"ab"), b"408"),
    "chunk": (post(TE, body=b"5\r\nab"), b"408"),
    "refused body": (post(CL, path=b"/closed/a"), b"401"),
}


@pytest.mark.attack(61)
@pytest.mark.parametrize(("octets", "status"), SLOW.values(), ids=SLOW.keys())
async def test_a_request_that_stalls_is_ended(tmp_path: Path, octets: bytes, status: bytes) -> None:
    async with battlefield(tmp_path, timeouts="headers: 200ms, body: 200ms") as field:
        assert (await field.send(octets)).startswith(b"HTTP/1.1 " + status)
        assert (await field.lines(1))[0]["status"] == int(status)


async def test_a_silent_connection_is_closed_without_a_word(tmp_path: Path) -> None:
    async with battlefield(tmp_path, timeouts="headers: 200ms, keep_alive: 200ms") as field:
        assert await field.send(b"") == b""
        assert (await field.send(get())).count(b"HTTP/1.1 ") == 1


@pytest.mark.attack(61)
async def test_a_head_that_drips_is_ended_although_it_never_stalls(tmp_path: Path) -> None:
    async with battlefield(tmp_path, timeouts="headers: 300ms") as field, field.caller() as caller:
        reading = asyncio.create_task(caller.rest())
        for octet in get(b"X: " + b"y" * 100):
            caller.say(bytes([octet]))
            await asyncio.sleep(0.05)
            if reading.done():
                break
        assert (await reading).startswith(b"HTTP/1.1 408")

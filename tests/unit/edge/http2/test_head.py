"""What does a block of HTTP/2 fields say, and what may it never say?"""

from __future__ import annotations

import pytest

from ostiary.edge.http2 import head as http2_head
from ostiary.edge.http2.head import content_length, read, read_trailers, shown
from ostiary.errors import BadRequest
from ostiary.model import Headers
from ostiary.reasons import Reason

GET = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"a.example"), (b":path", b"/a?b")]


def without(name: bytes) -> list[tuple[bytes, bytes]]:
    return [field for field in GET if field[0] != name]


def test_a_head_is_method_target_and_fields_with_a_host():
    head = read([*GET, (b"accept", b"*/*")], "https")
    assert (head.method, head.target) == ("GET", b"/a?b")
    assert list(head.headers) == [(b"host", b"a.example"), (b"accept", b"*/*")]


def test_host_may_stand_for_the_authority():
    head = read([*without(b":authority"), (b"host", b"a.example")], "https")
    assert head.headers.all(b"host") == [b"a.example"]


def test_host_may_stand_beside_the_same_authority():
    assert read([*GET, (b"host", b"a.example")], "https").headers.all(b"host") == [b"a.example"]


def test_crumbs_of_cookies_are_one_field():
    head = read([*GET, (b"cookie", b"a=1"), (b"accept", b"*/*"), (b"cookie", b"b=2"), (b"cookie", b"c=3")], "https")
    assert head.headers.all(b"cookie") == [b"a=1; b=2; c=3"]


def test_names_are_folded_as_everywhere():
    assert read([*GET, (b"x_subject", b"root")], "https").headers.get(b"x-subject") == b"root"


@pytest.mark.parametrize("value", [b"trailers", b"Trailers"])
def test_te_may_say_trailers(value):
    assert read([*GET, (b"te", value)], "https").headers.get(b"te") == value


def test_names_that_somebody_makes_up_fill_no_memory():
    for number in range(3000):
        read([*GET, (b"x-%d" % number, b"1"), (b"x" * 1000 + b"%d" % number, b"1")], "https")
    judged = getattr(http2_head, "_JUDGED", None)
    if judged is None:
        pytest.skip("compiled: nobody sees a module's own constants")
    assert len(judged) <= 1024
    assert all(len(name) <= 64 for name in judged)


def test_connect_has_neither_scheme_nor_path():
    assert read([(b":method", b"CONNECT"), (b":authority", b"a:443")], "https").method == "CONNECT"


BAD = {
    "no method": without(b":method"),
    "an empty method": [(b":method", b""), *without(b":method")],
    "a method with a space": [(b":method", b"GET / HTTP/1.1"), *without(b":method")],
    "a method with a line end": [(b":method", b"GET\r\n"), *without(b":method")],
    "no scheme": without(b":scheme"),
    "another scheme": [(b":scheme", b"http"), *without(b":scheme")],
    "no path": without(b":path"),
    "the method twice": [*GET, (b":method", b"POST")],
    "the path twice": [*GET, (b":path", b"/a?b")],
    "the authority twice": [*GET, (b":authority", b"a.example")],
    "a status": [*GET, (b":status", b"200")],
    "an unknown pseudo-header field": [*GET, (b":secret", b"1")],
    "a protocol": [*GET, (b":protocol", b"websocket")],
    "a pseudo-header field behind another": [*without(b":path"), (b"accept", b"*/*"), (b":path", b"/a")],
    "a host that is not the authority": [*GET, (b"host", b"b.example")],
    "a host that differs in its case": [*GET, (b"host", b"A.example")],
    "an upper case name": [*GET, (b"X-A", b"1")],
    "an empty name": [*GET, (b"", b"1")],
    "a name with a space": [*GET, (b"x a", b"1")],
    "a name with a colon": [*GET, (b"x:a", b"1")],
    "a name with a line end": [*GET, (b"x\r\ny", b"1")],
    "a name with a NUL": [*GET, (b"x\0", b"1")],
    "a name beyond ASCII": [*GET, (b"x\xe4", b"1")],
    "a value with a space before it": [*GET, (b"x", b" 1")],
    "a value with a tab behind it": [*GET, (b"x", b"1\t")],
    "connection": [*GET, (b"connection", b"close")],
    "keep-alive": [*GET, (b"keep-alive", b"timeout=5")],
    "proxy-connection": [*GET, (b"proxy-connection", b"close")],
    "transfer-encoding": [*GET, (b"transfer-encoding", b"chunked")],
    "upgrade": [*GET, (b"upgrade", b"h2c")],
    "te with another coding": [*GET, (b"te", b"gzip")],
}


@pytest.mark.attack(52)
@pytest.mark.parametrize("fields", BAD.values(), ids=BAD.keys())
def test_a_malformed_head_is_refused(fields):
    with pytest.raises(BadRequest):
        read(fields, "https")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("the path twice", Reason.REQUEST_AMBIGUOUS),
        ("transfer-encoding", Reason.REQUEST_AMBIGUOUS),
        ("a host that is not the authority", Reason.HOST_INVALID),
        ("no path", Reason.PATH_INVALID),
        ("an upper case name", Reason.REQUEST_MALFORMED),
    ],
)
def test_the_reason_is_one_of_the_vocabulary(name, reason):
    with pytest.raises(BadRequest) as caught:
        read(BAD[name], "https")
    assert caught.value.reason is reason


def test_the_log_gets_what_there_is_of_a_malformed_head():
    assert shown([(b":path", b"/a"), (b":path", b"/b"), (b":method", b"G\xff")]) == ("G\xff", b"/a")
    assert shown([]) == ("", b"")


@pytest.mark.parametrize("name", [b":path", b"X-A", b"", b"transfer-encoding", b"x\n"])
def test_malformed_trailers_are_refused(name):
    with pytest.raises(BadRequest):
        read_trailers([(b"x-sum", b"1"), (name, b"1")])


@pytest.mark.parametrize("value", [b"a\r\nx: y", b"a\0", b"\x7f", b" a"])
def test_so_are_values_that_would_be_something_else_in_http1(value):
    with pytest.raises(BadRequest):
        read_trailers([(b"x-sum", value)])


def test_trailers_may_be_there():
    assert list(read_trailers([(b"x-sum", b"1")])) == [(b"x-sum", b"1")]


@pytest.mark.parametrize(
    ("fields", "ended", "length"),
    [([], True, 0), ([], False, None), ([(b"content-length", b"7")], False, 7), ([(b"content-length", b"0")], True, 0)],
)
def test_the_length_is_that_announced_or_unknown(fields, ended, length):
    assert content_length(Headers.of(fields), ended=ended) == length


def test_a_length_without_content_is_refused():
    with pytest.raises(BadRequest) as caught:
        content_length(Headers.of([(b"content-length", b"7")]), ended=True)
    assert caught.value.reason is Reason.REQUEST_AMBIGUOUS

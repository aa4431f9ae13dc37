"""Which heads are acceptable, whichever edge they came through?

Edges have parsers of their own, which refuse much of this before. Here nothing stands in front: what an edge forgets
is refused all the same.
"""

from __future__ import annotations

from typing import Any

import pytest

from ostiary.edge.head import body_length, check_fields, check_target, next_id, read_head, upgrade_of
from ostiary.errors import BadRequest, MethodNotAllowed, MisdirectedRequest, TargetTooLong
from ostiary.model import Headers, Peer, Record, Request
from ostiary.reasons import Reason

HOST = (b"Host", b"Api.Example.com:443")


def head(
    *fields: tuple[bytes, bytes], method: str = "GET", target: bytes = b"/a?b", server_name: str | None = None
) -> Request:
    return read_head(
        id="1",
        method=method,
        target=target,
        headers=Headers.of([HOST, *fields]),
        peer=Peer("192.0.2.1", server_name=server_name),
        scheme="https",
        body=None,  # type: ignore[arg-type]
        record=Record(),
    )


def refused(*fields: tuple[bytes, bytes]) -> Reason:
    with pytest.raises(BadRequest) as caught:
        check_fields(Headers.of(fields))
    return caught.value.reason


def framed(*fields: tuple[bytes, bytes], old: bool = False) -> int | None:
    return body_length(Headers.of(fields), old=old)


def misframed(*fields: tuple[bytes, bytes], old: bool = False) -> Reason:
    with pytest.raises(BadRequest) as caught:
        framed(*fields, old=old)
    return caught.value.reason


def test_a_request_says_what_was_asked_and_of_whom() -> None:
    asked = head()
    assert (asked.method, asked.target, asked.path, asked.scheme) == ("GET", b"/a?b", "/a", "https")
    assert (asked.host, asked.authority) == ("api.example.com", b"Api.Example.com:443")


@pytest.mark.attack(48)
@pytest.mark.parametrize("octet", [*(octet for octet in range(32) if octet != 9), 0x7F])
def test_no_value_has_a_control_character(octet: int) -> None:
    assert refused((b"X-A", b"a%cb" % octet)) is Reason.REQUEST_MALFORMED


@pytest.mark.parametrize("value", [b"a\tb", b"a b", b"", "é".encode(), b"\xff"])
def test_a_tab_and_foreign_octets_are_no_control_characters(value: bytes) -> None:
    check_fields(Headers.of([(b"X-A", value)]))


ONCE = (b"Host", b"Authorization", b"Content-Length", b"Content-Type", b"Transfer-Encoding")


@pytest.mark.parametrize("name", ONCE)
@pytest.mark.parametrize("between", [(), ((b"X-A", b"1"),), ((b"Host", b"h"), (b"Authorization", b"x"))])
def test_what_may_stand_once_stands_once(name: bytes, between: tuple[tuple[bytes, bytes], ...]) -> None:
    others = [field for field in between if field[0] != name]
    check_fields(Headers.of([(name, b"1"), *others]))
    assert refused((name, b"1"), *others, (name, b"1")) is Reason.REQUEST_AMBIGUOUS
    assert refused(*others, (name, b"1"), (name, b"1")) is Reason.REQUEST_AMBIGUOUS
    assert refused((name, b"1"), *others, (name.lower(), b"1")) is Reason.REQUEST_AMBIGUOUS


@pytest.mark.attack(34, 46)
@pytest.mark.parametrize("spelling", [b"Content_Type", b"content.type"])
def test_what_may_stand_once_stands_once_in_all_its_spellings(spelling: bytes) -> None:
    check_fields(Headers.of([(spelling, b"a/b")]))
    assert refused((b"Content-Type", b"a/b"), (spelling, b"a/b")) is Reason.REQUEST_AMBIGUOUS


@pytest.mark.attack(46)
@pytest.mark.parametrize("name", [b"Content_Length", b"Content.Length", b"Transfer_Encoding", b"transfer.encoding"])
def test_a_framing_field_has_one_spelling(name: bytes) -> None:
    assert refused((name, b"1")) is Reason.REQUEST_AMBIGUOUS


@pytest.mark.parametrize("name", [b"X-A", b"Accept", b"Cookie"])
def test_what_may_stand_more_often_does(name: bytes) -> None:
    check_fields(Headers.of([(name, b"1"), (name, b"2"), (name.replace(b"-", b"_"), b"3")]))


def test_a_body_has_the_length_that_is_announced() -> None:
    assert framed((b"Content-Length", b"12")) == 12
    assert framed((b"Content-Length", b"0")) == 0
    assert framed() == 0


@pytest.mark.parametrize("coding", [b"chunked", b"Chunked", b"CHUNKED"])
def test_a_chunked_body_has_no_length(coding: bytes) -> None:
    assert framed((b"Transfer-Encoding", coding)) is None


@pytest.mark.attack(46)
@pytest.mark.parametrize("coding", [b"", b"identity", b"gzip", b"gzip, chunked", b"chunked, chunked", b"xchunked"])
def test_another_coding_is_refused(coding: bytes) -> None:
    assert misframed((b"Transfer-Encoding", coding)) is Reason.REQUEST_AMBIGUOUS


@pytest.mark.attack(46)
def test_a_body_that_is_framed_in_two_ways_is_refused() -> None:
    coding = (b"Transfer-Encoding", b"chunked")
    assert misframed(coding, (b"Content-Length", b"0")) is Reason.REQUEST_AMBIGUOUS
    assert misframed((b"Content-Length", b"4"), coding) is Reason.REQUEST_AMBIGUOUS
    assert misframed(coding, old=True) is Reason.REQUEST_AMBIGUOUS


@pytest.mark.attack(47)
@pytest.mark.parametrize("length", [b"", b"+1", b"-1", b"1_0", b"0x1", b"1.0", b" 1", b"1, 1", "٤".encode()])
def test_a_length_is_digits(length: bytes) -> None:
    assert misframed((b"Content-Length", length)) is Reason.REQUEST_AMBIGUOUS


def test_a_length_has_eighteen_digits_at_most() -> None:
    assert framed((b"Content-Length", b"9" * 18)) == 10**18 - 1
    assert misframed((b"Content-Length", b"0" * 18 + b"1")) is Reason.REQUEST_AMBIGUOUS


@pytest.mark.attack(61)
def test_a_target_may_be_as_long_as_is_allowed_and_no_longer() -> None:
    check_target(b"/" * 8, 8)
    with pytest.raises(TargetTooLong):
        check_target(b"/" * 9, 8)


@pytest.mark.attack(33)
@pytest.mark.parametrize("method", ["CONNECT", "TRACE"])
def test_what_is_about_the_gateway_itself_is_not_forwarded(method: str) -> None:
    with pytest.raises(MethodNotAllowed):
        head(method=method)


def test_without_host_there_is_no_request() -> None:
    with pytest.raises(BadRequest) as caught:
        read_head(
            id="1",
            method="GET",
            target=b"/",
            headers=Headers(),
            peer=Peer(""),
            scheme="http",
            body=None,  # type: ignore[arg-type]
            record=Record(),
        )
    assert caught.value.reason is Reason.HOST_INVALID


def test_fields_host_and_path_are_all_looked_at() -> None:
    with pytest.raises(BadRequest):
        head((b"Content_Length", b"1"))
    with pytest.raises(BadRequest):
        head(target=b"/a/../b")
    with pytest.raises(BadRequest):
        head(HOST)


@pytest.mark.parametrize("name", ["api.example.com", "API.example.com", "api.example.com."])
def test_the_host_is_the_one_that_tls_was_set_up_for(name: str) -> None:
    assert head(server_name=name).host == "api.example.com"


@pytest.mark.parametrize("name", ["other.example.com", "example.com", "", "api.example.com:443"])
def test_another_host_than_that_of_tls_is_misdirected(name: str) -> None:
    with pytest.raises(MisdirectedRequest):
        head(server_name=name)


def asking(*values: bytes, method: str = "GET") -> Request:
    return head(*((b"Upgrade", value) for value in values), method=method)


@pytest.mark.parametrize("asked", [b"websocket", b"WebSocket", b"foo/2"])
def test_one_protocol_may_be_asked_for(asked: bytes) -> None:
    assert upgrade_of(asking(asked), 0) == asked.lower()


UPGRADES: dict[str, tuple[Request, Any]] = {
    "no protocol": (asking(), 0),
    "two": (asking(b"websocket", b"foo"), 0),
    "two in one field": (asking(b"websocket, foo"), 0),
    "no name": (asking(b""), 0),
    "another method": (asking(b"websocket", method="POST"), 0),
    "a body": (asking(b"websocket"), 1),
    "a body of unknown length": (asking(b"websocket"), None),
}


@pytest.mark.attack(49)
@pytest.mark.parametrize(("request_", "length"), UPGRADES.values(), ids=UPGRADES)
def test_an_upgrade_that_cannot_be_passed_on_is_refused(request_: Request, length: int | None) -> None:
    with pytest.raises(BadRequest) as caught:
        upgrade_of(request_, length)
    assert caught.value.reason is Reason.UPGRADE_UNSUPPORTED


def test_every_request_has_an_id_of_its_own() -> None:
    ids = [next_id() for _ in range(600)]
    assert len(set(ids)) == 600
    assert {len(one) for one in ids} == {22}

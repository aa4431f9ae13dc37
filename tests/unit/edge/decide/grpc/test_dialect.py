"""What does a call of Envoy's say of the caller's request, and when does it say nothing?"""

from __future__ import annotations

import pytest
from tests.support.grpc_calls import message

from ostiary.edge.decide.ask import NotAsked
from ostiary.edge.decide.dialects import envoy_grpc
from ostiary.edge.decide.grpc.check import Told
from ostiary.edge.decide.grpc.codec import decode
from ostiary.edge.decide.permit import NoBody
from ostiary.model import Body, Headers, Peer, Record, Request


def ask(body: Body) -> Request:
    return Request(
        id="r1",
        method="POST",
        target=b"/",
        path="/",
        host="ostiary",
        authority=b"ostiary",
        scheme="http",
        headers=Headers.of([(b"x-subject", b"of the ask"), (b"authorization", b"of the ask")]),
        peer=Peer(""),
        body=body,
        record=Record(),
    )


def read(*told, **more):
    return envoy_grpc.read(ask(Told(decode(message(*told, **more).SerializeToString()))))


def test_an_ask_says_what_the_caller_asked_for():
    asked = read("/a?b=c", (b"x-a", b"1"), method=b"POST", certificate=b"PEM")
    assert (asked.method, asked.target, asked.authority) == ("POST", b"/a?b=c", b"api.example.com")
    assert (asked.scheme, asked.address) == ("https", "192.0.2.7")
    assert (list(asked.headers), asked.certificate) == ([(b"x-a", b"1")], b"PEM")


@pytest.mark.parametrize("name", ["method", "path", "host", "scheme", "address"])
def test_an_ask_that_lacks_something_is_none(name):
    with pytest.raises(NotAsked):
        read(**{"path": b"/a", name: b""})


def test_without_a_call_there_is_no_ask():
    with pytest.raises(NotAsked):
        envoy_grpc.read(ask(NoBody()))


def test_fields_of_the_ask_itself_mean_nothing():
    assert read("/a").headers.get(b"x-subject") is None


@pytest.mark.parametrize("name", [b"x-client-cert", b"x_client_cert", b"x.client.cert", b"x_client-cert"])
def test_a_certificate_is_never_a_field_of_the_caller_s(name):
    for certificate in (b"", b"PEM"):
        asked = read("/a", (name, b"forged"), certificate=certificate)
        assert (list(asked.headers), asked.certificate) == ([], certificate or None)


@pytest.mark.parametrize(("name", "value"), [
    (b":path", b"/b"), (b":method", b"POST"), (b":authority", b"b.example"), (b":scheme", b"http"),
    (b"host", b"b.example"), (b"x-forwarded-proto", b"http"),
])  # fmt: skip
def test_what_is_told_in_two_ways_is_no_ask(name, value):
    with pytest.raises(NotAsked, match="in two ways"):
        read("/a", (name, value))


@pytest.mark.parametrize(
    "name", [b"", b"X-A", b"a b", b"a\r\nb", b"\xff", b"a:", b"::a", b":", b"x-forwarded-\0", b"A" * 200]
)
def test_a_name_that_is_none_is_no_ask(name):
    with pytest.raises(NotAsked, match="name"):
        read("/a", (name, b"1"))


def test_a_target_that_envoy_may_have_changed_is_no_ask():
    """What is not UTF-8 it writes as `!`, unless fields are told raw: what was judged would not be what is forwarded."""
    assert read("/a!b").target == b"/a!b"
    with pytest.raises(NotAsked, match="encode_raw_headers"):
        read("/a!b", raw=False)


def test_framing_of_the_caller_s_message_is_the_proxy_s():
    fields = [(name, b"1") for name in (b"content-length", b"transfer-encoding", b"te", b"upgrade", b"expect")]
    assert list(read("/a", *fields, (b"connection", b"close")).headers) == [(b"connection", b"close")]

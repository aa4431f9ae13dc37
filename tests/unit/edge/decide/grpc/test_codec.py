"""What does a message say, and is it Envoy's own?"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.grpc_calls import message

from ostiary.edge.decide.grpc.changes import Change, Changes
from ostiary.edge.decide.grpc.check import Check
from ostiary.edge.decide.grpc.codec import allowed, decode, denied, health
from ostiary.edge.decide.grpc.messages import CheckRequest, CheckResponse
from ostiary.edge.decide.grpc.status import CallFailed
from ostiary.grpc import Code
from ostiary.model import Headers


def field(number: int, content: bytes) -> bytes:
    """A field of protobuf with a length, written by hand: its number is what Envoy's documentation says."""
    octets, size = bytearray(), len(content)
    while size > 0x7F:
        octets.append(size & 0x7F | 0x80)
        size >>= 7
    octets.append(size)
    return bytes((number << 3 | 2,)) + bytes(octets) + content


def by_hand(*, raw: bool) -> bytes:
    """A CheckRequest with fields that are not ours, too: service, labels and principal; a fragment, a body, a protocol."""
    entry = field(1, b"x-api-key") + field(3 if raw else 2, b"k")
    fields = field(13, field(1, entry)) if raw else field(3, entry)
    http = field(1, b"id") + field(2, b"GET") + fields + field(4, b"/a?b") + field(5, b"h:1") + field(6, b"https")
    http += b"\x48\x05" + field(8, b"HTTP/2") + field(11, b"body")
    address = field(1, b"\x08\0" + field(2, b"192.0.2.7") + b"\x18\xd2\x09")
    source = field(1, address) + field(2, b"s") + field(3, field(1, b"l")) + field(4, b"spiffe://x") + field(5, b"PEM")
    attributes = field(1, source) + field(2, field(5, b"other")) + field(4, field(1, b"\x08\x01") + field(2, http))
    return field(1, attributes + field(10, field(1, b"c")) + field(11, b"")) + field(15, b"of a later version")


@pytest.mark.parametrize("raw", [True, False])
def test_a_message_is_read_by_the_numbers_of_its_fields_and_what_is_unknown_is_skipped(raw):
    assert decode(by_hand(raw=raw)) == Check(
        b"GET", b"/a?b", b"h:1", b"https", b"192.0.2.7", b"PEM", [(b"x-api-key", b"k")], raw=raw
    )


def test_every_octet_of_a_value_arrives_and_a_name_that_is_there_twice_is_seen():
    told = message("/a", (b"x", b"\xff\0\x80"), (b"x", b"2"))
    assert decode(told.SerializeToString()).fields[-2:] == [(b"x", b"\xff\0\x80"), (b"x", b"2")]
    told = message("/a", (b"x", b"1"), (b"x", b"2"), raw=False)
    assert decode(told.SerializeToString()).fields[-2:] == [(b"x", b"1"), (b"x", b"2")]


def test_what_is_missing_is_empty():
    assert decode(b"") == Check(b"", b"", b"", b"", b"", b"", [], raw=False)


def test_a_caller_on_a_unix_socket_has_no_address():
    told = message()
    told.attributes.source.address.pipe.path = b"/run/x"
    assert decode(told.SerializeToString()).address == b"unix:"


def test_the_same_thing_in_two_ways_is_nothing():
    both = message()
    both.attributes.request.http.headers.add(key=b"x", value=b"1")
    with pytest.raises(CallFailed) as refused:
        decode(both.SerializeToString())
    assert refused.value.code is Code.INVALID_ARGUMENT


def test_what_is_no_message_is_refused_and_not_shown():
    for octets in (b"\xff", b"\x0a\x05ab", b"\x0b", by_hand(raw=True)[:-1], b"\x0a\xff\xff\xff\xff\x0f"):
        with pytest.raises(CallFailed) as refused:
            decode(octets)
        assert (refused.value.code, refused.value.text) == (Code.INTERNAL, "the message is no CheckRequest")


@given(st.binary(max_size=200))
def test_whatever_octets_come_are_a_message_or_none(octets):
    with suppress(CallFailed):
        assert isinstance(decode(octets), Check)


@settings(max_examples=200)
@given(st.data())
def test_a_message_that_was_cut_or_changed_is_a_message_or_none(data):
    octets = bytearray(by_hand(raw=data.draw(st.booleans())))
    for _ in range(data.draw(st.integers(0, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    with suppress(CallFailed):
        assert isinstance(decode(bytes(octets[: data.draw(st.integers(0, len(octets)))])), Check)


def test_a_yes_says_what_is_written_over_and_what_goes():
    octets = allowed(Changes([Change(b"x", b"1", first=True), Change(b"x", b"2", first=False)], [b"y"]))
    over, behind = field(1, field(1, b"x") + field(2, b"1")) + b"\x18\x02", field(1, field(1, b"x") + field(2, b"2"))
    assert octets == field(1, b"") + field(3, field(2, over) + field(2, behind) + field(5, b"y"))


def test_a_no_says_what_the_caller_is_told():
    octets = denied(401, Headers.of([(b"WWW-Authenticate", b"Basic"), (b"WWW-Authenticate", b"Bearer")]), b"{}")
    fields = [field(1, field(1, b"www-authenticate") + field(2, one)) for one in (b"Basic", b"Bearer")]
    told = field(1, b"\x08\x91\x03") + field(2, fields[0] + b"\x18\x02") + field(2, fields[1]) + field(3, b"{}")
    assert octets == field(1, b"\x08\x10") + field(2, told)


@given(st.integers(400, 599))
def test_a_no_is_never_taken_for_a_yes(status):
    response = CheckResponse.FromString(denied(status, Headers.of([]), b""))
    assert response.status.code != 0
    assert response.WhichOneof("http_response") == "denied_response"


def test_only_services_that_are_here_are_healthy():
    assert health(b"") == health(field(1, b"envoy.service.auth.v3.Authorization")) == b"\x08\x01"
    with pytest.raises(CallFailed) as refused:
        health(field(1, b"another"))
    assert refused.value.code is Code.NOT_FOUND


def test_messages_of_the_same_name_may_be_in_the_process():
    """Whoever embeds the gateway may have Envoy's own: they are in the pool that everybody shares."""
    program = """
from google.protobuf import descriptor_pb2, descriptor_pool
own = descriptor_pb2.FileDescriptorProto(name="messages.proto", package="envoy.service.auth.v3")
own.message_type.add(name="CheckRequest")
descriptor_pool.Default().Add(own)
from ostiary.edge.decide.grpc.messages import CheckRequest
CheckRequest.FromString(b"").attributes
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)
    assert CheckRequest.DESCRIPTOR.full_name == "envoy.service.auth.v3.CheckRequest"


def test_without_the_library_it_is_said_what_to_install():
    program = """
import sys
sys.modules["google.protobuf"] = None
try:
    import ostiary.edge.decide.grpc.messages
except Exception as error:
    print(type(error).__name__, error)
import ostiary.serve, ostiary.edge.decide.dialects
"""
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert said == "ConfigError decide: envoy-grpc needs an extra: pip install 'ostiary[grpc]'\n"

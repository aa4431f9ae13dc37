"""How does the handshake of a WebSocket stand in HTTP/1.1 for what HTTP/2 says in two fields?"""

from __future__ import annotations

from base64 import b64decode

import pytest

from ostiary.edge.http2.opening import Opening, accept_of, open_tunnel
from ostiary.errors import BadRequest, UpstreamInvalid
from ostiary.model import Headers
from ostiary.reasons import Reason

FIELDS = Headers.of([(b"origin", b"https://a.example"), (b"sec-websocket-version", b"13")])


def test_a_key_is_answered_as_in_the_example_of_the_standard():
    assert accept_of(b"dGhlIHNhbXBsZSBub25jZQ==") == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_every_opening_has_a_key_of_its_own_and_16_octets():
    keys = {Opening().key for _ in range(20)}
    assert len(keys) == 20
    assert {len(b64decode(key, validate=True)) for key in keys} == {16}


def test_the_key_stands_among_the_callers_fields():
    opening, headers = open_tunnel(b"websocket", FIELDS, ended=False)
    assert headers.only(b"sec-websocket-key") == opening.key
    assert headers.get(b"sec-websocket-version") == b"13"
    assert FIELDS.get(b"sec-websocket-key") is None


def test_a_key_of_the_callers_is_nobodys_business():
    mine = Headers.of([(b"sec-websocket-key", b"a"), (b"sec_websocket_key", b"b"), (b"sec-websocket-accept", b"c")])
    opening, headers = open_tunnel(b"WebSocket", mine, ended=False)
    assert list(headers) == [(b"Sec-WebSocket-Key", opening.key)]


@pytest.mark.parametrize("protocol", [b"", b"h2c", b"connect-udp", b"websocket2", b"websocket\r\nx: y"])
def test_another_protocol_has_no_other_end(protocol):
    with pytest.raises(BadRequest) as refused:
        open_tunnel(protocol, FIELDS, ended=False)
    assert refused.value.reason is Reason.UPGRADE_UNSUPPORTED


@pytest.mark.parametrize(("fields", "ended"), [
    ([], True), ([(b"content-length", b"0")], False), ([(b"content_length", b"0")], False),
    ([(b"expect", b"100-continue")], False),
])  # fmt: skip
def test_a_tunnel_has_no_content_and_two_ends(fields, ended):
    with pytest.raises(BadRequest) as refused:
        open_tunnel(b"websocket", Headers.of(fields), ended=ended)
    assert refused.value.reason is Reason.REQUEST_AMBIGUOUS


def test_an_answer_to_the_key_is_agreed_and_not_passed_on():
    opening = Opening()
    said = [(b"Sec-WebSocket-Accept", accept_of(opening.key)), (b"Sec-WebSocket-Protocol", b"chat")]
    assert list(opening.agreed(Headers.of(said))) == [(b"Sec-WebSocket-Protocol", b"chat")]


def test_an_answer_to_nothing_or_to_another_key_is_none():
    opening = Opening()
    right, wrong = accept_of(opening.key), accept_of(b"other")
    for answers in ([], [b""], [wrong], [right, right], [right, wrong], [right.lower()], [right + b","]):
        with pytest.raises(UpstreamInvalid):
            opening.agreed(Headers.of([(b"Sec-WebSocket-Accept", one) for one in answers]))


def test_only_what_does_not_say_yes_declines():
    for status in (300, 302, 400, 401, 403, 404, 426, 500, 503):
        Opening().declined(status)
    for status in (200, 201, 204, 206, 299):
        with pytest.raises(UpstreamInvalid):
            Opening().declined(status)

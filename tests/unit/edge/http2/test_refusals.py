"""What is a caller of gRPC told when his call is refused?"""

from __future__ import annotations

import pytest
from h2.errors import ErrorCodes
from h2.events import DataReceived, ResponseReceived, StreamEnded, StreamReset
from tests.support.http2 import GET, POST

from ostiary.config.schema import ListenerLimits
from ostiary.errors import (
    BadRequest,
    CredentialsMissing,
    Forbidden,
    GatewayError,
    InvalidProof,
    TooManyRequests,
    UpstreamTimeout,
)
from ostiary.model import Peer
from ostiary.reasons import Reason

CALL = [
    *POST[:3],
    (b":path", b"/accounts.Service/Read"),
    (b"content-type", b"application/grpc+proto"),
    (b"te", b"trailers"),
]


async def refused(line, error: GatewayError | None = None, fields=CALL) -> dict[bytes, bytes]:
    """The whole answer: it has no content, and ends with its head."""
    line.gateway.error = error
    await line.open(fields)
    events = await line.turn() or line.events
    answered = [one for one in events if isinstance(one, (ResponseReceived, DataReceived, StreamEnded))]
    assert [type(one) for one in answered] == [ResponseReceived, StreamEnded]
    return dict(answered[0].headers)


async def test_a_refused_call_ends_with_its_head_and_status_200(line):
    told = await refused(line, Forbidden("no such right"))
    assert told == {
        b":status": b"200",
        b"content-type": b"application/grpc",
        b"grpc-status": b"7",
        b"grpc-message": b"Insufficient permissions.",
        b"ostiary-reason": b"permission.missing",
        b"x-request-id": line.gateway.asked[0].request.id.encode(),
    }


async def test_the_log_says_what_was_decided_and_not_how_it_was_told(line):
    await refused(line, Forbidden("no such right"))
    [logged] = line.gateway.lines()
    assert (logged["decision"], logged["status"], logged["sent"]) == ("deny", 403, 0)
    assert (logged["reason"], logged["detail"]) == ("permission.missing", "no such right")


async def test_challenges_and_nonces_are_told_as_well(line):
    async def challenged(request, answer):
        request.record.challenges = ('DPoP realm="a"',)
        raise InvalidProof(reason=Reason.PROOF_NONCE, nonce="n-1")

    line.gateway.handle_more = challenged
    told = await refused(line)
    assert told[b"grpc-status"] == b"16"
    assert told[b"dpop-nonce"] == b"n-1"
    assert told[b"www-authenticate"].startswith(b'DPoP realm="a", error="use_dpop_nonce"')
    assert b"cache-control" not in told


async def test_who_may_come_again_later_is_told_when_in_both_tongues(line):
    told = await refused(line, TooManyRequests(retry_after=7, fields=(("RateLimit", "a"),)))
    assert (told[b"grpc-status"], told[b"retry-after"], told[b"grpc-retry-pushback-ms"]) == (b"8", b"7", b"7000")
    assert told[b"ratelimit"] == b"a"


async def test_a_call_whose_head_cannot_be_read_is_refused_in_the_same_words(line):
    told = await refused(line, fields=[(name, b"/a/../b" if name == b":path" else value) for name, value in CALL])
    assert (told[b"grpc-status"], told[b"ostiary-reason"]) == (b"13", b"path.ambiguous")
    assert line.gateway.asked == []


async def test_a_call_whose_head_is_too_large_is_refused_in_the_same_words(connect):
    line = connect(ListenerLimits(header_count=8))
    told = await refused(line, fields=[*CALL, *((b"a", b"1") for _ in range(3))])
    assert (told[b"grpc-status"], told[b"ostiary-reason"]) == (b"8", b"request.headers-too-large")


async def test_a_call_whose_head_says_more_than_anybody_keeps_is_refused_in_the_same_words(connect):
    line = connect(ListenerLimits.model_validate({"headers": "1KiB"}))
    told = await refused(line, fields=[*CALL, (b"a", b"1" * 4000)])
    assert (told[b"grpc-status"], told[b"ostiary-reason"]) == (b"8", b"request.headers-too-large")


async def test_a_call_for_another_host_is_refused_in_the_same_words(connect):
    line = connect(None, Peer("192.0.2.7", server_name="b.example", tls_version="TLSv1.3"))
    told = await refused(line)
    assert (told[b"grpc-status"], told[b"ostiary-reason"]) == (b"2", b"request.misdirected")


async def test_a_malformed_call_is_told_why_and_reset(line):
    await line.open([*CALL, (b"connection", b"close")])
    await line.turn()
    [told] = line.heard(ResponseReceived)
    assert dict(told.headers)[b"grpc-status"] == b"13"
    [reset] = line.heard(StreamReset)
    assert reset.error_code is ErrorCodes.PROTOCOL_ERROR
    assert line.heard(StreamEnded) == []


async def test_a_call_that_the_upstream_does_not_answer_in_time_ends_as_a_deadline_does(line):
    asked = await line.ask(CALL)
    asked.start()
    asked.answer.write(b"half")
    asked.answer.fail(UpstreamTimeout())
    await line.turn()
    [told] = line.heard(ResponseReceived)
    assert dict(told.headers)[b"grpc-status"] == b"4"
    assert line.content() == b""


async def test_a_refused_call_that_goes_on_is_told_to_stop(line):
    line.gateway.error = Forbidden()
    await line.open(CALL, end=False)
    for _ in range(6):
        line.caller.send_data(1, bytes(13_000))
    await line.turn()
    await line.turn()
    assert len(line.heard(StreamEnded)) == 1
    assert [one.error_code for one in line.heard(StreamReset)] == [ErrorCodes.NO_ERROR]
    assert line.edge.streams == {}


@pytest.mark.parametrize("kind", [b"application/grpc-web+proto", b"application/json", b""])
async def test_everybody_else_is_told_by_a_document(line, kind):
    line.gateway.error = BadRequest()
    await line.open([*GET, *([(b"content-type", kind)] if kind else [])])
    await line.turn()
    assert line.status() == "400"
    assert b"request.malformed" in line.content()


async def test_what_is_no_post_is_no_call(line):
    line.gateway.error = BadRequest()
    await line.open([*GET, (b"content-type", b"application/grpc")])
    await line.turn()
    assert line.status() == "400"


async def test_a_missing_token_is_unauthenticated(line):
    assert (await refused(line, CredentialsMissing()))[b"grpc-status"] == b"16"

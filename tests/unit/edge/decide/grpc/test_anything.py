"""Whatever octets Envoy sends, or somebody in its place: does it ever crash, and does it ever mean yes?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.support.asked_policy import POLICY
from tests.support.grpc_calls import CHECK, Ended, Shelf, message, prefixed

from ostiary.build import compile_gateway
from ostiary.config.listeners import ListenerLimits
from ostiary.config.load import load
from ostiary.edge.carry import carry
from ostiary.edge.decide.dialects import READERS
from ostiary.edge.decide.grpc.service import Service
from ostiary.edge.decide.handler import Decisions
from ostiary.errors import GatewayError
from ostiary.model import BodySink, Flow, Headers, Peer, Record, Request
from ostiary.problem import render

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CLOSED = message("/who").SerializeToString()  # nobody gets in there without a certificate
NAMES = st.sampled_from(
    [b"authorization", b"x-client-cert", b":path", b":method", b"host", b"x-a", b"", b"\xff", b"a b"]
)


class Content:
    """The content of a call, in pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.length = None
        self._pieces = pieces

    def flow_to(self, sink: BodySink) -> None:
        for piece in self._pieces:
            sink.feed(piece)
        sink.finish()

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class Heard:
    """The answer, as Envoy hears it."""

    def __init__(self) -> None:
        self.ended = Ended()
        self.times = 0

    def start(self, status: int, headers: Headers, length: int | None, source: Flow) -> None:
        self.ended.head = dict(headers) | {b":status": b"%d" % status}

    def write(self, data: bytes) -> None:
        self.ended.content += data

    def finish(self, trailers: Headers | None = None) -> None:
        self.times += 1
        self.ended.trailers = dict(trailers or ())

    def fail(self, error: GatewayError) -> None:
        assert error.status < 500, error
        self.start(*render(error, "r1")[:2], None, None)
        self.finish()


@pytest.fixture(scope="module")
def service(tmp_path_factory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("anything")
    (folder / "gateway.yaml").write_text(POLICY.format(listener=f"{{bind: 'unix:{folder}/s', decide: envoy-grpc}}"))
    gateway = compile_gateway(load(folder / "gateway.yaml"), sources={"legacy": Shelf()}).decisions.gateway
    limits = ListenerLimits()
    told = {"name": "edge", "dialect": "envoy-grpc", "read": READERS["envoy-grpc"], "longest": limits.target}
    return Service(Decisions(gateway, limits=limits, **told), limits)


def call(service: Service, *pieces: bytes, path: str = CHECK) -> Ended:
    """Make one call, without a connection; it ends once, and with no exception in the log."""
    heard = Heard()

    async def run() -> None:
        head = Headers.of([(b"content-type", b"application/grpc"), (b"grpc-timeout", b"1S")])
        now = asyncio.get_running_loop().time()
        request = Request(
            id="r1", method="POST", target=path.encode(), path=path, host="o", authority=b"o", scheme="http",
            headers=head, peer=Peer(""), body=Content(list(pieces)), record=Record(started=now),
        )  # fmt: skip
        await carry(service, request, heard)

    with capture_logs() as events:
        asyncio.run(run())
    assert heard.times == 1
    assert [one for one in events if "exc_info" in one or one["event"] == "a request failed in the gateway"] == []
    return heard.ended


def test_this_is_how_a_yes_sounds(service):
    assert call(service, prefixed(message("/open").SerializeToString())).allowed
    assert not call(service, prefixed(CLOSED)).allowed


@QUICK
@given(pieces=st.lists(st.binary(max_size=40), max_size=4))
def test_random_content_never_means_yes(service, pieces):
    ended = call(service, *pieces)
    assert ended.code is not None
    assert ended.code != 0 or not ended.allowed


@QUICK
@given(octets=st.binary(max_size=200))
def test_a_random_message_never_means_yes(service, octets):
    assert not (ended := call(service, prefixed(octets))).content or not ended.allowed


@QUICK
@given(at=st.integers(0, len(CLOSED)), octets=st.binary(max_size=20))
def test_a_message_that_was_cut_and_went_on_otherwise_never_means_yes(service, at, octets):
    ended = call(service, prefixed(CLOSED[:at] + octets))
    assert ended.code != 0 or not ended.allowed


@QUICK
@given(fields=st.lists(st.tuples(NAMES, st.binary(max_size=30)), max_size=8), certificate=st.binary(max_size=30))
def test_whatever_is_said_of_a_caller_proves_nobody(service, fields, certificate):
    told = message("/who", *fields, certificate=certificate)
    ended = call(service, prefixed(told.SerializeToString()))
    assert ended.code == 0
    assert ended.response.denied_response.status.code in (400, 401)


@QUICK
@given(
    target=st.binary(max_size=20),
    host=st.binary(max_size=8),
    scheme=st.binary(max_size=6),
    address=st.binary(max_size=6),
)
def test_whatever_is_said_of_a_request_is_judged_as_it_stands(service, target, host, scheme, address):
    told = message(target, host=host, scheme=scheme, address=address)
    ended = call(service, prefixed(told.SerializeToString()))
    assert ended.code == 0
    assert not ended.allowed or target.partition(b"?")[0] in (b"/open", b"/secret")


def test_cve_2024_23324_an_answer_is_always_one_that_envoy_understands(service):
    """Callers could make calls fail by octets that no message may have, and `failure_mode_allow` let them pass then."""
    odd = [b"x-forwarded-\xff", b"\xff", b"\0", b"a\r\nb", b"a b", b"\x7f", "\u00e9".encode(), b":path", b""]
    for name in odd:
        told = message("/open", (name, b"1"), (b"x-a", name))
        ended = call(service, prefixed(told.SerializeToString()))
        assert ended.code == 0
        if ended.allowed:
            ok = ended.response.ok_response
            for one in (*ok.headers_to_remove, *(one.header.key for one in ok.headers)):
                assert one.replace(b"-", b"").replace(b"_", b"").isalnum(), one

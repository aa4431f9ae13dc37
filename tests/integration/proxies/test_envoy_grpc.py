"""Does Envoy hear the same when it asks from another machine, and what passes on a call or an answer that is none?"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from tests.integration.proxies.test_attacks_through import ask
from tests.support.neighbours import free_port, running
from tests.support.plugged import PROXIES
from tests.support.plugin import BASIC, Gateway, Said, World, recipe

from ostiary.edge.decide.grpc.changes import Change, Changes
from ostiary.edge.decide.grpc.codec import allowed

pytestmark = pytest.mark.integration


Handler = Callable[[bytes, grpc.ServicerContext], bytes]


@contextmanager
def envoy(made: World, home: Path, change: Callable[[dict[str, Any]], None]) -> Iterator[int]:
    """Run an Envoy whose recipe was changed; yield where callers come."""
    home.mkdir()
    port = free_port()
    whole = json.loads(recipe("envoy-grpc", made, port))
    change(whole["static_resources"])
    arguments = PROXIES["envoy-grpc"].place(home, json.dumps(whole))
    with running("envoy", home, port, *arguments):
        yield port


def remote(made: World, port: int) -> Callable[[dict[str, Any]], None]:
    """What is changed in a recipe so that it asks from another machine, and after our health."""

    def change(static: dict[str, Any]) -> None:
        (asked,) = [one for one in static["clusters"] if one["name"] == "ostiary"]
        address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
        asked["load_assignment"]["endpoints"][0]["lb_endpoints"] = [{"endpoint": {"address": address}}]
        asked["transport_socket"] = {"name": "tls", "typed_config": context(made)}
        health = {"grpc_health_check": {"service_name": "envoy.service.auth.v3.Authorization"}}
        often = {"timeout": "2s", "interval": "1s", "unhealthy_threshold": 1, "healthy_threshold": 1}
        asked["health_checks"] = [{**health, **often}]
        asked["common_lb_config"] = {"healthy_panic_threshold": {"value": 0}}

    return change


def context(made: World) -> dict[str, Any]:
    pair = {
        "certificate_chain": {"filename": f"{made.folder}/john.pem"},
        "private_key": {"filename": f"{made.folder}/john.key"},
    }
    return {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "sni": "localhost",
        "common_tls_context": {
            "alpn_protocols": ["h2"],
            "tls_certificates": [pair],
            "validation_context": {"trusted_ca": {"filename": f"{made.folder}/ca.pem"}},
        },
    }


def until_asked(made: World, front: int) -> Said:
    """Ask until Envoy has found out that the gateway is healthy."""
    end = time.monotonic() + 15
    while (said := ask(made, front, "/accounts/1", token="good")).status == 503 and time.monotonic() < end:
        time.sleep(0.05)
    return said


def test_from_another_machine_it_asks_over_tls_with_a_certificate_of_its_own_and_after_our_health(made, tmp_path):
    """The recipe is for one machine; what has to be added to it is in docs/plugin.md."""
    port = free_port()
    files = "certificate: file:server.pem, private_key: file:server.key"
    tls = f"tls: {{{files}, client: {{mode: required, authorities: [file:ca.pem]}}}}"
    who = "proxy: {match: {san.uri: 'spiffe://example.com/bank/john'}}"
    edge = f'  remote: {{bind: "127.0.0.1:{port}", {tls}, decide: {{dialect: envoy-grpc, {who}}}}}\n'
    _, policy = made.file.read_text().split("\nissuers:")
    file = made.folder / "remote.yaml"
    file.write_text(f"version: 1\nlisteners:\n{edge}issuers:{policy}")
    gateway = Gateway(file)
    gateway.start()
    try:
        with envoy(made, tmp_path / "remote", remote(made, port)) as front:
            said = until_asked(made, front)
            refused = ask(made, front, "/accounts/1")
    finally:
        gateway.stop()
    assert (said.status, said.seen["authorization"]) == (200, [BASIC])
    assert refused.reason == "token.missing"
    assert "Health/Check" not in gateway.out.read_text()


# --- CVE-2024-23324: an invalid call, or an invalid answer, with `failure_mode_allow` -----------


@pytest.mark.parametrize("octets", [b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\x80abc"])
def test_cve_2024_23324_octets_of_a_caller_that_no_text_has_let_nobody_pass(made, fronts, octets):
    """They made calls invalid, which then failed, and a failure was allowed. Here they are judged as they came."""
    port, sent = fronts["envoy-grpc"].port, len(made.echo.heads)
    field = b"GET /accounts/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-A: %b\r\n\r\n" % octets
    target = b"GET /open/%b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % octets
    key = b"GET /key HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Api-Key: %b\r\n\r\n" % octets
    assert made.ask(port, field).status in (400, 401)
    assert made.ask(port, target).status == 400
    assert made.ask(port, key).status in (400, 401)
    assert len(made.echo.heads) == sent


def aborting(code: grpc.StatusCode) -> Handler:
    def answer(_: bytes, context: grpc.ServicerContext) -> bytes:
        context.abort(code, "no")
        raise AssertionError

    return answer


YES = allowed(Changes([Change(b"x-a", b"1", first=True)], [b"x-b"]))
NONSENSE: dict[str, Handler] = {
    "no message at all": aborting(grpc.StatusCode.UNKNOWN),
    "not here": aborting(grpc.StatusCode.UNIMPLEMENTED),
    "random octets": lambda *_: b"\xff\xfe\xfd",
    "a yes that was cut": lambda *_: YES[:-2],
    "a yes that names no upstream": lambda *_: YES,
    "nothing said": lambda *_: b"",
    "another message": lambda *_: b"\x0a\x80\x80\x80\x80\x80\x80",
    "a header that is none": lambda *_: allowed(Changes([Change(b"a\r\nb", b"1", first=True)], [])),
}


class _Impostor(grpc.GenericRpcHandler):
    def __init__(self, answer: Handler) -> None:
        self._answer = answer

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return grpc.unary_unary_rpc_method_handler(self._answer)


@contextmanager
def impostor(place: Path, answer: Handler) -> Iterator[None]:
    """Somebody who answers calls in the gateway's place."""
    place.unlink(missing_ok=True)
    server = grpc.server(ThreadPoolExecutor(2), [_Impostor(answer)])
    server.add_insecure_port(f"unix:{place}")
    server.start()
    try:
        yield
    finally:
        server.stop(0).wait()
        place.unlink(missing_ok=True)


def test_cve_2024_23324_what_is_no_answer_is_no_yes(made, fronts):
    port, sent = fronts["envoy-grpc"].port, len(made.echo.heads)
    assert ask(made, port, "/accounts/1", token="good").status == 200
    found = {}
    made.gateway.stop()
    try:
        for name, answer in NONSENSE.items():
            with impostor(made.folder / "envoy-grpc.sock", answer):
                found[name] = ask(made, port, "/accounts/1", token="good").status
    finally:
        made.gateway.start()
    assert {name: status for name, status in found.items() if status not in (500, 503)} == {}
    assert len(made.echo.heads) == sent + 1
    assert ask(made, port, "/accounts/1", token="good").status == 200

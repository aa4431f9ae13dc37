"""What has a listener to be that Envoy asks by gRPC?"""

from __future__ import annotations

import pytest

from ostiary.config.load import examine

FILE = """
version: 1
listeners:
  envoy: {listener}
upstreams:
  old: {{endpoints: ["http://127.0.0.1:9"]}}
routes:
  - name: all
    match: {{path: /**}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    upstream: old
{route}
"""


def told(tmp_path, listener: str, route: str = "") -> list[tuple[str, str]]:
    (tmp_path / "gateway.yaml").write_text(FILE.format(listener=listener, route=route and f"    {route}"))
    problems = examine(tmp_path / "gateway.yaml", environ={}).problems
    return [(one.code, f"{one.message} {dict(one.facts).get('help')}") for one in problems if one.severity == "error"]


@pytest.mark.parametrize("listener", [
    "{bind: 'unix:/run/s', decide: envoy-grpc}",
    "{bind: '127.0.0.1:9001', decide: envoy-grpc}",
    "{bind: '127.0.0.1:9001', protocols: [h2], decide: envoy-grpc}",
    "{bind: '127.0.0.1:9001', protocols: [h2, http/1.1], decide: {dialect: envoy-grpc}}",
])  # fmt: skip
def test_http_2_needs_no_tls_on_this_machine(tmp_path, listener):
    assert told(tmp_path, listener) == []


def test_other_listeners_speak_it_with_tls_only(tmp_path):
    assert [code for code, _ in told(tmp_path, "{bind: '127.0.0.1:9001', protocols: [h2], decide: envoy-http}")] == [
        "C342"
    ]


def test_without_http_2_there_is_no_grpc(tmp_path):
    ((code, message),) = told(tmp_path, "{bind: '127.0.0.1:9001', protocols: [http/1.1], decide: envoy-grpc}")
    assert (code, "gRPC is HTTP/2" in message) == ("C381", True)


def test_it_has_to_be_known_who_asks(tmp_path):
    assert [code for code, _ in told(tmp_path, "{bind: '10.0.0.5:9001', plaintext: accepted, decide: envoy-grpc}")] == [
        "C380"
    ]


def test_what_no_decision_holds_is_named_as_for_any_other(tmp_path):
    ((code, message),) = told(tmp_path, "{bind: 'unix:/run/s', decide: envoy-grpc}", "upgrades: [websocket]")
    assert (code, "a decision for envoy-grpc does not hold `upgrades`" in message) == ("C382", True)


def test_without_its_library_the_file_is_refused_and_it_is_said_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("ostiary.config.checks.extras.find_spec", lambda _: None)
    ((code, message),) = told(tmp_path, "{bind: 'unix:/run/s', decide: envoy-grpc}")
    assert (code, 'pip install "ostiary[grpc]"' in message) == ("C560", True)
    assert told(tmp_path, "{bind: 'unix:/run/s', decide: envoy-http}") == []

"""What of a route is known not to hold where another proxy forwards?"""

from __future__ import annotations

import pytest

from ostiary.config.load import examine

FILE = """
version: 1
listeners:
  nginx: {{bind: 127.0.0.1:9001, decide: nginx}}
  caddy: {{bind: 127.0.0.1:9002, decide: caddy}}
vaults: {{folder: {{type: files, path: .}}}}
credentials: {{legacy: {{vault: folder}}}}
upstreams:
  old: {{endpoints: [{endpoints}]{upstream}}}
routes:
  - name: all
    match: {{path: /**}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    inject: [{inject}]
    upstream: old
{route}
"""
ONE = "'http://127.0.0.1:9'"
BASIC = "basic: {credential: legacy}"


def told(
    tmp_path, *, inject: str = BASIC, upstream: str = "", route: str = "", endpoints: str = ONE
) -> list[tuple[str, str]]:
    text = FILE.format(inject=inject, upstream=upstream, route=route and f"    {route}", endpoints=endpoints)
    (tmp_path / "gateway.yaml").write_text(text)
    problems = examine(tmp_path / "gateway.yaml", environ={}).problems
    return [(one.code, one.message) for one in problems if one.severity == "error"]


CLAUSES = {
    "upgrades": {"route": "upgrades: [websocket]"},
    "inject.basic.on_reject": {"inject": "basic: {credential: legacy, on_reject: replay}"},
    "endpoints": {"endpoints": f"'http://127.0.0.1:8', {ONE}"},
    "timeouts": {"upstream": ", timeouts: {response: 5s}"},
    "connections": {"upstream": ", connections: 4"},
    "host": {"upstream": ", host: legacy.example"},
    "rewrite": {"route": "rewrite: {path: {add_prefix: /old}}"},
}


def test_what_is_about_heads_holds(tmp_path):
    assert told(tmp_path) == []
    assert told(tmp_path, inject="basic: {credential: legacy, on_reject: ignore}") == []
    assert told(tmp_path, inject="header: {name: X-A, value: a}, cookie: {name: b, value: c}") == []


@pytest.mark.parametrize("word", CLAUSES)
def test_what_is_about_the_connection_is_named_and_stops_the_start_unless_the_route_accepts_it(tmp_path, word):
    clause = dict(CLAUSES[word])
    ((code, message),) = told(tmp_path, **clause)
    route = "\n    ".join(filter(None, (clause.pop("route", ""), "decision: allow-partial")))
    accepted = told(tmp_path, **clause, route=route)
    assert code == "C382"
    assert f"`{word}`" in message
    assert "caddy, nginx" in message
    assert accepted == []


def test_a_query_cannot_be_accepted(tmp_path):
    inject = "query: {name: key, credential: legacy}"
    assert [code for code, _ in told(tmp_path, inject=inject)] == ["C383"]
    assert [code for code, _ in told(tmp_path, inject=inject, route="decision: allow-partial")] == ["C383"]


def test_without_a_decision_listener_nothing_is_said(tmp_path):
    text = FILE.format(inject=BASIC, upstream="", route="    upgrades: [websocket]", endpoints=ONE)
    (tmp_path / "gateway.yaml").write_text(text.replace(", decide: nginx", "").replace(", decide: caddy", ""))
    assert [
        one.code for one in examine(tmp_path / "gateway.yaml", environ={}).problems if one.severity == "error"
    ] == []

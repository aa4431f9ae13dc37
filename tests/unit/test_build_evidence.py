"""Does what a caller showed the gateway end there?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.records import Record
from tests.support.tokens import request

from ostiary.build import compile_gateway
from ostiary.config.load import load
from ostiary.model import Headers, Permit, Principal

FILE = """\
version: 1
listeners: {{public: {{bind: 127.0.0.1:8443}}}}
issuers:
  bank: {{issuer: "https://id.example.com", jwks_url: "https://id.example.com/jwks", audiences: [a]}}
vaults: {{local: {{type: local, path: vault.db, master_key: env:MASTER_KEY}}}}
credentials: {{robot: {{vault: local}}, alice: {{vault: local}}}}
upstreams: {{x: {{endpoints: [http://127.0.0.1:9]}}}}
routes:
  - {{name: all, match: {{path: /**}}, authenticate: {evidence}, authorize: anyone, upstream: x}}
"""
SHOWN = {"Authorization": "Bearer t", "authorization": "x", "DPoP": "p", "X-Robot-Key": "k", "x_robot.key": "k"}
JWT = {"jwt": {"issuers": ["bank"]}}
ASK = {"introspection": {"url": "https://id.example.com/ask", "client": {"basic": {"credential": "robot"}}}}


@pytest.mark.parametrize(
    ("evidence", "passes"),
    [
        (JWT, {"DPoP", "X-Robot-Key", "x_robot.key"}),
        ({"jwt": {"issuers": ["bank"], "dpop": "when-present"}}, {"X-Robot-Key", "x_robot.key"}),
        (ASK, {"DPoP", "X-Robot-Key", "x_robot.key"}),
        ({"basic": {"users": ["alice"]}}, {"DPoP", "X-Robot-Key", "x_robot.key"}),
        ({"api_key": {"keys": ["robot"]}}, {"DPoP", "X-Robot-Key", "x_robot.key"}),
        ({"api_key": {"keys": ["robot"], "header": "X-Robot-Key"}}, {"Authorization", "authorization", "DPoP"}),
        ({"any": [JWT, ASK, {"api_key": {"keys": ["robot"], "header": "X-Robot-Key"}}]}, {"DPoP"}),
    ],
)
async def test_evidence_is_not_passed_on_in_any_spelling(evidence: Any, passes: set[str], tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").write_text(FILE.format(evidence=json.dumps(evidence)))
    records = {alias: Record(alias, alias, "x") for alias in ("robot", "alice")}
    gateway = compile_gateway(load(tmp_path / "gateway.yaml"), sources=records)
    incoming = request(headers=Headers.of([(name.encode(), value.encode()) for name, value in SHOWN.items()]))
    permit = Permit(Principal("alice", "x", "x"), "all")
    outbound = gateway.find(incoming).pipeline.upstream.prepare(incoming, permit)
    assert {name.decode() for name, _ in outbound.headers} & SHOWN.keys() == passes
    await gateway.aclose()


async def test_every_scheme_of_a_route_is_offered(tmp_path: Path) -> None:
    several = [{"jwt": {"issuers": ["bank"], "dpop": "when-present"}}, {"basic": {"users": ["alice"], "realm": "bank"}}]
    (tmp_path / "gateway.yaml").write_text(FILE.format(evidence=json.dumps({"any": several})))
    gateway = compile_gateway(
        load(tmp_path / "gateway.yaml"),
        sources={"alice": Record("alice", "a", "x"), "robot": Record("robot", "r", "x")},
    )
    schemes = [challenge.split()[0] for challenge in gateway.find(request()).challenges]
    assert schemes == ["Bearer", "DPoP", "Basic"]
    await gateway.aclose()

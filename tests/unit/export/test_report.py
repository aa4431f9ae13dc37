"""Does the report say of each clause who holds it?"""

from __future__ import annotations

from pathlib import Path

from jsonschema import Draft202012Validator
from tests.unit.export.policy import planned, route

from ostiary.cli.documents import schema_of
from ostiary.export import document, text

GOLDEN = Path(__file__).with_name("report.txt")
PARTIAL = {"decision": "allow-partial"}
ROUTES = (
    route("open", "/open/**", inject=[{"header": {"name": "X-Subject", "value": "nobody"}}]),
    route(
        "write",
        "/write",
        authenticate={"jwt": {"issuers": ["bank", "filed"]}},
        authorize=[{"scopes": {"all": ["write"]}}],
        inject=[{"basic": {"credential": "legacy"}}],
        **PARTIAL,
    ),
    route("read", "/read", authenticate={"jwt": {"issuers": ["bank"]}}, authorize=[{"tenant": "north"}]),
    route("both", "/both", authenticate={"any": [{"api_key": {"keys": ["legacy"]}}, {"jwt": {"issuers": ["found"]}}]}),
    route("asks", "/asks", inject=[{"query": {"name": "key", "value": "v"}}]),
)
PUBLIC = {
    "limits": {"headers": "16KiB", "body": "1MiB"},
    "tls": {
        "certificate": "file:s.pem",
        "private_key": "file:s.key",
        "client": {"mode": "optional", "authorities": ["file:ca.pem"]},
    },
}


def test_it_is_what_it_was(tmp_path: Path):
    """Whoever changes a judgement changes the golden file, and so is seen to."""
    assert text(planned(tmp_path, *ROUTES, public=PUBLIC)) == GOLDEN.read_text()


def test_programs_are_told_the_same(tmp_path: Path):
    made = planned(tmp_path, *ROUTES, public=PUBLIC)
    told = document(made)
    Draft202012Validator(schema_of("export envoy")).validate(told)
    assert {one["route"]: one["how"] for one in told["routes"]} == {
        "open": "native",
        "write": "native",
        "read": "asked",
        "both": "asked",
        "asks": "impossible",
    }
    assert told["ok"] is False
    assert {one["clause"] for one in told["refused"]} == {"routes.4.inject.0.query", "listeners.public.limits.body"}


def test_every_clause_is_in_it_once(tmp_path: Path):
    told = document(planned(tmp_path, *ROUTES, public=PUBLIC))
    for one in told["routes"]:
        clauses = [held["clause"] for held in one["clauses"]]
        assert len(clauses) == len(set(clauses))

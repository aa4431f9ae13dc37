"""What of a policy is native, what is asked, and what is refused?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.export.policy import planned, route

from ostiary.export.envoy import bootstrap, files_of_tls

PARTIAL = {"decision": "allow-partial"}
JWT = {"jwt": {"issuers": ["bank"]}}
TLS = {
    "certificate": "file:s.pem",
    "private_key": "file:s.key",
    "client": {"mode": "optional", "authorities": ["file:ca.pem"]},
}


def token(**changed: Any) -> dict[str, Any]:
    return {"authenticate": {"jwt": {"issuers": ["bank"], **changed}}}


def shown(**changed: Any) -> dict[str, Any]:
    return {"header": {"name": "X-Subject", **changed}}


NATIVE = {
    "nobody has to prove anything": {},
    "addresses": {"authorize": [{"source": ["10.0.0.0/8"]}]},
    "a constant": {"inject": [shown(value="reader")]},
    "the name of everybody": {"inject": [shown(value="{principal.subject}")]},
    "a credential": {"inject": [{"basic": {"credential": "legacy"}}]},
    "an upgrade": {"upgrades": ["websocket"]},
    "a token, and the word": {**token(), **PARTIAL},
    "a key set in a file, and the word": {**token(issuers=["filed"]), **PARTIAL},
    "rights": {
        **token(),
        **PARTIAL,
        "authorize": [{"scopes": {"all": ["a"]}}, {"tenant": "x"}, {"claims": {"a": "b"}}],
    },
    "a condition that is tried out": {**PARTIAL, "authorize": [{"time": {"days": ["mon"]}, "mode": "shadow"}]},
}
ASKED = {
    "a token": (token(), "taken as published"),
    "a key set in a file": (token(issuers=["filed"]), "read once"),
    "a token that must be bound": ({**token(bound="required"), **PARTIAL}, "prove that it is theirs"),
    "a token of a key": ({**token(dpop="required"), **PARTIAL}, "prove that it is theirs"),
    "a token that counts once": ({**token(once=True), **PARTIAL}, "once: not known to hold"),
    "keys that are to be found": ({**token(issuers=["found"]), **PARTIAL}, "give its `jwks_url`"),
    "two issuers of one name": ({**token(issuers=["bank", "same"]), **PARTIAL}, "write the same `iss`"),
    "no leeway": ({**token(issuers=["strict"]), **PARTIAL}, "least leeway"),
    "a key set of PEM": ({**token(issuers=["pem"]), **PARTIAL}, "is no key set"),
    "a certificate that is not verified": (
        {"authenticate": {"mtls": {"allow": ["**"]}}, **PARTIAL},
        "does not verify certificates",
    ),
    "an API key": ({"authenticate": {"api_key": {"keys": ["legacy"]}}}, "compared with"),
    "one member": ({"authenticate": {"any": [JWT, {"basic": {"users": ["legacy"]}}]}, **PARTIAL}, "compared with"),
    "a time": ({"authorize": [{"time": {"days": ["mon"]}}]}, "clock of a time zone"),
    "an expression": ({"authorize": [{"expression": "true"}]}, "CEL"),
    "wide scopes": ({**token(), **PARTIAL, "authorize": [{"scopes": {"any": ["a"], "match": "hierarchic"}}]}, "parts"),
    "what a caller is called": ({**token(), **PARTIAL, "inject": [shown(value="{principal.subject}")]}, "the caller"),
    "the request's id": ({"inject": [shown(value="{request.id}")]}, "about the caller"),
    "each caller's credential": ({"inject": [{"basic": {"credential": "each"}}]}, "another credential"),
    "a cookie": ({"inject": [{"cookie": {"name": "a", "value": "b"}}]}, "cookies"),
    "a path with a blank": ({"match": {"path": "/a b"}}, "more than one spelling"),
    "a path with a parameter": ({"match": {"path": "/a;b"}}, "more than one spelling"),
    "a path of a dot": ({"match": {"path": "/.well-known/x"}}, "more than one spelling"),
}
ISSUERS = {
    "same": {
        "issuer": "https://id.example.com",
        "jwks_url": "https://x.example.com/",
        "audiences": ["a"],
        "tenant": "x",
    },
    "strict": {
        "issuer": "https://s.example.com",
        "jwks_url": "https://x.example.com/",
        "audiences": ["a"],
        "leeway": "0s",
    },
    "pem": {"issuer": "https://p.example.com", "jwks_file": "file:gateway.yaml", "audiences": ["a"]},
}


@pytest.mark.parametrize("name", NATIVE)
def test_native_is(tmp_path: Path, name: str):
    (judged,) = planned(tmp_path, route(**NATIVE[name])).routes
    assert (judged.how, judged.refused) == ("native", ())


@pytest.mark.parametrize("name", ASKED)
def test_asked_is(tmp_path: Path, name: str):
    changed, why = ASKED[name]
    (judged,) = planned(tmp_path, route(**changed), issuers=ISSUERS).routes
    assert judged.how == "asked"
    assert why in "; ".join(one.why for one in judged.clauses)


@pytest.mark.parametrize("name", ASKED)
def test_with_nobody_to_ask_it_is_refused(tmp_path: Path, name: str):
    changed, why = ASKED[name]
    made = planned(tmp_path, route(**changed), issuers=ISSUERS, asking=False)
    assert why in made.refused[0].why


def test_a_certificate_is_native_where_the_handshake_verifies_it_and_the_route_says_so(tmp_path: Path):
    proof = {"authenticate": {"mtls": {"allow": ["spiffe://a.b/**"]}}}
    routes = (route("a", "/a", **proof), route("b", "/b", **proof, **PARTIAL))
    assert [one.how for one in planned(tmp_path, *routes, public={"tls": TLS}).routes] == ["asked", "native"]


@pytest.mark.parametrize(
    "revocation",
    [
        {"crls": ["file:a.crl"], "mode": "soft"},
        {"urls": ["http://crl.example.com/a"]},
        {"ocsp": {"url": "http://ocsp.example.com/"}},
        {"crls": ["file:a.crl", "file:b.crl"]},
    ],
)
def test_what_the_handshake_cannot_look_up_is_asked(tmp_path: Path, revocation: dict[str, Any]):
    client = {**TLS["client"], "revocation": revocation}
    proof = {"authenticate": {"mtls": {"allow": ["**"]}}, **PARTIAL}
    made = planned(tmp_path, route("a", "/a", **proof), route("b", "/b"), public={"tls": {**TLS, "client": client}})
    assert [one.how for one in made.routes] == ["asked", "native"]
    wanted = {**client, "mode": "required"}
    made = planned(tmp_path, route("a", "/a", **proof), route("b", "/b"), public={"tls": {**TLS, "client": wanted}})
    assert [one.how for one in made.routes] == ["asked", "asked"]  # nobody comes in without one


def test_what_nobody_holds_is_refused_unless_the_route_says_so(tmp_path: Path):
    replay = {"inject": [{"basic": {"credential": "legacy", "on_reject": "replay"}}]}
    assert [one.path[-1] for one in planned(tmp_path, route(**replay)).refused] == ["on_reject"]
    assert planned(tmp_path, route(**replay, **PARTIAL)).refused == ()


def test_an_upgrade_is_nothing_that_an_answer_tells(tmp_path: Path):
    changed = {"upgrades": ["websocket"], "authenticate": {"api_key": {"keys": ["legacy"]}}}
    assert [one.path[-1] for one in planned(tmp_path, route(**changed)).refused] == ["upgrades"]
    assert planned(tmp_path, route(**changed, **PARTIAL)).refused == ()


def test_a_path_that_is_to_be_rewritten_is_nothing_that_an_answer_tells(tmp_path: Path):
    changed = {"match": {"path": "/old/**"}, "rewrite": {"path": {"strip_prefix": "/old"}}}
    assert [one.path[-1] for one in planned(tmp_path, route(**changed)).refused] == ["rewrite"]


def test_what_leaves_nothing_of_use_is_refused_whatever_the_route_says(tmp_path: Path):
    made = planned(tmp_path, route(**PARTIAL, inject=[{"query": {"name": "a", "value": "b"}}]))
    assert [one.path[-1] for one in made.refused] == ["query"]


@pytest.mark.parametrize(
    ("public", "path"),
    [
        ({"limits": {"body": "1MiB"}}, "body"),
        ({"limits": {"connections_per_address": 3}}, "connections_per_address"),
        ({"proxy_protocol": {"networks": ["10.0.0.0/8"]}}, "proxy_protocol"),
    ],
)
def test_of_the_listener_it_is_refused_unless_every_route_says_so(tmp_path: Path, public: dict[str, Any], path: str):
    two = (route("a", "/a", **PARTIAL), route("b", "/b"))
    assert [one.path[-1] for one in planned(tmp_path, *two, public=public).refused] == [path]
    both = (route("a", "/a", **PARTIAL), route("b", "/b", **PARTIAL))
    assert planned(tmp_path, *both, public=public).refused == ()


def test_a_listener_without_its_certificate_is_none(tmp_path: Path):
    made = planned(tmp_path, route(**PARTIAL), public={"tls": {"pkcs12": "file:a.p12"}})
    assert [one.path[-1] for one in made.refused] == ["certificate"]


def test_a_certificate_that_upstreams_cannot_be_shown_is_left_out_where_the_route_says_so(tmp_path: Path):
    old = {"endpoints": ["https://a.example.com"], "tls": {"client": {"pkcs12": "file:a.p12"}}}
    assert [one.path[-1] for one in planned(tmp_path, route(), old=old).refused] == ["client"]
    made = planned(tmp_path, route(**PARTIAL), old=old)
    assert (made.refused, list(files_of_tls(made))) == ((), [])
    assert "sds_secret_config" not in str(bootstrap(made))


def test_who_judges_certificates_has_to_be_told_of_them(tmp_path: Path):
    proof = {"authenticate": {"mtls": {"allow": ["**"]}}, **PARTIAL}
    (refused,) = planned(tmp_path, route(**proof), public={"tls": TLS}).refused
    assert refused.path == ("listeners", "decides", "decide")
    assert planned(tmp_path, route(**proof), public={"tls": TLS}, told=True).refused == ()
    assert planned(tmp_path, route(), public={"tls": TLS}).refused == ()


def test_an_upstream_whose_servers_could_stand_for_each_other_is_refused(tmp_path: Path):
    several = {"endpoints": ["https://a.example.com", "https://b.example.com"]}
    assert [one.path[-1] for one in planned(tmp_path, route(), old=several).refused] == ["endpoints"]
    assert planned(tmp_path, route(), old={**several, "tls": {"server_name": "x.example.com"}}).refused == ()


def test_what_is_written_in_the_audit_log_is_asked(tmp_path: Path):
    made = planned(tmp_path, route(), audit={"path": "audit.jsonl"})
    assert made.routes[0].how == "asked"


def test_what_may_be_revoked_is_asked(tmp_path: Path):
    shared = {"redis": {"url": "redis://127.0.0.1"}, "key": "env:KEY"}
    assert planned(tmp_path, route(), shared={**shared, "revocation": {}}).routes[0].how == "asked"
    assert planned(tmp_path, route(), shared=shared).routes[0].how == "native"


def test_what_is_counted_is_asked(tmp_path: Path):
    assert planned(tmp_path, route(rate=[{"limit": 10}])).routes[0].how == "asked"


def test_keys_without_ids_are_asked_about(tmp_path: Path):
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [{"kty": "EC"}]}))
    made = planned(tmp_path, route(**token(issuers=["filed"]), **PARTIAL))
    assert made.routes[0].how == "asked"

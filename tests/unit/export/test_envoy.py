"""Does what is written for Envoy forward nothing that nobody has decided, and stand there as it was meant?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from tests.unit.export.policy import planned, route

from ostiary.errors import CredentialUnavailable
from ostiary.export.envoy import bootstrap, credential_secret, dump, files_of_tls, withdrawn, written
from ostiary.export.plan import Plan
from ostiary.model import Credential, Secret

PARTIAL = {"decision": "allow-partial"}
TOKEN = {"authenticate": {"jwt": {"issuers": ["bank"]}}, **PARTIAL}
BASIC = {"inject": [{"basic": {"credential": "legacy"}}]}
TLS = {
    "certificate": "file:s.pem",
    "private_key": "file:s.key",
    "client": {"mode": "required", "authorities": ["file:ca.pem"], "depth": 2, "revocation": {"crls": ["file:ca.crl"]}},
}


def every(value: Any, key: str) -> Iterator[Any]:
    """Return everything under a key, however deep."""
    if isinstance(value, dict):
        yield from (one for name, one in value.items() if name == key)
        yield from (found for one in value.values() for found in every(one, key))
    elif isinstance(value, list):
        yield from (found for one in value for found in every(one, key))


def manager(plan: Plan) -> dict[str, Any]:
    return bootstrap(plan)["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][1]["typed_config"]


def routes(plan: Plan) -> list[dict[str, Any]]:
    return manager(plan)["route_config"]["virtual_hosts"][0]["routes"]


def filters(plan: Plan) -> dict[str, dict[str, Any]]:
    return {one["name"]: one["typed_config"] for one in manager(plan)["http_filters"]}


@pytest.mark.parametrize("asking", [True, False])
def test_whatever_is_forwarded_was_decided_by_rbac_or_by_an_answer(tmp_path: Path, asking: bool):
    made = planned(tmp_path, route("a", "/a", **TOKEN), route("b", "/b", **BASIC), asking=asking)
    for one in routes(made):
        if "route" not in one:
            assert one["direct_response"]["status"] >= 400
        elif one["name"].startswith("asked~"):
            assert [head["name"] for head in one["match"]["headers"]] == ["ostiary-upstream"]
        else:
            rules = one["typed_per_filter_config"]["envoy.filters.http.rbac"]["rbac"]
            assert list(rules) == ["@type", "shadow_rules"][1:] if asking else ["rules"]
            assert all(policy["principals"] for rule in rules.values() for policy in rule["policies"].values())


def test_with_nobody_to_ask_no_answer_can_lead_anywhere(tmp_path: Path):
    made = planned(tmp_path, route("a", "/a", **TOKEN), asking=False)
    assert not any("ostiary-upstream" in str(one["match"]) for one in routes(made))
    assert "envoy.filters.http.ext_authz" not in filters(made)


def test_only_a_route_that_envoy_decides_lets_protocols_change(tmp_path: Path):
    made = planned(tmp_path, route("a", "/a", upgrades=["websocket"], **PARTIAL), route("b", "/b"))
    changing = [one["name"] for one in routes(made) if "upgrade_configs" in one.get("route", {})]
    assert changing == ["a"]


def test_the_gateway_is_asked_unless_rbac_has_said_allowed(tmp_path: Path):
    ask = filters(planned(tmp_path, route()))["envoy.filters.http.ext_authz"]
    assert ask["filter_enabled_metadata"]["invert"] is True
    assert ask["filter_enabled_metadata"]["value"] == {"string_match": {"exact": "allowed"}}
    assert (ask["failure_mode_allow"], ask["clear_route_cache"]) == (False, True)


def test_filters_stand_in_the_order_of_what_they_need(tmp_path: Path):
    made = planned(tmp_path, route("a", "/a", **TOKEN, **BASIC))
    assert list(filters(made)) == [
        "ostiary_strip",
        "envoy.filters.http.jwt_authn",
        "envoy.filters.http.rbac",
        "envoy.filters.http.ext_authz",
        "ostiary_clean",
        "ostiary_basic~legacy",
        "router",
    ]


def test_tokens_are_taken_from_one_place_and_verified_as_the_issuer_says(tmp_path: Path):
    provider = filters(planned(tmp_path, route(**TOKEN), asking=False))["envoy.filters.http.jwt_authn"]["providers"]
    bank = provider["bank~0"]
    assert bank["from_headers"] == [{"name": "Authorization", "value_prefix": "Bearer "}]
    assert (bank["forward"], bank["require_expiration"], bank["clock_skew_seconds"]) == (False, True, 30)
    assert bank["remote_jwks"]["http_uri"]["uri"] == "https://id.example.com/keys"
    assert "async_fetch" in bank["remote_jwks"]


def test_the_token_goes_to_whoever_is_asked_and_no_further(tmp_path: Path):
    made = planned(tmp_path, route(**TOKEN))
    assert filters(made)["envoy.filters.http.jwt_authn"]["providers"]["bank~0"]["forward"] is True
    (native,) = (one for one in routes(made) if one.get("name") == "one")
    assert "authorization" in native["request_headers_to_remove"]


def test_a_credential_that_is_written_is_not_taken_away_again(tmp_path: Path):
    made = planned(tmp_path, route(**TOKEN, **BASIC))
    (native,) = (one for one in routes(made) if one.get("name") == "one")
    assert "authorization" not in native["request_headers_to_remove"]
    (injector,) = (one for one in manager(made)["http_filters"] if one["name"] == "ostiary_basic~legacy")
    assert (injector["disabled"], injector["typed_config"]["overwrite"]) == (True, True)
    assert "ostiary_basic~legacy" in native["typed_per_filter_config"]


def test_the_headers_of_the_policy_are_taken_from_callers_in_every_spelling(tmp_path: Path):
    made = planned(tmp_path, route(inject=[{"header": {"name": "X-Subject", "value": "a"}}]), route("b", "/b"))
    (shape,) = {one["safe_regex"]["regex"] for one in every(filters(made)["ostiary_strip"], "key_matcher")}
    for name in ("x-subject", "x_subject", "x.subject", "ostiary-upstream", "x-forwarded-for", "x_request_id"):
        assert re.fullmatch(shape, name), name
    for name in ("authorization", "x-request-id", "x-api-key", "cookie", "content-type", "host"):
        assert not re.fullmatch(shape, name), name


def test_the_handshake_verifies_as_the_listener_says(tmp_path: Path):
    made = planned(tmp_path, route(), public={"tls": TLS})
    files = dict(files_of_tls(made))
    (known,) = every(files["authorities.yaml"], "validation_context")
    assert known["max_verify_depth"] == 1
    assert known["crl"] == {"filename": str(tmp_path / "ca.crl")}
    assert "trust_chain_verification" not in known
    (context,) = every(bootstrap(made), "transport_socket")
    assert context["typed_config"]["require_client_certificate"] is True
    assert context["typed_config"]["disable_stateless_session_resumption"] is True


def test_what_the_handshake_cannot_verify_is_only_passed_on(tmp_path: Path):
    client = {**TLS["client"], "revocation": {"crls": ["file:ca.crl"], "mode": "soft"}}
    made = planned(tmp_path, route(), public={"tls": {**TLS, "client": client}})
    (known,) = every(dict(files_of_tls(made))["authorities.yaml"], "validation_context")
    assert known["trust_chain_verification"] == "ACCEPT_UNTRUSTED"


@pytest.mark.parametrize(
    ("host", "action"),
    [
        ("preserve", {}),
        ("endpoint", {"host_rewrite_literal": "10.0.0.5:9000"}),
        ("legacy.example", {"host_rewrite_literal": "legacy.example"}),
    ],
)
def test_the_upstream_is_called_as_the_policy_says(tmp_path: Path, host: str, action: dict[str, Any]):
    made = planned(tmp_path, route(), old={"host": host})
    found = [one["route"] for one in routes(made) if "route" in one]
    assert all({key: one[key] for key in one if "host" in key} == action for one in found)


def test_an_upstream_with_tls_is_verified_by_its_name(tmp_path: Path):
    made = planned(tmp_path, route(), old={"endpoints": ["https://a.example.com"]})
    (context,) = every(bootstrap(made)["static_resources"]["clusters"], "match_typed_subject_alt_names")
    assert context == [{"san_type": "DNS", "matcher": {"exact": "a.example.com"}}]


# --- secrets -----------------------------------------------------------------------------------


def test_a_secret_is_the_whole_value_of_its_header(tmp_path: Path):
    made = planned(tmp_path, route(**BASIC))
    ((name, (alias, one)),) = written(made).items()
    content = credential_secret(name, one, Credential(alias, "svc", Secret("word"), "1"))
    (said,) = every(content, "inline_string")
    assert said == "Basic c3ZjOndvcmQ="
    (nothing,) = every(withdrawn(name), "inline_string")
    assert nothing == ""


def test_a_secret_that_cannot_stand_in_a_header_is_refused(tmp_path: Path):
    ((name, (alias, one)),) = written(planned(tmp_path, route(**BASIC))).items()
    with pytest.raises(CredentialUnavailable):
        credential_secret(name, one, Credential(alias, "svc", Secret("a\nb"), "1"))


# --- text --------------------------------------------------------------------------------------


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=40), max_size=4))
def test_every_text_is_read_as_it_was_meant(block: dict[str, str]):
    assert YAML(typ="safe", pure=True).load(dump({"all": block}))["all"] == block


@pytest.mark.parametrize("text", ["on", "1e3", "null", "~", "0x1", "a: b", "'", '"', "%YAML", "{{x}}", "@type", "é"])
def test_every_text_is_quoted(text: str):
    whole = dump({"a": text})
    (value,) = YAML().load(whole).values()
    assert value == text
    assert isinstance(YAML(typ="rt").load(whole.replace("\n", "\n"))["a"], str)
    assert whole.startswith('"a": "')
    assert DoubleQuotedScalarString(text) == text


def test_a_text_in_which_envoy_would_replace_something_is_a_text(tmp_path: Path):
    made = planned(tmp_path, route(inject=[{"header": {"name": "X-Subject", "value": "100%REQ(a)%"}}]))
    (native,) = (one for one in routes(made) if one.get("name") == "one")
    assert native["request_headers_to_add"][-1]["header"]["value"] == "100%%REQ(a)%%"


def test_a_configuration_can_be_written_down(tmp_path: Path):
    made = bootstrap(planned(tmp_path, route("a", "/a/**", **TOKEN), public={"tls": TLS}))
    assert json.loads(json.dumps(made)) == YAML(typ="safe", pure=True).load(dump(made))

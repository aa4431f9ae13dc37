"""May requests be sent here, and what is not as it should be?"""

from __future__ import annotations

from typing import Any

import pytest

from ostiary.admin.health import Part, of_audit, of_credential, of_keys, of_listener, of_ring, of_upstream, parts
from ostiary.admin.report import report
from ostiary.admin.source import Health
from ostiary.jwks.facts import KeyFacts
from ostiary.listener.tally import End
from ostiary.reasons import Reason
from ostiary.sealed.errors import Unavailable
from ostiary.upstream.reaching import EndpointState
from ostiary.vault.source import CredentialState

DOWN = Part("issuer", "bank", "down", Reason.KEYS_UNAVAILABLE)
OK = Part("upstream", "service", "ok")


def keys(**changes: Any) -> KeyFacts:
    facts = {"keys": 1, "kids": ("a",), "age": 1.0, "stale": False, "void": False, "fetches": 1, "failures": 0}
    return KeyFacts(**{**facts, "why": "", "dropped": {}, **changes})


def credential(**changes: Any) -> CredentialState:
    facts = {"version": "1", "usable": True, "age": 1.0, "expires": None, "reason": None, "rotations": 0}
    return CredentialState(**{**facts, **changes})


def endpoint(up: bool) -> EndpointState:
    return EndpointState("http://127.0.0.1:1", up, 0, 0, 0)


def verdict(part: Part) -> tuple[str, Reason | None]:
    return part.condition, part.reason


def test_when_everything_is_well_it_is_ready():
    assert report(Health("ready", (OK,), "9f3c1a"), verbose=False) == (200, {"status": "ready", "degraded": []})


def test_what_is_down_degrades_and_does_not_make_it_unready():
    status, content = report(
        Health(
            "ready",
            (
                DOWN,
                OK,
            ),
            "9f3c1a",
        ),
        verbose=False,
    )
    assert (status, content["status"]) == (200, "degraded")
    told = {"kind": "issuer", "name": "bank", "condition": "down", "reason": "keys.unavailable"}
    assert content["degraded"] == [told]


def test_every_part_is_listed_only_when_asked_for():
    _, content = report(
        Health(
            "ready",
            (
                DOWN,
                OK,
            ),
            "9f3c1a",
        ),
        verbose=True,
    )
    assert [part["name"] for part in content["parts"]] == ["bank", "service"]


@pytest.mark.parametrize("state", ["starting", "draining"])
def test_before_the_start_and_from_the_first_signal_on_it_is_not_ready(state):
    status, content = report(Health(state, (OK,), "9f3c1a"), verbose=True)
    assert (status, content["status"]) == (503, state)
    assert content["reason"]


def test_keys_that_are_old_still_serve_and_keys_that_are_void_do_not():
    assert verdict(of_keys("bank", keys())) == ("ok", None)
    assert verdict(of_keys("bank", keys(stale=True))) == ("degraded", Reason.KEYS_UNAVAILABLE)
    assert verdict(of_keys("bank", keys(stale=True, void=True))) == ("down", Reason.KEYS_UNAVAILABLE)


def test_a_credential_that_may_be_used_although_the_vault_is_down_is_degraded():
    assert verdict(of_credential("a", credential())) == ("ok", None)
    unavailable = Reason.CREDENTIAL_UNAVAILABLE
    assert verdict(of_credential("a", credential(reason=unavailable))) == ("degraded", unavailable)
    assert verdict(of_credential("a", credential(usable=False, reason=unavailable))) == ("down", unavailable)
    assert verdict(of_credential("a", credential(usable=False))) == ("down", Reason.CREDENTIAL_MISSING)


def test_a_key_that_is_used_on_while_nobody_answers_is_degraded_and_one_that_signs_no_more_is_down():
    assert verdict(of_ring("a", None, signs=True)) == ("ok", None)
    assert verdict(of_ring("a", Unavailable("away"), signs=True)) == ("degraded", Reason.CREDENTIAL_UNAVAILABLE)
    assert verdict(of_ring("a", Unavailable("away"), signs=False)) == ("down", Reason.CREDENTIAL_UNAVAILABLE)
    assert verdict(of_ring("a", None, signs=False)) == ("down", Reason.CREDENTIAL_MISSING)


def test_an_upstream_is_down_when_all_of_its_endpoints_are():
    assert verdict(of_upstream("a", [endpoint(True)])) == ("ok", None)
    assert verdict(of_upstream("a", [endpoint(True), endpoint(False)])) == ("degraded", Reason.UPSTREAM_UNREACHABLE)
    assert verdict(of_upstream("a", [endpoint(False)])) == ("down", Reason.UPSTREAM_UNREACHABLE)


def test_a_certificate_or_a_list_that_has_ended_degrades():
    server, listed = End("server", "CN=a", 100.0), End("revocation-list", "CN=b", 200.0)
    assert verdict(of_listener("public", [server, listed], 50.0)) == ("ok", None)
    assert verdict(of_listener("public", [server], 100.0)) == ("degraded", Reason.CERTIFICATE_EXPIRED)
    assert verdict(of_listener("public", [listed], 200.0)) == ("degraded", Reason.CERTIFICATE_REVOCATION_UNKNOWN)


def test_an_audit_log_that_cannot_be_written_is_down():
    assert verdict(of_audit(broken=False)) == ("ok", None)
    assert verdict(of_audit(broken=True)) == ("down", Reason.AUDIT_UNAVAILABLE)


def test_every_dependency_of_a_configuration_is_a_part(view):
    assert [(part.kind, part.name) for part in parts(view, 0.0, 0.0)] == [
        ("issuer", "bank"),
        ("credential", "legacy"),
        ("upstream", "service"),
    ]


def test_the_state_follows_the_life_of_the_gateway(view):
    assert view.state == "starting"
    view.life.ready = True
    assert view.state == "ready"
    view.life.draining = True
    assert view.state == "draining"

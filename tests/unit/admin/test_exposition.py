"""What is told to Prometheus, and can a caller make it more?"""

from __future__ import annotations

import random
import shutil
import subprocess

import pytest
from prometheus_client import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from tests.support.admin import samples, value
from tests.support.wire import request
from tests.unit.admin.conftest import FILE

from ostiary.admin.exposition import registry
from ostiary.model import Principal, Record
from ostiary.observe.ended import Ended
from ostiary.reasons import Reason


def exposition(view) -> str:
    return generate_latest(registry(view)).decode()


def count(view, reason: Reason = Reason.ALLOWED, *, status: int = 200, method: str = "GET", **changes) -> None:
    one = Record(started=1.0, route="accounts", reason=reason)
    if reason is Reason.ALLOWED:
        one.principal = Principal("ada", "bank", "jwt")
        one.upstream, one.credential, one.upstream_started, one.upstream_answered = "service", "legacy", 1.001, 1.002
    for name, what in changes.items():
        setattr(one, name, what)
    view.metrics.count(Ended(one, listener="public", method=method, status=status, now=1.01))


def of_our_own(text: str) -> set[tuple[str, frozenset[tuple[str, str]]]]:
    return {key for key in samples(text) if not key[0].startswith("process_")}


def test_a_decision_is_told_with_its_reason(view):
    count(view)
    count(view, Reason.TOKEN_EXPIRED, status=401)
    count(view, Reason.KEYS_UNAVAILABLE, status=503)
    found = samples(exposition(view))
    name = "ostiary_decisions_total"
    assert value(found, name, decision="allow", reason="allowed", http_route="accounts", mode="enforce") == 1
    assert value(found, name, decision="deny", reason="token.expired") == 1
    assert value(found, name, decision="error", reason="keys.unavailable") == 1


def test_an_answer_that_broke_off_was_allowed_all_the_same(view):
    count(view, Reason.UPSTREAM_CLOSED, upstream="service", upstream_started=1.001, upstream_answered=1.002)
    assert value(samples(exposition(view)), "ostiary_decisions_total", reason="upstream.closed", decision="allow") == 1


def test_evidence_that_proved_nobody_is_told_by_its_kind(view):
    count(view)
    count(view, Reason.TOKEN_EXPIRED, status=401)
    count(view, Reason.CERTIFICATE_MISSING, status=401)
    count(view, Reason.KEYS_UNAVAILABLE, status=503)
    found = samples(exposition(view))
    name = "ostiary_authentications_total"
    assert value(found, name, method="jwt", outcome="success") == 1
    assert value(found, name, method="jwt", outcome="failure", reason="token.expired") == 1
    assert value(found, name, method="mtls", outcome="failure", reason="certificate.missing") == 1
    assert value(found, name, method="jwt", outcome="error", reason="keys.unavailable") == 1


def test_a_credential_that_the_upstream_refused_is_told(view):
    count(view, status=401)
    count(view, Reason.TOKEN_MISSING, status=401)
    assert value(samples(exposition(view)), "ostiary_credential_rejections_total", credential="legacy") == 1


def test_a_credential_that_was_never_refused_is_told_as_zero(view):
    assert value(samples(exposition(view)), "ostiary_credential_rejections_total", credential="legacy") == 0


def test_what_a_condition_in_the_shadow_would_have_refused_is_told(viewing):
    view = viewing(FILE.replace("authorize: anyone", "authorize: [{subject: nobody, mode: shadow}]"))
    ((route, rule),) = view.serving.gateway.shadows
    rule.check(Principal("ada", "bank", "jwt"), request())
    assert route == "accounts"
    assert value(samples(exposition(view)), "ostiary_shadow_differences_total", http_route="accounts") == 1


@pytest.mark.parametrize(
    ("reason", "limit"),
    [
        (Reason.REQUEST_BODY_TOO_LARGE, "body"),
        (Reason.REQUEST_HEADERS_TOO_LARGE, "headers"),
        (Reason.REQUEST_TARGET_TOO_LONG, "target"),
        (Reason.REQUEST_TIMEOUT, "time"),
        (Reason.TOKEN_TOO_LARGE, "token"),
        (Reason.OVERLOADED, "connections"),
    ],
)
def test_a_limit_that_was_met_is_told(view, reason, limit):
    count(view, reason, status=400)
    assert value(samples(exposition(view)), "ostiary_rejected_total", limit=limit) == 1


def test_series_stay_as_many_as_they_are_whatever_callers_send(view):
    chance = random.Random(4)
    methods = ["GET", "POST", "BREW"]
    for reason in Reason:
        for method in methods:
            count(view, reason, status=400, method=method)
    before = of_our_own(exposition(view))
    for number in range(100_000):
        method = chance.choice([*methods, f"M{number}", "X" * (number % 50 + 1)])
        principal = Principal(f"subject-{number}", f"issuer-{number}", "jwt") if number % 2 else None
        reason = chance.choice(list(Reason))
        if reason is Reason.ALLOWED:
            continue
        count(view, reason, status=400, method=method, detail=f"kid-{number}", endpoint=f"http://{number}")
        assert principal is None or principal.subject  # who they are is in no label
    assert of_our_own(exposition(view)) == before


def test_a_reload_that_was_refused_is_told(view):
    view.life.reloads[True] = 2
    view.life.reloads[False] = 1
    view.life.reload_refused = "C101"
    found = samples(exposition(view))
    assert value(found, "ostiary_config_last_reload_successful") == 0
    assert value(found, "ostiary_config_reloads_total", outcome="success") == 2
    assert value(found, "ostiary_config_reloads_total", outcome="failure") == 1
    assert value(found, "ostiary_config_info") == 1


def test_before_anything_has_happened_everything_is_told_already(view):
    found = samples(exposition(view))
    assert value(found, "ostiary_key_set_void", issuer="bank") == 1
    assert value(found, "ostiary_credential_usable", credential="legacy") == 0
    assert value(found, "ostiary_upstream_endpoint_up", upstream="service") == 1
    assert value(found, "ostiary_ready") == 0


def test_promtool_has_nothing_to_say(view):
    if shutil.which("promtool") is None:
        pytest.skip("promtool is needed (Debian: prometheus)")
    count(view)
    count(view, Reason.TOKEN_EXPIRED, status=401)
    judged = subprocess.run(
        ["promtool", "check", "metrics"], input=exposition(view).encode(), capture_output=True, timeout=30, check=False
    )
    assert (judged.returncode, judged.stdout + judged.stderr) == (0, b"")


def test_openmetrics_can_be_read_as_well(view):
    count(view)
    count(view, Reason.TOKEN_EXPIRED, status=401)
    text = generate_openmetrics(registry(view)).decode()
    names = {family.name for family in text_string_to_metric_families(text)}
    assert {"ostiary_decisions", "http_server_request_duration_seconds", "ostiary_credential_usable"} <= names


def test_each_route_has_its_own_lines(view):
    for number in range(2_000):
        count(view, route=f"route-{number}")
    text = exposition(view)
    assert text.count("\nostiary_decisions_total{") == 2_000
    assert value(samples(text), "ostiary_decisions_total", http_route="route-1999") == 1

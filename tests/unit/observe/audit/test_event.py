"""What does an audit log say of a request, and what never?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ostiary.model import Certificate, Principal, Record, Trace
from ostiary.observe.audit.chain import Link, sealed
from ostiary.observe.audit.event import _TOLD, of_log, of_request
from ostiary.observe.ended import Ended
from ostiary.reasons import Reason

SOURCE = Path(__file__).resolve().parents[4] / "src/ostiary"
CERTIFICATE = Certificate(
    "CN=alice", "CN=ca", 7, ("alice",), (), (), (), 0.0, 9e9, "__________________________________________8", b"der"
)
ALICE = Principal("alice", "bank", "jwt", {"secret": "canary"}, CERTIFICATE, "tenant-1")


def said(
    reason: Reason = Reason.ALLOWED, *, answered: bool = False, who: Principal | None = None, **changes: Any
) -> dict[str, Any]:
    record = Record(
        started=1.0, route="accounts", reason=reason, principal=who, detail="canary-detail", credential="legacy"
    )
    record.upstream_answered = 2.0 if answered else 0.0
    record.trace = Trace("4bf92f3577b34da6a3ce929d0e0e4736", "", "1", True, b"canary=1")
    facts = {"id": "r1", "method": "GET", "target": b"/a?token=canary", "host": "a.example", "address": "192.0.2.7"}
    return of_request(Ended(record, now=2.0, **{**facts, "status": 200, "listener": "public", **changes}))


@pytest.mark.parametrize(
    ("reason", "status", "answered", "verdict"),
    [
        (Reason.ALLOWED, 200, True, ("request-allowed", "success")),
        (Reason.ALLOWED, 500, True, ("request-allowed", "success")),
        (Reason.UPSTREAM_CLOSED, 200, True, ("request-allowed", "success")),
        (Reason.PERMISSION_MISSING, 403, False, ("request-denied", "failure")),
        (Reason.REQUEST_MALFORMED, 400, False, ("request-denied", "failure")),
        (Reason.KEYS_UNAVAILABLE, 503, False, ("request-failed", "unknown")),
    ],
)
def test_the_verdict_is_that_of_the_access_log(reason, status, answered, verdict):
    event = said(reason, status=status, answered=answered)
    assert (event["event.action"], event["event.outcome"]) == verdict
    assert event["event.reason"] == str(reason)


def test_who_it_was_is_said_with_tenant_and_certificate():
    event = said(answered=True, who=ALICE)
    told = {key: event[key] for key in ("user.id", "organization.id", "ostiary.issuer", "trace.id")}
    assert told == {
        "user.id": "alice",
        "organization.id": "tenant-1",
        "ostiary.issuer": "bank",
        "trace.id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }
    assert event["tls.client.x509.subject.common_name"] == ["alice"]
    assert len(event["tls.client.hash.sha256"]) == 64


def test_neither_query_nor_claims_nor_details_are_said():
    assert "canary" not in json.dumps(said(answered=True, who=ALICE))


def test_no_caller_can_write_a_line_or_paint_the_terminal():
    event = said(target=b'/a\r\n{"event":"forged"}\x1b[31m', method="GET\n", host="a\nb")
    line, _ = sealed(event, Link())
    assert line.count(b"\n") == 1
    assert b"\x1b" not in line
    assert b"\r" not in line


def test_what_is_very_long_is_cut():
    assert len(said(target=b"/" + b"a" * 9000)["url.path"]) == 2048


def test_access_to_the_admin_pages_is_told_as_that():
    assert said(listener="admin", status=200)["event.outcome"] == "success"
    refused = said(Reason.TOKEN_MISSING, listener="admin", status=401)
    assert (refused["event.action"], refused["event.outcome"]) == ("admin-access", "failure")


def test_events_of_the_log_that_matter_are_told_with_their_facts():
    event = of_log({"event": "keys changed", "issuer": "bank", "kids": ["a"], "level": "info"})
    assert (event["event.action"], event["ostiary.issuer"], event["ostiary.key_ids"]) == ("keys-changed", "bank", ["a"])
    assert "level" not in event


def test_other_events_are_not():
    assert of_log({"event": "listening", "port": 1}) is None


@pytest.mark.parametrize("words", _TOLD)
def test_the_log_really_has_these_events(words):
    assert any(f'"{words}"' in file.read_text() for file in SOURCE.rglob("*.py") if file.name != "event.py")

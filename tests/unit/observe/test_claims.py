"""Which claims are told, and can a signer fill the log with them?"""

from __future__ import annotations

import json
import os

import pytest

from ostiary.model import Principal, Record
from ostiary.observe.access import AccessLog
from ostiary.observe.audit.event import of_request
from ostiary.observe.claims import told
from ostiary.observe.ended import Ended

CLAIMS = {"client_id": "app", "level": 3, "vip": True, "groups": ["a", "b"], "email": "canary@example.com"}
ALICE = Principal("alice", "bank", "jwt", CLAIMS)


def test_none_is_told_unless_it_is_named():
    assert told(ALICE, ()) == {}
    assert told(ALICE, ("client_id", "level", "vip", "absent")) == {"client_id": "app", "level": 3, "vip": True}


def test_what_is_no_simple_value_is_told_as_text():
    assert told(ALICE, ("groups",)) == {"groups": '["a", "b"]'}


def test_what_is_long_is_cut():
    long = Principal("a", "bank", "jwt", {"x": "a" * 10_000, "y": ["b" * 10_000]})
    assert [len(value) for value in told(long, ("x", "y")).values()] == [256, 256]


def test_of_several_principals_the_claims_of_each_are_told_and_those_of_the_first_win():
    certificate = Principal("cn", "ca", "mtls", {"level": 9}, others={"jwt": ALICE})
    assert told(certificate, ("client_id", "level")) == {"client_id": "app", "level": 9}


async def lines(access: AccessLog, read: int) -> list[dict]:
    access.flush()
    return [json.loads(line) for line in os.read(read, 1 << 16).splitlines()]


@pytest.mark.parametrize("value", ["line\r\nforged", "\x1b[31mred", '","decision":"allow'])
async def test_no_signer_writes_a_line_or_another_field(value):
    read, write = os.pipe()
    access = AccessLog(write)
    access.tell(("x",))
    record = Record(started=1.0, principal=Principal("a", "bank", "jwt", {"x": value}))
    access.write(Ended(record, id="r", method="GET", target=b"/", host="a", address="::1", status=403, now=2.0))
    (line,) = await lines(access, read)
    assert line["claims"] == {"x": value}
    assert line["decision"] == "deny"
    for descriptor in (read, write):
        os.close(descriptor)


async def test_a_reload_changes_what_is_told_of_a_principal_that_is_known():
    read, write = os.pipe()
    access, record = AccessLog(write), Record(started=1.0, principal=ALICE)
    for claims in ((), ("client_id",), ()):
        access.tell(claims)
        access.write(Ended(record, id="r", method="GET", target=b"/", host="a", address="::1", status=403, now=2.0))
    assert [line.get("claims") for line in await lines(access, read)] == [None, {"client_id": "app"}, None]
    for descriptor in (read, write):
        os.close(descriptor)


def test_the_audit_log_tells_them_too():
    record = Record(started=1.0, principal=ALICE)
    facts = {"id": "r", "method": "GET", "target": b"/", "host": "a", "address": "::1", "status": 403, "listener": "p"}
    event = of_request(Ended(record, now=2.0, **facts), claims=("client_id",))
    assert event["ostiary.claims.client_id"] == "app"
    assert "canary" not in json.dumps(event)

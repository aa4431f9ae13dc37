"""What does an answer of the server mean?"""

from __future__ import annotations

from typing import Any

import pytest

from ostiary.vault.errors import (
    AccessDenied,
    Destroyed,
    Misconfigured,
    NotFound,
    Sealed,
    SecretError,
    Throttled,
    Unavailable,
)
from ostiary.vault.hashicorp.api import Reply
from ostiary.vault.hashicorp.judge import FLOOR, record, refusal

GONE = {"data": {"data": None, "metadata": {"version": 3, "deletion_time": "2026-01-01T00:00:00Z", "destroyed": False}}}


def said(status: int, body: dict[str, Any] | None = None, **more: Any) -> Reply:
    return Reply(status, body or {}, spoken=body is not None, **more)


def kv(fields: Any, **facts: Any) -> Reply:
    return said(200, {"data": {"data": fields, "metadata": {"version": 3, "deletion_time": "", **facts}}})


@pytest.mark.parametrize(
    ("reply", "means"),
    [
        (said(404, {"errors": []}), NotFound),
        (said(404, GONE), Destroyed),
        (said(404, {"data": {"metadata": {"version": 3, "destroyed": True}}}), Destroyed),
        (said(404, {"errors": ["no handler for route 'x/data/y'"]}), Misconfigured),
        (said(404, {"errors": [], "warnings": ["Invalid path for a versioned K/V secrets engine."]}), Misconfigured),
        (said(404), Unavailable),
        (said(403, {"errors": ["permission denied"]}), AccessDenied),
        (said(403), Unavailable),
        (said(400, {"errors": ["x"]}), Misconfigured),
        (said(405, {"errors": []}), Misconfigured),
        (said(415, {"errors": []}), Misconfigured),
        (said(429, {"errors": ["x"]}), Throttled),
        (said(503, {"errors": ["Vault is sealed"]}), Sealed),
        (said(501), Sealed),
        (said(412, {"errors": ["x"]}), Unavailable),
        (said(472), Unavailable),
        (said(473), Unavailable),
        (said(500, {"errors": ["x"]}), Unavailable),
        (said(502), Unavailable),
        (said(504), Unavailable),
        (said(307), Unavailable),
        (said(200), Unavailable),
        (said(204), Unavailable),
    ],
)
def test_an_answer_without_a_record(reply, means):
    assert type(refusal(reply)) is means
    with pytest.raises(means):
        record(reply, 0.0, None)


def test_too_many_questions_wait_longer_than_the_server_says():
    assert refusal(said(429, {"errors": []}, retry_after=0.0)).retry_after == FLOOR
    assert refusal(said(429, {"errors": []}, retry_after=60.0)).retry_after == 60.0


def test_a_record():
    found = record(kv({"id": "svc", "secret": "s"}), 12.5, None)
    assert (found.fields["secret"].reveal(), found.version, found.fetched_at, found.not_after) == (
        b"s",
        "3",
        12.5,
        None,
    )


def test_only_text_is_a_field():
    assert set(record(kv({"a": "x", "b": 1, "c": None, "d": {"e": "f"}, "g": True}), 0.0, None).fields) == {"a"}


@pytest.mark.parametrize(
    "ends", ["2026-01-01T00:01:40Z", "2026-01-01T00:01:40.000000000Z", "2026-01-01T01:01:40+01:00"]
)
def test_a_version_that_deletes_itself_has_an_end(ends):
    found = record(kv({"secret": "s"}, deletion_time=ends), 500.0, None, today=1767225600.0)
    assert found.not_after == pytest.approx(600.0)


@pytest.mark.parametrize("fields", [None, "text", ["x"]])
def test_what_is_not_kv_version_2_is_a_mistake(fields):
    with pytest.raises(Misconfigured):
        record(kv(fields), 0.0, None)


def test_what_is_kv_version_1_is_a_mistake():
    with pytest.raises(Misconfigured):
        record(said(200, {"data": {"id": "svc", "secret": "s"}}), 0.0, None)


def test_another_version_than_the_one_asked_for_is_refused():
    assert record(kv({}), 0.0, 3).version == "3"
    with pytest.raises(Misconfigured):
        record(kv({}), 0.0, 2)


@pytest.mark.parametrize(
    "body", [{"data": []}, {"data": {"data": {}, "metadata": []}}, {"data": {"data": {}, "metadata": {"version": "3"}}}]
)
def test_nonsense_is_refused(body):
    with pytest.raises(SecretError):
        record(said(200, body), 0.0, None)

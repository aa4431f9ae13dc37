"""What an answer of the server means: pure functions.

    200                        a record, unless the mount is not KV version 2
    404, metadata, no data     deleted or destroyed
    404, no errors             never written
    404, errors or warnings    wrong mount, engine or namespace
    403                        policy, or a dead token: `session` finds out
    400, 405, 415              a question that makes no sense there
    429                        too many questions; the server says `Retry-After: 0`, so we keep a floor
    503                        sealed, or not initialised yet (501)
    anything else              not now

A 403 or a 404 that is not in the server's own JSON came from something in between, and says nothing
about the record.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from ostiary.model import Secret
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
from ostiary.vault.record import SecretRecord

FLOOR: Final = 2.0  # least pause after a 429, in seconds


def record(reply: Reply, asked: float, pinned: int | None, *, today: float | None = None) -> SecretRecord:
    """Return the record in an answer.

    Args:
        reply: the answer.
        asked: when the question was sent, seconds on the monotonic clock.
        pinned: the version that was asked for, or None.
        today: the wall clock, seconds since the epoch; now by default.

    Raises:
        SecretError: there is none.
    """
    if reply.status != HTTPStatus.OK or not reply.spoken:
        raise refusal(reply)
    data = _object(reply.body.get("data"))
    fields, facts = data.get("data"), _object(data.get("metadata"))
    version = facts.get("version")
    if not isinstance(fields, Mapping) or not isinstance(version, int):
        raise Misconfigured("the answer is not that of a KV version 2 engine")
    if pinned not in (None, version):
        raise Misconfigured(f"version {pinned} was asked for, version {version} was answered")
    ends = _lasts(facts.get("deletion_time"), time.time() if today is None else today)
    texts = {name: Secret(value) for name, value in fields.items() if isinstance(value, str)}
    return SecretRecord(texts, str(version), asked, None if ends is None else asked + ends)


def content(reply: Reply) -> Mapping[str, Any]:
    """Return what an answer of any engine holds.

    Raises:
        SecretError: nothing.
    """
    data = reply.body.get("data")
    if reply.status != HTTPStatus.OK or not isinstance(data, Mapping):
        raise refusal(reply)
    return data


def done(reply: Reply) -> Reply:
    """Return an answer that says that something was done, with or without words.

    Raises:
        SecretError: it was not.
    """
    if reply.status == HTTPStatus.NO_CONTENT or (reply.status == HTTPStatus.OK and reply.spoken):
        return reply
    raise refusal(reply)


def refusal(reply: Reply) -> SecretError:
    """Return what an answer without a record means."""
    said = f"the vault answered {reply.status}"
    match reply.status:
        case HTTPStatus.NOT_FOUND if reply.spoken:
            return _absent(reply)
        case HTTPStatus.FORBIDDEN if reply.spoken:
            return AccessDenied(f"{said}: no permission")
        case HTTPStatus.BAD_REQUEST | HTTPStatus.METHOD_NOT_ALLOWED | HTTPStatus.UNSUPPORTED_MEDIA_TYPE if reply.spoken:
            return Misconfigured(said)
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Throttled(said, retry_after=max(reply.retry_after or 0.0, FLOOR))
        case HTTPStatus.SERVICE_UNAVAILABLE | HTTPStatus.NOT_IMPLEMENTED:
            return Sealed(f"{said}: sealed, or not ready", retry_after=reply.retry_after)
    return Unavailable(said, retry_after=reply.retry_after)


def _absent(reply: Reply) -> SecretError:
    facts = _object(_object(reply.body.get("data")).get("metadata"))
    if facts:
        what = "destroyed" if facts.get("destroyed") else "deleted"
        return Destroyed(f"version {facts.get('version')} was {what}")
    if reply.body.get("errors") or reply.body.get("warnings"):
        return Misconfigured("there is no such engine at this mount, or no such namespace")
    return NotFound("there is no such record")


def _lasts(deletion_time: object, today: float) -> float | None:
    """Return how many seconds a version has left before the server deletes it (RFC 3339), or None."""
    if not isinstance(deletion_time, str) or not deletion_time:
        return None
    try:
        return max(0.0, datetime.fromisoformat(deletion_time).timestamp() - today)
    except ValueError:
        return None


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}

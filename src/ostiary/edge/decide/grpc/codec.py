"""CheckRequest -> Check, and what it is answered with -> CheckResponse; the same for a question after our health."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ostiary.edge.decide.grpc.changes import Change, Changes
from ostiary.edge.decide.grpc.check import Check
from ostiary.edge.decide.grpc.messages import (
    CheckRequest,
    CheckResponse,
    DecodeError,
    HealthCheckRequest,
    HealthCheckResponse,
)
from ostiary.edge.decide.grpc.status import CallFailed, code_of
from ostiary.grpc import Code
from ostiary.model import Headers

AUTHORIZATION: Final = b"envoy.service.auth.v3.Authorization"
_SERVING: Final = 1
_APPEND, _OVERWRITE = 0, 2


def decode(content: bytes) -> Check:
    """Return what a CheckRequest says. What is missing is empty.

    Raises:
        CallFailed: it is none, or says the same thing in two ways.
    """
    message = _parsed(CheckRequest, content)
    source, http = message.attributes.source, message.attributes.request.http
    pairs, raw = _pairs(http.headers), _pairs(http.header_map.headers)
    if pairs and raw:
        raise CallFailed(Code.INVALID_ARGUMENT, "header fields are told in two ways")
    address = source.address
    place = b"unix:" if address.HasField("pipe") else address.socket_address.address
    told = (http.method, http.path, http.host, http.scheme)
    return Check(*told, place, source.certificate, raw or pairs, raw=bool(raw))


def _parsed(kind: Any, content: bytes) -> Any:
    try:
        return kind.FromString(content)
    except DecodeError:
        raise CallFailed(Code.INTERNAL, f"the message is no {kind.DESCRIPTOR.name}") from None


def _pairs(fields: Iterable[Any]) -> list[tuple[bytes, bytes]]:
    return [(one.key, one.raw_value or one.value) for one in fields]


def allowed(changes: Changes) -> bytes:
    """Return the answer that lets a request pass, with what has to change in its head."""
    response = CheckResponse()
    response.status.code = Code.OK
    ok = response.ok_response
    for change in changes.written:
        _write(ok.headers, change)
    ok.headers_to_remove.extend(changes.removed)
    octets: bytes = response.SerializeToString()
    return octets


def denied(status: int, headers: Headers, body: bytes) -> bytes:
    """Return the answer that refuses a request, with what the caller is told."""
    response = CheckResponse()
    response.status.code = code_of(status)
    refusal = response.denied_response
    refusal.status.code = status
    seen: set[bytes] = set()
    for name, folded, value in headers.fields:
        _write(refusal.headers, Change(name.lower(), value, first=folded not in seen))
        seen.add(folded)
    refusal.body = body
    octets: bytes = response.SerializeToString()
    return octets


def _write(options: Any, change: Change) -> None:
    option = options.add()
    option.header.key = change.name
    option.header.value = change.value
    option.append_action = _OVERWRITE if change.first else _APPEND


def health(content: bytes) -> bytes:
    """Return the answer to grpc.health.v1.Health/Check: whoever answers serves.

    Raises:
        CallFailed: it is no such message, or about a service that is not here.
    """
    asked = _parsed(HealthCheckRequest, content).service
    if asked not in (b"", AUTHORIZATION):
        raise CallFailed(Code.NOT_FOUND, "there is no such service here")
    octets: bytes = HealthCheckResponse(status=_SERVING).SerializeToString()
    return octets

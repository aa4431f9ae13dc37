"""What a caller is told when his request is refused: a problem document, or the fields that end a call of gRPC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ostiary.errors import GatewayError
from ostiary.grpc import is_call, refusal_code
from ostiary.model import Headers, Record, Request
from ostiary.problem import render, render_call


class Refused(Protocol):
    """What is known of a request that is refused.

    Attributes:
        calls: the caller speaks gRPC; known only of a head that was refused, otherwise see `request`.
    """

    id: str
    method: str
    record: Record
    request: Request | None
    calls: bool


def refusal(error: GatewayError, refused: Refused, *, verdict: bool) -> tuple[int, Headers, bytes]:
    """Return status, fields and content of the answer; the request's id is the edge's to add.

    Args:
        error: why.
        refused: what.
        verdict: whoever has asked is a proxy that lets its caller pass on 200, which is what calls of gRPC end with.
    """
    challenges: Sequence[str] = refused.record.challenges
    if (
        not verdict
        and refused.method == "POST"
        and (refused.calls or (refused.request is not None and _calls(refused.request)))
    ):
        status, headers, content = 200, render_call(error, refused.id, challenges), b""
        refused.record.called = refusal_code(error.status)
    else:
        status, headers, content = render(error, refused.id, challenges)
    headers.fields = [field for field in headers.fields if field[1] != b"x-request-id"]
    return status, headers, content


def _calls(request: Request) -> bool:
    return is_call(request.headers.get(b"content-type"))

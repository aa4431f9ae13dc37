"""How a request that was not forwarded is answered: problem documents (RFC 9457) and challenges.

Callers of gRPC read no documents: they are told the same in the fields that end a call (docs/adr/0040).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

from ostiary.errors import GatewayError, InvalidProof, MethodNotAllowed, TooManyRequests, Unauthenticated
from ostiary.grpc import CONTENT_TYPE, refusal_code, trailers
from ostiary.model import Headers
from ostiary.reasons import Reason

_OF_DOCUMENTS: Final = frozenset({b"content-type", b"cache-control"})


def render(error: GatewayError, request_id: str, challenges: Sequence[str] = ()) -> tuple[int, Headers, bytes]:
    """Return status, headers and content for an error.

    What the caller reads is the class's title and the reason's public sentence; the detail is for the log.

    Args:
        error: what the request ended with.
        request_id: by which the log can be asked.
        challenges: of the route, for `WWW-Authenticate` (RFC 9110, section 11.6.1).
    """
    document = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.reason.public,
        "reason": error.reason.value,
        "request_id": request_id,
    }
    content = json.dumps(document).encode() + b"\n"
    return error.status, Headers.of(list(_headers(error, request_id, challenges))), content


def render_call(error: GatewayError, request_id: str, challenges: Sequence[str] = ()) -> Headers:
    """Return the fields that refuse a call of gRPC: its whole answer ("Trailers-Only"), with status 200.

    Whatever else a problem's head says is said here, too: challenges, nonces, when to come again.

    Args:
        error: what the call ended with.
        request_id: by which the log can be asked.
        challenges: of the route.
    """
    fields = [(b"Content-Type", CONTENT_TYPE), *trailers(refusal_code(error.status), error.reason.public)]
    fields.append((b"Ostiary-Reason", error.reason.value.encode()))
    if error.retry_after is not None:  # where the caller has a policy for calling again (gRFC A6)
        fields.append((b"Grpc-Retry-Pushback-Ms", b"%d" % (error.retry_after * 1000)))
    said = (field for field in _headers(error, request_id, challenges) if field[0].lower() not in _OF_DOCUMENTS)
    return Headers.of([*fields, *said])


def _headers(error: GatewayError, request_id: str, challenges: Sequence[str]) -> Iterator[tuple[bytes, bytes]]:
    yield b"Content-Type", b"application/problem+json"
    yield b"Cache-Control", b"no-store"
    yield b"X-Request-Id", request_id.encode()
    if isinstance(error, Unauthenticated):
        for challenge in challenges:
            yield b"WWW-Authenticate", _challenge(error, challenge).encode("ascii", "replace")
    if error.reason is Reason.SCOPE_MISSING:
        for challenge in challenges:
            if challenge.startswith(("Bearer", "DPoP")):
                yield b"WWW-Authenticate", f'{challenge}, error="insufficient_scope"'.encode("ascii", "replace")
    if isinstance(error, InvalidProof) and error.nonce is not None:
        yield b"DPoP-Nonce", error.nonce.encode()
    if isinstance(error, TooManyRequests):
        yield from ((name.encode(), value.encode()) for name, value in error.fields)
    if isinstance(error, MethodNotAllowed) and error.allow:
        yield b"Allow", ", ".join(error.allow).encode()
    if error.retry_after is not None:
        yield b"Retry-After", str(error.retry_after).encode()


def _challenge(error: Unauthenticated, challenge: str) -> str:
    """Return a challenge; that of a token's scheme says what was wrong (RFC 6750, section 3; RFC 9449, section 7.1)."""
    schemes = ("DPoP",) if isinstance(error, InvalidProof) else ("Bearer", "DPoP")
    if error.error is None or not challenge.startswith(schemes):
        return challenge
    code = "use_dpop_nonce" if isinstance(error, InvalidProof) and error.nonce is not None else error.error
    return f'{challenge}, error="{code}", error_description="{error.reason.public}"'

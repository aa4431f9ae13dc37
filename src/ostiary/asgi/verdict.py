"""What the pipeline says of one request, and what the application is to be shown of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ostiary.asgi.rights import Auth, User
from ostiary.edge.asgi.handler import Scope
from ostiary.edge.decide.permit import Hearing
from ostiary.errors import GatewayError, InternalError
from ostiary.gateway import Decisions
from ostiary.model import Flow, Headers, Permit, Record, Tunnel, fold
from ostiary.reasons import Reason
from ostiary.upstream.headers import PRETENCE, PRETENCES, Passing

SCOPE: Final = "ostiary"
"""Where the application finds the permit."""

_PRETENCE: Final = PRETENCE | {b"proxy", b"proxy-authorization"}
"""With these a caller would be judged by one path, method or name, and carried out by another."""


class Verdict(Hearing):
    """A permit with what is to be written into the head, or an error; keeps `model.Answer`.

    Args:
        record: what the log will say.

    Attributes:
        headers: what the permit comes with, every header that the policy owns.
        error: what the request ends with, or None when it was permitted.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self.headers = Headers()
        self.error: GatewayError | None = InternalError("nothing was decided")

    def start(self, status: int, headers: Headers, length: int | None, source: Flow) -> None:  # noqa: ARG002 - contract
        """Take the permit."""
        if self.permit is not None:
            self._record.reason = Reason.ALLOWED
            self.headers, self.error = headers, None

    def fail(self, error: GatewayError) -> None:
        """Take the refusal."""
        self._record.reason, self._record.detail = error.reason, error.detail
        self.permit, self.error = None, error

    def inform(self, status: int, headers: Headers) -> None:
        """Nothing comes before a verdict."""

    def switch(self, protocol: bytes, headers: Headers, tunnel: Tunnel) -> None:
        """Nothing is forwarded, so nothing changes its protocol."""
        raise NotImplementedError

    def write(self, data: bytes) -> None:
        """A verdict has no content."""

    def flush(self) -> None:
        """Nothing is held back."""

    def finish(self, trailers: Headers | None = None) -> None:
        """It is complete."""


class Showing:
    """What the application is shown: the head without what callers pretend with, and with what the policy writes.

    Args:
        decisions: of the gateway.
        observe: change nothing but that nobody can speak in the gateway's name.
    """

    def __init__(self, decisions: Decisions, *, observe: bool) -> None:
        self._owned = frozenset(fold(name) for name in decisions.owned)
        evidence = decisions.evidence | {b"authorization", b"cookie"}
        self._observe = observe
        self._passing = Passing(self._owned - evidence) if observe else Passing(self._owned | _PRETENCE, PRETENCES)

    def scope(self, scope: Scope, verdict: Verdict, id: str) -> dict[str, Any]:  # noqa: A002 - the word of the house
        """Return the scope for the application; `id` is the request's."""
        headers = [(name, value) for name, value in scope["headers"] if self._passing.lets(fold(name))]
        if self._observe:
            return {**scope, "headers": headers, SCOPE: verdict.permit}
        headers += [*self._written(verdict.headers), (b"x-request-id", id.encode())]
        return {**scope, "headers": headers, **_told(verdict.permit)}

    def _written(self, headers: Headers) -> Sequence[tuple[bytes, bytes]]:
        return [(name.lower(), value) for name, folded, value in headers.fields if folded in self._owned and value]


def _told(permit: Permit | None) -> Mapping[str, Any]:
    assert permit is not None  # noqa: S101 - nothing else is shown to an application
    return {SCOPE: permit, "user": User(permit.principal), "auth": Auth(permit.principal)}

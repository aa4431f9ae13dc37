"""The answer to a proxy that asks a second time, because it lost the body of a refusal. It cannot say yes.

The first answer says what the refusal was (`REFUSAL`), and the proxy says it again when it asks for the whole of it:
any worker, and the next process, can tell it then. Evidence that may be shown once (RFC 9449, section 11.1) would be
refused for another reason now. What the proxy does not say again is decided once more.

Between the two asks a token may have been renewed or a key found. What is allowed by now is told to try again: a
permit here would reach the caller, with the credential in it.
"""

from __future__ import annotations

from typing import Final

from ostiary.edge.decide.permit import STILL
from ostiary.edge.decide.refusal import Refusal
from ostiary.errors import DecisionChanged, GatewayError
from ostiary.model import Answer, Flow, Headers, Record, Request, Tunnel

REFUSAL: Final = b"Ostiary-Refusal"
"""In the first answer what the refusal was, in the second ask the same: for the proxy only, and its alone to say."""

_REFUSED: Final = 403  # besides 401 the only one that nginx passes on without a word


class OnlyRefusals:
    """An answer that passes refusals on, and nothing else; keeps `model.Answer`.

    Args:
        answer: the answer to the ask.
        record: what the log will say of it.
    """

    __slots__ = ("_answer", "_record")

    def __init__(self, answer: Answer, record: Record) -> None:
        self._answer = answer
        self._record = record

    def start(self, status: int, headers: Headers, length: int | None, source: Flow) -> None:  # noqa: ARG002 - contract
        """Say that the decision has changed; what was to be said is dropped."""
        self._record.upstream_answered = 0.0  # nothing was allowed
        self._answer.fail(DecisionChanged("an explanation was asked for what is allowed by now", retry_after=1))

    def fail(self, error: GatewayError) -> None:
        """End with a problem."""
        self._answer.fail(error)

    def inform(self, status: int, headers: Headers) -> None:
        """Say nothing."""

    def switch(self, protocol: bytes, headers: Headers, tunnel: Tunnel) -> None:
        """Say nothing."""

    def write(self, data: bytes) -> None:
        """Say nothing."""

    def flush(self) -> None:
        """Say nothing."""

    def finish(self, trailers: Headers | None = None) -> None:
        """Say nothing: it has ended."""


def refuse_briefly(request: Request, error: GatewayError, answer: Answer) -> None:
    """Refuse with 403 and no content, whatever it is, and say beside it what it is."""
    record = request.record
    told = Refusal.of(error, request.id, record).written()
    answer.start(_REFUSED, Headers.of([(REFUSAL, told), (b"Cache-Control", b"no-store")]), 0, STILL)
    record.reason, record.detail = error.reason, error.detail
    answer.finish()


def tell_again(said: str, record: Record) -> None:
    """Raise the error of a refusal that is said again; return when nothing is said, or nothing that we would have."""
    refusal = Refusal.read(said)
    if refusal is not None:
        record.route, record.challenges = refusal.route, refusal.challenges
        raise refusal.error()

"""The answer to a proxy that asks a second time, because it lost the body of a refusal. It cannot say yes.

Between the two asks a token may have been renewed or a key found. What is allowed by now is told to try again: a
permit here would reach the caller, with the credential in it.
"""

from __future__ import annotations

from ostiary.errors import DecisionChanged, GatewayError
from ostiary.model import Answer, Flow, Headers, Record, Tunnel


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

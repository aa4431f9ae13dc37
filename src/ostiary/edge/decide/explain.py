"""The answer to a proxy that asks a second time, because it lost the body of a refusal. It cannot say yes.

A refusal is remembered for that: evidence that may be shown once (RFC 9449, section 11.1) would be refused for another
reason now. What is not remembered, because another worker has said it, is decided once more.

Between the two asks a token may have been renewed or a key found. What is allowed by now is told to try again: a
permit here would reach the caller, with the credential in it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

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


_MOST: Final = 1024


class Refusal(NamedTuple):
    """What a request was refused with.

    Attributes:
        error: why.
        route: that it was on, or None.
        challenges: of that route.
    """

    error: GatewayError
    route: str | None
    challenges: tuple[str, ...]


class Refusals:
    """The last refusals, by the ids of their asks; each is told once."""

    def __init__(self) -> None:
        self._known: dict[str, Refusal] = {}

    def note(self, id: str, error: GatewayError, record: Record) -> None:  # noqa: A002 - the word of the house
        """Remember one."""
        if len(self._known) >= _MOST:
            del self._known[next(iter(self._known))]  # the oldest
        self._known[id] = Refusal(error, record.route, record.challenges)

    def tell(self, id: str, record: Record) -> None:  # noqa: A002 - the word of the house
        """Raise the error of a refusal that is remembered; return when none is."""
        known = self._known.pop(id, None)
        if known is not None:
            record.route, record.challenges = known.route, known.challenges
            raise known.error

"""A refusal as a value that a proxy can hold for a moment: everything that its caller may read, and nothing else.

It is not signed: who can say it to a decision listener is a proxy, which could tell its callers anything. It cannot
permit, and what is read from it is checked as far as it goes into an answer.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from ostiary.errors import GatewayError, InvalidProof, MethodNotAllowed, TooManyRequests
from ostiary.model import Record
from ostiary.reasons import Reason

_LONGEST: Final = 4096
_PLAIN: Final = re.compile(r"[\x20-\x7e]*")  # what a field may hold, and no end of a line (RFC 9110, section 5.5)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_NEVER: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a request was refused with.

    Attributes:
        kind: the name of the error's class.
        reason: a word of the closed vocabulary.
        id: of the request, whose line in the log has the detail.
        route: that it was on, or None.
        challenges: of that route.
        retry_after: seconds, or None.
        nonce: what the caller's next proof has to have, or None (RFC 9449, section 9).
        allow: methods that there are.
        fields: how often the caller may ask, as its answer says that.
    """

    kind: str
    reason: str
    id: str
    route: str | None
    challenges: tuple[str, ...]
    retry_after: int | None
    nonce: str | None
    allow: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, error: GatewayError, id: str, record: Record) -> Self:  # noqa: A002 - the word of the house
        """Return what is to be told of an error."""
        kind = next(one.__name__ for one in type(error).__mro__ if _KINDS.get(one.__name__) is one)
        nonce = error.nonce if isinstance(error, InvalidProof) else None
        allow = error.allow if isinstance(error, MethodNotAllowed) else ()
        fields = error.fields if isinstance(error, TooManyRequests) else ()
        reason = error.reason.value
        return cls(kind, reason, id, record.route, record.challenges, error.retry_after, nonce, allow, fields)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return what `written` has written, or None."""
        try:
            fields = json.loads(urlsafe_b64decode(text[:_LONGEST] + "=="))
            several = {name: tuple(fields[name]) for name in ("challenges", "allow")}
            found = cls(**{**fields, **several, "fields": tuple((name, value) for name, value in fields["fields"])})
            return found if found._whole() else None
        except (ValueError, TypeError, KeyError, RecursionError):
            return None

    def written(self) -> bytes:
        """Return it as the value of a field."""
        return urlsafe_b64encode(json.dumps(asdict(self), separators=(",", ":")).encode()).rstrip(b"=")

    def error(self) -> GatewayError:
        """Return an error whose answer is the same."""
        kind, detail = _KINDS[self.kind], f"as request {self.id} was refused"
        if issubclass(kind, InvalidProof):
            return kind(detail, reason=_REASONS[self.reason], nonce=self.nonce)
        if issubclass(kind, TooManyRequests):
            return kind(detail, reason=_REASONS[self.reason], retry_after=self.retry_after, fields=self.fields)
        if issubclass(kind, MethodNotAllowed):
            return kind(detail, allow=self.allow)
        return kind(detail, reason=_REASONS[self.reason], retry_after=self.retry_after)

    def _whole(self) -> bool:
        maybe = [one for one in (self.route, self.nonce) if one is not None]
        texts: list[Any] = [self.id, *maybe, *self.challenges, *self.allow, *(value for _, value in self.fields)]
        plain = all(isinstance(one, str) and _PLAIN.fullmatch(one) for one in texts)
        named = all(isinstance(name, str) and _NAME.fullmatch(name) for name, _ in self.fields)
        timely = self.retry_after is None or (type(self.retry_after) is int and 0 <= self.retry_after < _NEVER)
        return plain and named and timely and self.kind in _KINDS and self.reason in _REASONS


def _below(kind: type[GatewayError]) -> Iterator[type[GatewayError]]:
    yield kind
    for one in kind.__subclasses__():
        if one.__module__ == kind.__module__:
            yield from _below(one)


_KINDS: Final = {one.__name__: one for one in _below(GatewayError)}
_REASONS: Final = {one.value: one for one in Reason}

"""The caller is one of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ostiary.errors import Forbidden
from ostiary.model import Principal, Request
from ostiary.reasons import Reason


@dataclass(frozen=True, slots=True)
class SubjectRule:
    """The principal's subject is one of the accepted ones, to the letter."""

    lasting: ClassVar[bool] = True
    accepted: frozenset[str]

    def check(self, principal: Principal, request: Request) -> None:  # noqa: ARG002 - the contract of a rule
        """Return when the condition holds, or raise Forbidden."""
        if principal.subject not in self.accepted:
            raise Forbidden(f"subject {principal.subject[:64]!r}", reason=Reason.SUBJECT_NOT_ALLOWED)

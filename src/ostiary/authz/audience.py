"""The token is meant for one of these audiences (RFC 7519, section 4.1.3), more narrowly than its issuer's are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ostiary.errors import Forbidden
from ostiary.model import Principal, Request
from ostiary.reasons import Reason


@dataclass(frozen=True, slots=True)
class AudienceRule:
    """The principal's `aud` holds one of the accepted audiences."""

    lasting: ClassVar[bool] = True
    accepted: frozenset[str]

    def check(self, principal: Principal, request: Request) -> None:  # noqa: ARG002 - the contract of a rule
        """Return when the condition holds.

        Raises:
            Forbidden: the token names others, or the principal came without a token.
        """
        if self.accepted.isdisjoint(_named(principal.claims.get("aud"))):
            raise Forbidden("aud names none of the accepted", reason=Reason.AUDIENCE_NOT_ALLOWED)


def _named(audience: Any) -> list[str]:
    if isinstance(audience, str):
        return [audience]
    return [one for one in audience if isinstance(one, str)] if isinstance(audience, list) else []

"""The caller belongs to one of these tenants, or one of these environments.

A claim that is not text made no tenant when the principal was made; it is missing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ostiary.errors import Forbidden
from ostiary.model import Principal, Request
from ostiary.reasons import Reason


@dataclass(frozen=True, slots=True)
class TenantRule:
    """The principal's tenant is one of the accepted ones."""

    lasting: ClassVar[bool] = True
    accepted: frozenset[str]

    def check(self, principal: Principal, request: Request) -> None:  # noqa: ARG002 - the contract of a rule
        """Return when the condition holds, or raise Forbidden."""
        if principal.tenant is None:
            raise Forbidden("no tenant", reason=Reason.TENANT_MISSING)
        if principal.tenant not in self.accepted:
            raise Forbidden(f"tenant {principal.tenant[:64]!r}", reason=Reason.TENANT_MISMATCH)


@dataclass(frozen=True, slots=True)
class EnvironmentRule:
    """The principal's environment is one of the accepted ones."""

    lasting: ClassVar[bool] = True
    accepted: frozenset[str]

    def check(self, principal: Principal, request: Request) -> None:  # noqa: ARG002 - the contract of a rule
        """Return when the condition holds, or raise Forbidden."""
        if principal.environment is None:
            raise Forbidden("no environment", reason=Reason.ENVIRONMENT_MISSING)
        if principal.environment not in self.accepted:
            raise Forbidden(f"environment {principal.environment[:64]!r}", reason=Reason.ENVIRONMENT_MISMATCH)

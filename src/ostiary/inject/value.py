"""Write one value where it belongs: a parameter of the query, a cookie. Whose value it is makes two injectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from ostiary.config.oauth import OnReject
from ostiary.inject.encoded import Written
from ostiary.inject.template import Template
from ostiary.model import Outbound

Put: TypeAlias = Callable[[Outbound, bytes], None]
"""Writes a value in place of the caller's, or raises BadRequest where that can be read in two ways."""


@dataclass(frozen=True, slots=True)
class SecretValue:
    """Writes a credential's secret.

    Attributes:
        put: where.
        credential: what.
        on_reject, reject_status: what an answer means by which the upstream says no.
        owns: headers that it writes alone: none.
    """

    put: Put
    credential: Written
    on_reject: OnReject = "ignore"
    reject_status: tuple[int, ...] = (401,)
    owns: frozenset[bytes] = field(default=frozenset(), init=False)

    async def inject(self, outbound: Outbound) -> None:
        """Write.

        Raises:
            CredentialUnavailable: there is no credential, or its secret cannot stand there.
            BadRequest: what the caller sent can be read in two ways.
        """
        self.put(outbound, await self.credential.octets(outbound))


@dataclass(frozen=True, slots=True)
class TextValue:
    """Writes text about the caller.

    Attributes:
        put: where.
        template: what.
        spell: writes any text so that it can stand there, and stands for this text only.
        owns: headers that it writes alone: none.
    """

    put: Put
    template: Template
    spell: Callable[[str], str]
    owns: frozenset[bytes] = field(default=frozenset(), init=False)

    async def inject(self, outbound: Outbound) -> None:
        """Write.

        Raises:
            Forbidden: a value cannot be passed on safely.
            BadRequest: what the caller sent can be read in two ways.
        """
        self.put(outbound, self.spell(self.template.fill(outbound, str)).encode())

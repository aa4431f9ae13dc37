"""Credentials of callers: one alias, a record for each tenant or subject.

    credentials:
      crm: {vault: corporate, path: "tenants/{principal.tenant}/crm"}

What is filled in was verified, and is held to letters, digits, `.`, `_` and `-`, with no `.` in front: no value
can reach a record beside its own. A place is the only one of its segment, so two callers have one path only when
their values are the same. A bounded number of records is in memory; the one not used for longest goes first.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Final, Protocol

from ostiary.errors import ConfigError, Forbidden
from ostiary.inject.template import Place, Template, compile_template
from ostiary.model import CredentialSource, Outbound, Principal
from ostiary.reasons import Reason

MOST: Final = 1024  # records of one alias in memory
_VALUE: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")


class Member(CredentialSource, Protocol):
    """The credential in one record."""

    def release(self) -> None:
        """Let go of the record."""


class Records(Protocol):
    """A vault, as far as it is needed here."""

    def member(self, path: str) -> Member:
        """Return the credential in a record."""


class EachCredential:
    """Where the credentials of callers come from; an encoded.Each.

    Args:
        alias: its name in the configuration.
        path: the path of a record, with places.
        records: where the records are.
        most: how many are kept in memory.
    """

    def __init__(self, alias: str, path: Template, records: Records, most: int = MOST) -> None:
        self.alias = alias
        self._path = path
        self._records = records
        self._most = most
        self._members: OrderedDict[str, Member] = OrderedDict()
        self._seen: dict[int, tuple[Principal, str]] = {}

    def __len__(self) -> int:
        return len(self._members)

    @property
    def name(self) -> str:
        """What it is known by from one configuration to the next."""
        return self.alias

    async def start(self) -> None:
        """Nothing is fetched before a caller comes."""

    async def aclose(self) -> None:
        """The vault closes what it holds."""

    def inherit(self, previous: EachCredential) -> None:
        """Want what the one before wanted, so that the vault hands on its records. Before the vault's own `inherit`."""
        if previous._path == self._path:
            for path in previous._members:
                self.at(path)

    def of(self, outbound: Outbound) -> Member:
        """Return where the credential for a caller comes from.

        Raises:
            Forbidden: something to be filled in is missing, or is no name (reason `credential.not-for-caller`).
        """
        principal = outbound.permit.principal
        seen = self._seen.get(id(principal))  # a verified token has one principal for as long as it is remembered
        if seen is None or seen[0] is not principal:
            if len(self._seen) >= self._most:
                self._seen.clear()
            seen = self._seen[id(principal)] = principal, self.path(outbound)
        return self.at(seen[1])

    def at(self, path: str) -> Member:
        """Return the credential in a record."""
        member = self._members.get(path)
        if member is not None:
            self._members.move_to_end(path)
            return member
        if len(self._members) >= self._most:
            self._members.popitem(last=False)[1].release()
        member = self._members[path] = self._records.member(path)
        return member

    def path(self, outbound: Outbound) -> str:
        """Return the path of a caller's record."""
        return "".join(part if isinstance(part, str) else self._value(part, outbound) for part in self._path.parts)

    def _value(self, place: Place, outbound: Outbound) -> str:
        value = place.look(outbound)
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise Forbidden(
                f"credential {self.alias}: {{{place.name}}} is missing, or no name of a record",
                reason=Reason.CREDENTIAL_NOT_FOR_CALLER,
            )
        return value


def compile_each(alias: str, path: str, records: Records) -> EachCredential:
    """Return where the credentials of callers come from.

    Raises:
        ConfigError: a place that is not about who was verified, two in one segment, or a path that the vault
            cannot have.
    """
    template = compile_template(path)
    for part in template.parts:
        if isinstance(part, Place) and not part.name.startswith("principal."):
            raise ConfigError(f"credential {alias}: {{{part.name}}}: only what was verified leads to a credential")
    if any(segment.count("{") > 1 for segment in path.split("/")):
        raise ConfigError(f"credential {alias}: two places in one segment: two callers could have one path")
    sample = "".join(part if isinstance(part, str) else "x" for part in template.parts)
    records.member(sample).release()
    return EachCredential(alias, template, records)

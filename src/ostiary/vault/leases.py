"""What the vault has lent us, until it is given back.

A record that was replaced is given back after a while, because requests may be under way with it; when
the gateway ends, all are, in bounded time. A reload hands leases on: the last who holds one gives it back.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import structlog

from ostiary.vault.errors import SecretError
from ostiary.vault.record import Lender, SecretRecord

log = structlog.get_logger("ostiary.vault")

PATIENCE: Final = 5.0  # seconds that giving back may take at the end


@dataclass(slots=True)
class Held:
    """A record that was lent, and how many generations of the gateway hold it."""

    record: SecretRecord
    holders: int = 1


class Leases:
    """The leases of one cache.

    Args:
        lender: whom they are given back to.
        linger: seconds that a record is kept after it was replaced.
    """

    def __init__(self, lender: Lender, linger: float) -> None:
        self._lender = lender
        self._linger = linger
        self._held: dict[str, Held] = {}
        self._leaving: dict[str, asyncio.Task[None]] = {}

    @property
    def count(self) -> int:
        """How many are held."""
        return len(self._held)

    def turn(self, before: SecretRecord | None, now: SecretRecord | None) -> None:
        """Take note that one record has come in the place of another."""
        old, new = _id(before), _id(now)
        if now is not None and new is not None:
            self._held.setdefault(new, Held(now)).record = now
        if before is not None and old is not None and old != new and old not in self._leaving:
            self._leaving[old] = asyncio.create_task(self._leave(old))

    def share(self, previous: Leases, record: SecretRecord) -> None:
        """Hold a record together with the generation before."""
        lease = _id(record)
        if lease is not None and (held := previous._held.get(lease)) is not None:
            held.holders += 1
            self._held[lease] = held

    async def aclose(self) -> None:
        """Give everything back, as far as that is possible in a few seconds."""
        for task in self._leaving.values():
            task.cancel()
        await asyncio.gather(*self._leaving.values(), return_exceptions=True)
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*(self._give_back(lease) for lease in tuple(self._held)))
        except TimeoutError:
            log.warning("leases not given back in time: they end by themselves", count=len(self._held))

    async def _leave(self, lease: str) -> None:
        await asyncio.sleep(self._linger)
        try:
            await self._give_back(lease)
        finally:
            self._leaving.pop(lease, None)

    async def _give_back(self, lease: str) -> None:
        """Give one back; who is cancelled within has not given it back, and it stays in the list."""
        held = self._held.get(lease)
        if held is None:
            return
        if held.holders == 1:
            await self._revoke(held.record)
        held.holders -= 1
        self._held.pop(lease, None)

    async def _revoke(self, record: SecretRecord) -> None:
        try:
            await self._lender.revoke(record)
            log.info("lease given back", version=record.version)
        except SecretError as error:
            log.warning(
                "lease not given back: it ends by itself",
                version=record.version,
                error=type(error).__name__,
                detail=str(error),
            )


def _id(record: SecretRecord | None) -> str | None:
    return None if record is None or record.lease is None else record.lease.id

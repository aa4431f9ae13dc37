"""Records, kept for as long as they may be used.

One fetch at a time for each record, however many requests want it, and no request that goes away
takes the fetch with it. The key is (path, version), never a field: a pair is always of one version.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Final

import structlog

from ostiary.vault.errors import SecretError, Unavailable, bare
from ostiary.vault.flight import fetch_or_renew
from ostiary.vault.freshness import (
    Policy,
    Remedy,
    State,
    Verdict,
    asked,
    failed,
    judge,
    outdated,
    patience,
    rejected,
    remedy,
    succeeded,
)
from ostiary.vault.leases import Leases
from ostiary.vault.record import Lender, Provider, SecretRecord

log = structlog.get_logger("ostiary.vault")

LOOK: Final = 0.1  # seconds between two looks for a change that the vault can show cheaply
TICK: Final = 0.5  # seconds between two looks at what must live through quiet times


class Slot:
    """The place of one record in the cache.

    Attributes:
        asked_at: when the vault was last asked because of a rejection, seconds on the monotonic clock.
        heard: called with every version that comes into use.
        holders: how many credentials are taken from it.
        rotations: how often another version came into use.
    """

    __slots__ = ("asked_at", "flight", "heard", "holders", "path", "recheck", "rotations", "state", "version")

    def __init__(self, path: str, version: int | None) -> None:
        self.path = path
        self.version = version
        self.state = State()
        self.flight: asyncio.Task[None] | None = None
        self.recheck: asyncio.Task[None] | None = None
        self.asked_at = float("-inf")
        self.heard: list[Callable[[SecretRecord], None]] = []
        self.holders = 0
        self.rotations = 0


class Cache:
    """The records of one vault.

    Args:
        vault: the vault's name, for the log.
        provider: whom to ask.
        policy: how long records are used.
        clock: the monotonic clock, in seconds.
        chance: spreads refreshes; 0.0 to 1.0.

    Attributes:
        fetches: how many fetches gave a record (True), and how many did not.
        seconds: how long all of them took together.
    """

    def __init__(
        self,
        vault: str,
        provider: Provider,
        policy: Policy,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.clock = clock
        self.fetches = {True: 0, False: 0}
        self.seconds = 0.0
        self._provider = provider
        self._policy = policy
        self._chance = chance
        self._slots: dict[tuple[str, int | None], Slot] = {}
        self._leases = Leases(provider, policy.linger) if isinstance(provider, Lender) else None
        self._keeper: asyncio.Task[None] | None = None
        self._look_at = 0.0
        self._changes = 0
        self._closed = False
        self._log = log.bind(vault=vault)

    def slot(self, path: str, version: int | None) -> Slot:
        """Return the place of a record; credentials that share a record share it."""
        slot = self._slots.setdefault((path, version), Slot(path, version))
        slot.holders += 1
        return slot

    def release(self, slot: Slot) -> None:
        """Let go of a record; the last who does makes room, and what was lent is given back."""
        slot.holders -= 1
        if slot.holders == 0:
            del self._slots[slot.path, slot.version]
            if self._leases is not None:
                self._leases.turn(slot.state.record, None)

    def inherit(self, previous: Cache) -> None:
        """Begin with another cache's records, as if something had been written to the vault since."""
        now = self.clock()
        for key, slot in self._slots.items():
            if (before := previous._slots.get(key)) is not None:
                slot.state = outdated(before.state, now)
                if self._leases and previous._leases and slot.state.record:
                    self._leases.share(previous._leases, slot.state.record)

    def peek(self, slot: Slot, now: float) -> SecretRecord | None:
        """Return the record when it is fresh; the path of nearly every request."""
        if now >= self._look_at:
            self._look(now)
        state = slot.state
        return state.record if now < state.life.due else None

    async def obtain(self, slot: Slot) -> SecretRecord | None:
        """Return a record that may be used, waiting for the vault only when there is none.

        Returns:
            The record, or None when none may be used: `slot.state` says why.
        """
        verdict = judge(slot.state, self.clock())
        if verdict is Verdict.REFUSE or self._closed:
            return None
        if verdict is not Verdict.USE:
            flight = self._fly(slot)
            if verdict is Verdict.FETCH:
                await asyncio.wait((flight,))  # a caller that is cancelled here leaves the flight alone
        state = slot.state
        return state.record if self.clock() < state.life.dead else None

    async def rejected(self, slot: Slot, used: str) -> bool:
        """Look for another version than the one that an upstream has rejected.

        The vault is asked once for all who ask here, and once more a moment later: what rotates a password
        tells the upstream and the vault one after the other.

        Returns:
            Whether there is another version now.
        """
        now = self.clock()
        if remedy(slot.state, used, now, self._policy) is Remedy.ASK and not self._closed:
            if slot.recheck is None:
                slot.recheck = asyncio.create_task(self._recheck(slot, used))
            await asyncio.wait((slot.recheck,))
        return remedy(slot.state, used, self.clock(), self._policy) is Remedy.OTHER

    async def aclose(self) -> None:
        """Stop fetching, and give back what was lent."""
        self._closed = True
        tasks = [self._keeper, *(task for slot in self._slots.values() for task in (slot.flight, slot.recheck))]
        ending = [task for task in tasks if task is not None]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        if self._leases is not None:
            await self._leases.aclose()

    def _look(self, now: float) -> None:
        self._look_at = now + LOOK
        if self._provider.changed():
            self._changes += 1
            for slot in self._slots.values():
                slot.state = outdated(slot.state, now)

    def _fly(self, slot: Slot) -> asyncio.Task[None]:
        if slot.flight is not None:
            return slot.flight
        flight = asyncio.create_task(self._fetch(slot))
        if not flight.done():  # a loop of somebody else's may run tasks at once
            slot.flight = flight
        return flight

    async def _fetch(self, slot: Slot) -> None:
        before, changes = slot.state, self._changes
        began = self.clock()
        try:
            record = await fetch_or_renew(self._provider, slot.path, slot.version, before, began)
        except SecretError as error:
            self._lost(slot, error)
            self._count(began, good=False)
        except Exception as error:  # noqa: BLE001 - a bug in a provider must not end the refreshing; its text may tell
            self._lost(slot, Unavailable(f"the vault's driver failed: {type(error).__name__}"))
            self._count(began, good=False)
        else:
            slot.state = succeeded(record, self._policy, self._chance())
            if changes != self._changes:  # something was written while we read: we may hold what was before
                slot.state = outdated(slot.state, self.clock())
            self._tell(slot, before)
            self._count(began, good=True)
        finally:
            slot.flight = None
            self._turn(before, slot.state)

    async def _recheck(self, slot: Slot, used: str) -> None:
        try:
            for pause in (patience(slot.asked_at, self.clock(), self._policy), self._policy.min_refetch):
                await asyncio.sleep(pause)
                slot.state = rejected(slot.state, used)
                await asyncio.wait((self._fly(slot),))
                if slot.state.record is None or slot.state.record.version != used:
                    break
        finally:
            slot.asked_at = self.clock()
            slot.state = asked(slot.state, used, slot.asked_at)
            slot.recheck = None

    def _turn(self, before: State, now: State) -> None:
        """See to it that what was made for us lives through quiet times, and that what was lent is given back."""
        if self._leases is not None:
            self._leases.turn(before.record, now.record)
        if now.record is not None and now.record.made and self._keeper is None and not self._closed:
            self._keeper = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        """Renew or replace in time what was made for us, whether somebody asks for it or not."""
        while True:
            await asyncio.sleep(TICK)
            now = self.clock()
            if now >= self._look_at:
                self._look(now)
            for slot in self._slots.values():
                record = slot.state.record
                if record is not None and record.made and judge(slot.state, now) is not Verdict.USE:
                    self._fly(slot)

    def _count(self, began: float, *, good: bool) -> None:
        self.fetches[good] += 1
        self.seconds += self.clock() - began

    def _lost(self, slot: Slot, error: SecretError) -> None:
        now = self.clock()
        slot.state = failed(slot.state, bare(error), now, negative_ttl=self._policy.negative_ttl, chance=self._chance())
        self._log.warning(
            "credential not fetched",
            path=slot.path,
            error=type(error).__name__,
            detail=str(error),
            served="the last copy" if now < slot.state.life.dead else "nothing",
        )

    def _tell(self, slot: Slot, before: State) -> None:
        record = slot.state.record
        if record is None:
            return
        if before.record is None or before.record.version != record.version:
            slot.rotations += before.record is not None
            self._log.info("credential version in use", path=slot.path, version=record.version)
            for hear in slot.heard:
                hear(record)
        elif before.failure is not None:
            self._log.info("vault answers again", path=slot.path, version=record.version)

"""What counts once: known here first, and then at every gateway.

What was used at this gateway is refused without asking anybody. What is new here is asked for elsewhere before it is
noted, so that whoever could not be judged may try again.
"""

from __future__ import annotations

from collections.abc import Callable

from ostiary.authn.memory import Memory, Use
from ostiary.authn.rehearsal import is_rehearsal
from ostiary.shared.marks import Marks


class Uses:
    """Remembers what was used.

    Args:
        clock: epoch seconds.
        memory: what the processes of a gateway remember together.
        marks: what several gateways know together, or None.
    """

    def __init__(self, clock: Callable[[], float], memory: Memory, marks: Marks | None = None) -> None:
        self._clock = clock
        self._memory = memory
        self._marks = marks

    async def use(self, mark: bytes, *, keep: float, before: float) -> Use:
        """Return whether something is new, and note that it is used now. A rehearsal notes nothing, and asks nobody.

        Args:
            mark: what; any octets.
            keep: seconds for which it could be used again.
            before: it cannot have been used before this moment, epoch seconds.

        Raises:
            SharedUnavailable: nobody can know now whether another gateway has seen it.
        """
        now = self._clock()
        until = now + keep
        if self._marks is None or is_rehearsal():
            return self._memory.use(mark, now=now, until=until, rehearsal=is_rehearsal())
        known = self._memory.use(mark, now=now, until=until, rehearsal=True)
        if known != "fresh":
            return known
        new = await self._marks.use(mark, keep=keep, before=before)
        here = self._memory.use(mark, now=now, until=until)
        return here if new else "seen"

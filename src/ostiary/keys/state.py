"""What is to be known of a ring from outside: for metrics, the status page and whoever waits for a rotation."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from ostiary.keys.errors import KeyRefused
from ostiary.keys.version import KeyVersion, lasts, published, signing

Operation: TypeAlias = Literal["sign", "unwrap"]
OPERATIONS: Final[tuple[Operation, ...]] = ("sign", "unwrap")


@dataclass(frozen=True, slots=True)
class RingState:
    """A ring at one moment. Times are seconds since the epoch.

    Attributes:
        version: the one that signs, or None.
        counts: how many versions there are, by what they do: sign, are published besides, or neither.
        begun: when the version that signs began, or None where its keeper does not tell.
        turn: when a newer version is to sign, or None.
        ends: until when something signs if nobody does anything, or None: without end.
    """

    version: KeyVersion | None
    counts: dict[str, int]
    begun: float | None
    turn: float | None
    ends: float | None


def state(versions: Sequence[KeyVersion], now: float, keep: float, pin: str | None) -> RingState:
    """Return how a ring stands; the arguments are those of `version.published`."""
    signer = signing(versions, now, pin)
    public = len(published(versions, now, keep, pin))
    counts = {"signs": int(signer is not None), "published": public, "idle": len(versions) - public}
    counts["published"] -= counts["signs"]
    order = -1 if signer is None else signer.order
    waiting = [one.begins for one in versions if one.enabled and one.begins > now and one.order > order]
    return RingState(
        version=signer,
        counts=counts,
        begun=None if signer is None or not signer.begins else signer.begins,
        turn=min(waiting, default=None) if pin is None else None,
        ends=None if signer is None else lasts(versions, now, pin),
    )


@dataclass(slots=True)
class Asked:
    """One kind of question to whoever keeps a key.

    Attributes:
        outcomes: how often there was an answer, and how often none.
        seconds: how long all took together.
    """

    outcomes: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    seconds: float = 0.0


class Tally:
    """What the keeper of a ring was asked."""

    def __init__(self) -> None:
        self.asked: dict[Operation, Asked] = {operation: Asked() for operation in OPERATIONS}

    @contextmanager
    def measured(self, operation: Operation) -> Iterator[None]:
        """Count what happens inside, and how long it takes; who went away meanwhile does not count."""
        began = time.perf_counter()
        try:
            yield
        except KeyRefused:  # somebody's token is not for us: that is an answer
            self._count(operation, began, good=True)
            raise
        except Exception:
            self._count(operation, began, good=False)
            raise
        self._count(operation, began, good=True)

    def _count(self, operation: Operation, began: float, *, good: bool) -> None:
        asked = self.asked[operation]
        asked.outcomes[good] += 1
        asked.seconds += time.perf_counter() - began

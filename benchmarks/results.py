"""Everything that one run has found out."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.measure import Sample
from benchmarks.memory import Held


@dataclass(frozen=True, slots=True)
class FirstSight:
    """A token that was never seen before.

    Attributes:
        raw: microseconds of CPU for the signature alone (ES256, `cryptography`).
        ours: for all that Ostiary does with it.
    """

    raw: float
    ours: float


@dataclass(slots=True)
class Results:
    """What was measured, and what was not.

    Attributes:
        samples: by workload, then by peer.
        held: idle connections, by peer.
        first_sight: of a token; None when Ostiary was not asked.
        left_out: by workload, then by peer: why there are no numbers. The workload "" stands for all.
        failed: something that should have worked did not.
    """

    samples: dict[str, dict[str, list[Sample]]] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    first_sight: FirstSight | None = None
    left_out: dict[str, dict[str, str]] = field(default_factory=dict)
    failed: bool = False

    def leave_out(self, workload: str, peer: str, reason: str) -> None:
        """Remember why a peer has no numbers for a workload."""
        self.left_out.setdefault(workload, {})[peer] = reason

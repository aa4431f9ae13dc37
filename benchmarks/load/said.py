"""What a load generator says in the end, and what one is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Said:
    """What a load generator says in the end.

    Attributes:
        requests: answered ones, whatever their status.
        p50, p99: until the answer is complete; seconds. They count from the last octet of the request written, or, at
            a fixed rate, from the moment at which it was due.
        refused: answers that were not 2xx or 3xx.
        broken: connections that failed, and answers that did not come in time.
    """

    requests: int
    p50: float
    p99: float
    refused: int
    broken: int


@dataclass(frozen=True, slots=True)
class Call:
    """How a load generator is started, and read.

    Attributes:
        name: for messages.
        command: program and arguments.
        environment: variables beside our own.
        read: from the file with its output to what that means.
    """

    name: str
    command: list[str]
    read: Callable[[Path], Said]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


def percentile(ordered: list[float], share: float) -> float:
    """Return the value that this share of an ordered, not empty list does not exceed (nearest rank)."""
    return ordered[max(0, math.ceil(round(share * len(ordered), 6)) - 1)]

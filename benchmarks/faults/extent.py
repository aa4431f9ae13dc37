"""How large a scenario is: as the figures are meant, or small enough for a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

Size = TypeVar("Size", int, float)


@dataclass(frozen=True, slots=True)
class Extent:
    """Full or quick.

    Attributes:
        quick: small and short.
        soak: seconds that the soak takes; by default ten minutes, or a few seconds where it is quick.
    """

    quick: bool = False
    soak: float | None = None

    def __call__(self, full: Size, quick: Size) -> Size:
        """Return the one of two sizes that is asked for."""
        return quick if self.quick else full

"""At least one of these, or every one of these."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ostiary.config.schema import SomeOf


@dataclass(frozen=True, slots=True)
class Wanted:
    """Names that are wanted.

    Attributes:
        names: the names; never empty.
        every: whether all of them are wanted, or one is enough.
    """

    names: frozenset[str]
    every: bool

    @classmethod
    def of(cls, spec: SomeOf) -> Wanted:
        """Compile `{any: [...]}` or `{all: [...]}`."""
        return cls(frozenset(spec.value), every=spec.all is not None)

    def met_by(self, held: Collection[str]) -> bool:
        """Whether what is held is what is wanted."""
        return self.names.issubset(held) if self.every else not self.names.isdisjoint(held)

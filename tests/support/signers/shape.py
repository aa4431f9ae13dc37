"""What a test does with whoever keeps keys."""

from __future__ import annotations

from typing import Protocol

from ostiary.keys.keeper import Keeper

LEAD = 600.0  # seconds a version is published before it signs


class Kept(Protocol):
    """Rings somewhere, and their operator. Who can be away has `away` and `back` as well."""

    def keeper(self, name: str, wanted: str | None = None) -> Keeper:
        """Return the keeper of a ring of that name."""

    def make(self, name: str, alg: str) -> None:
        """Make a ring, or its next version."""

    async def aclose(self) -> None:
        """Let go of everything."""

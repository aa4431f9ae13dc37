"""Vaults that are shown a credential of another vault: which first?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from ostiary.errors import ConfigError
from ostiary.model import CredentialSource


@runtime_checkable
class Needy(Protocol):
    """A provider that shows credentials of other vaults to its own."""

    @property
    def needs(self) -> frozenset[str]:
        """Aliases of the credentials."""

    def connect(self, sources: Mapping[str, CredentialSource]) -> None:
        """Know where those come from. Before `start`."""


def in_order(needs: Mapping[str, frozenset[str]]) -> list[str]:
    """Return vaults so that each comes after those that it needs.

    Args:
        needs: for each vault, the vaults in which credentials are kept that it is shown.

    Raises:
        ConfigError: a vault needs itself, directly or through others.
    """
    done: dict[str, None] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise ConfigError(f"a vault needs itself: {' needs '.join((*above[above.index(name) :], name))}")
        for other in sorted(needs.get(name, ())):
            visit(other, (*above, name))
        done[name] = None

    for name in needs:
        visit(name, ())
    return list(done)

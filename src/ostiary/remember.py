"""A bounded memory of a pure function: what was worked out once is looked up from then on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sized
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Sized)
V = TypeVar("V")


MANY: Final = 16 << 10
"""Arguments that are remembered where there is one for each of very many routes."""
TEXT: Final = 2 << 20
"""Octets that such arguments may have together, where callers choose them; what is remembered takes some times that."""


class Remembered(Generic[K, V]):
    """What a function says of its argument; a hit is one look-up in a dict.

    When it is full it begins anew: that costs each argument one call, and there is nothing to keep in order.
    None is no answer that is remembered.

    Args:
        function: of one argument, and of nothing else.
        most: arguments that are remembered.
        longest: how long they may be together.
    """

    __slots__ = ("_function", "_known", "_longest", "_most", "_room")

    def __init__(self, function: Callable[[K], V], most: int = 1024, longest: int = sys.maxsize) -> None:
        self._function = function
        self._known: dict[K, V] = {}  # not a base class: a subclass of dict is asked for an item in a roundabout way
        self._most = most
        self._longest = self._room = longest

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[K]:
        return iter(self._known)

    def of(self, argument: K) -> V:
        """Return what the function says, or raise what it raises; that takes no place."""
        value = self._known.get(argument)
        return self._learn(argument) if value is None else value

    def clear(self) -> None:
        """Forget everything."""
        self._known.clear()
        self._room = self._longest

    def _learn(self, argument: K) -> V:
        value = self._function(argument)
        if value is None:
            return value
        self._room -= len(argument)
        if len(self._known) >= self._most or self._room < 0:
            self.clear()
            self._room -= len(argument)
        self._known[argument] = value
        return value

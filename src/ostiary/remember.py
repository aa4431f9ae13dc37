"""A bounded memory of a pure function: what was worked out once is looked up from then on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sized
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Sized)
V = TypeVar("V")


MANY: Final = 16 << 10
"""Arguments that are remembered where there is one for each of very many routes."""
TEXT: Final = 2 << 20
"""Octets that such arguments may have together, where callers choose them; what is remembered takes some times that."""


class Remembered(dict[K, V], Generic[K, V]):
    """What a function says of its argument; a hit is one look-up in a dict.

    When it is full it begins anew: that costs each argument one call, and there is nothing to keep in order.

    Args:
        function: of one argument, and of nothing else.
        most: arguments that are remembered.
        longest: how long they may be together.
    """

    __slots__ = ("_function", "_longest", "_most", "_room")

    def __init__(self, function: Callable[[K], V], most: int = 1024, longest: int = sys.maxsize) -> None:
        super().__init__()
        self._function = function
        self._most = most
        self._longest = self._room = longest

    def __missing__(self, argument: K) -> V:
        """Work it out."""
        value = self._function(argument)  # what it refuses with an exception takes no place
        self._room -= len(argument)
        if len(self) >= self._most or self._room < 0:
            self.clear()
            self._room = self._longest - len(argument)
        self[argument] = value
        return value

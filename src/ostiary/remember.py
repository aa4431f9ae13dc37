"""A bounded memory of a pure function: what was worked out once is looked up from then on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(dict[K, V], Generic[K, V]):
    """What a function says of its argument; a hit is one look-up in a dict.

    When it is full it begins anew: that costs each argument one call, and there is nothing to keep in order.

    Args:
        function: of one argument, and of nothing else.
        most: arguments that are remembered.
    """

    __slots__ = ("_function", "_most")

    def __init__(self, function: Callable[[K], V], most: int = 1024) -> None:
        super().__init__()
        self._function = function
        self._most = most

    def __missing__(self, argument: K) -> V:
        """Work it out."""
        value = self._function(argument)  # what it refuses with an exception takes no place
        if len(self) >= self._most:
            self.clear()
        self[argument] = value
        return value

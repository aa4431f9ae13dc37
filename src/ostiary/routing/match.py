"""Which route? A look-up that does not grow with the number of routes.

Hosts first: the exact one, then `*.suffix` (one label for the star), then any. Under a host, the path
segment by segment from the left: literal before `*` before `**`. The path decides before the method:
a request whose best path knows other methods only is refused, not handed to a lesser path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Generic, TypeVar

from ostiary.config.schema import MatchSpec
from ostiary.errors import MethodNotAllowed, RouteNotFound
from ostiary.remember import MANY, Remembered

T = TypeVar("T")

_ANY: Final = ""
_LONGEST: Final = 256
"""Characters of a path whose route is remembered."""


class _Node(Generic[T]):
    """One segment of the paths. `here` and `rest` are the routes that end here, or with `**` here."""

    __slots__ = ("here", "literal", "rest", "star")

    def __init__(self) -> None:
        self.literal: dict[str, _Node[T]] = {}
        self.star: _Node[T] | None = None
        self.here: dict[str, T] | None = None
        self.rest: dict[str, T] | None = None

    def add(self, segments: Sequence[str], methods: Sequence[str], value: T) -> None:
        """Plant a route."""
        node = self
        for segment in segments:
            if segment == "**":
                node.rest = _with(node.rest, methods, value)
                return
            if segment == "*":
                node.star = node.star or _Node()
                node = node.star
            else:
                node = node.literal.setdefault(segment, _Node())
        node.here = _with(node.here, methods, value)

    def find(self, segments: Sequence[str], position: int = 0) -> dict[str, T] | None:
        """Return the routes of the best path, by method."""
        if position == len(segments):
            return self.here if self.here is not None else self.rest
        segment = segments[position]
        child = self.literal.get(segment)
        if child is not None:
            found = child.find(segments, position + 1)
            if found is not None:
                return found
        if self.star is not None and segment:
            found = self.star.find(segments, position + 1)
            if found is not None:
                return found
        return self.rest


def _with(routes: dict[str, T] | None, methods: Sequence[str], value: T) -> dict[str, T]:
    routes = {} if routes is None else routes
    for method in methods:
        routes.setdefault(method, value)
    return routes


class Routes(Generic[T]):
    """Every route, compiled."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Node[T]] = {}
        self._found: Remembered[tuple[str, str, str], T] = Remembered(self._search, MANY)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, match: MatchSpec, value: T) -> None:
        """Plant a route."""
        self._count += 1
        self._found.clear()
        node = self._hosts.setdefault(match.host or _ANY, _Node())
        node.add(match.path[1:].split("/"), match.methods or (_ANY,), value)

    def find(self, host: str, path: str, method: str) -> T:
        """Return what was planted for a request.

        Args:
            host: canonical.
            path: canonical.
            method: as received; HEAD is not GET.

        Raises:
            RouteNotFound: no route has this host and path.
            MethodNotAllowed: the best route for host and path has other methods.
        """
        return self._found.of((host, path, method)) if len(path) <= _LONGEST else self._search((host, path, method))

    def _search(self, asked: tuple[str, str, str]) -> T:
        host, path, method = asked
        segments = path[1:].split("/")
        for node in self._under(host):
            routes = node.find(segments)
            if routes is not None:
                return _by_method(routes, method)
        raise RouteNotFound

    def _under(self, host: str) -> Iterator[_Node[T]]:
        hosts = self._hosts
        for name in (host, "*." + host.partition(".")[2], _ANY):
            node = hosts.get(name)
            if node is not None:
                yield node


def _by_method(routes: dict[str, T], method: str) -> T:
    found = routes.get(method)
    if found is None:
        found = routes.get(_ANY)
    if found is None:
        raise MethodNotAllowed(f"{method} is not among them", allow=tuple(sorted(routes)))
    return found


def compile_routes(entries: Sequence[tuple[MatchSpec, T]]) -> Routes[T]:
    """Return the look-up for what each route matches."""
    routes: Routes[T] = Routes()
    for match, value in entries:
        routes.add(match, value)
    return routes

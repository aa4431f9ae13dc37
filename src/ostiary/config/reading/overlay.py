"""Several files as one: each later file is laid over what the ones before it say.

    a block        is taken together, key by key
    routes         are taken together by their names; a new name is a new route
    anything else  is replaced as a whole: a word, a number, a list

A block that says one thing of several (`type:` of a vault, the kind of an authenticator) is replaced as a whole
when the later file says another: what belonged to the one means nothing to the other. Nothing can be taken away.
Every value keeps the place where it was written, whichever file that was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from ostiary.config.messages.faults import block_of
from ostiary.config.problem import Path
from ostiary.config.reading.tree import Tree
from ostiary.config.shape import look
from ostiary.config.spec import OneOf

_ROUTES: Final = ("routes",)
_Noted = TypeVar("_Noted")


def overlaid(base: Tree, over: Tree) -> Tree:
    """Return what two files say together. Neither is changed.

    Args:
        base: what was said before.
        over: what is laid over it; its marks name its file.
    """
    if not isinstance(base.data, dict):
        return base  # which is a mistake, and nothing hides it
    laid = _Laid(base)
    data = laid.together(base.data, over.data, ())
    return Tree(
        data,
        _noted(base.keys, over.keys, laid),
        _noted(base.values, over.values, laid),
        _noted(base.ends, over.ends, laid),
        _noted(base.texts, over.texts, laid),
        [*base.problems, *(replace(one, path=laid.moved(one.path)) for one in over.problems)],
        base.refused | {laid.moved(path) for path in over.refused},
        (*base.names, *over.names),
    )


@dataclass(slots=True)
class _Laid:
    """One file laid over another.

    Attributes:
        base: what is below.
        replaced: the paths of which nothing below is left.
        routes: where each route of the later file stands in the whole.
    """

    base: Tree
    replaced: set[Path] = field(default_factory=set)
    routes: dict[int, int] = field(default_factory=dict)

    def together(self, ours: Any, theirs: Any, path: Path) -> Any:
        """Return what two values say together."""
        if path == _ROUTES and isinstance(ours, list) and isinstance(theirs, list):
            return self._routes(ours, theirs)
        if isinstance(ours, dict) and isinstance(theirs, dict) and not self._another_kind(ours, theirs, path):
            fresh = {key: value for key, value in theirs.items() if key not in ours}
            shared = [key for key in ours if key in theirs]
            both = {key: self.together(ours[key], theirs[key], (*path, key)) for key in shared}
            return {**ours, **both, **fresh}
        self.replaced.add(path)
        return theirs

    def moved(self, path: Path) -> Path:
        """Return where a path of the later file stands in the whole."""
        if path[:1] != _ROUTES or len(path) == 1 or path[1] not in self.routes:
            return path
        return ("routes", self.routes[int(path[1])], *path[2:])

    def left(self, path: Path) -> bool:
        """Whether what the earlier file has at a path is still there."""
        return not any(path[:length] in self.replaced for length in range(len(path) + 1))

    def _routes(self, ours: list[Any], theirs: list[Any]) -> list[Any]:
        """Take routes together by name; one that is named twice by the later file stands twice, and is refused so."""
        free = {_name(route): position for position, route in reversed(list(enumerate(ours))) if _name(route)}
        whole = list(ours)
        for number, route in enumerate(theirs):
            position = free.pop(_name(route), None)
            if position is None:
                self.routes[number] = len(whole)
                whole.append(route)
            else:
                self.routes[number] = position
                whole[position] = self.together(ours[position], route, ("routes", position))
        return whole

    def _another_kind(self, ours: dict[str, Any], theirs: dict[str, Any], path: Path) -> bool:
        """Whether the later block says something else of what only one thing can be said of."""
        if "type" in theirs and theirs["type"] != ours.get("type"):
            return True
        block = block_of(path, self.base)
        if not (isinstance(block, type) and issubclass(block, OneOf)):
            return False
        kinds = theirs.keys() - block.beside
        return bool(kinds) and kinds != ours.keys() - block.beside


def _name(route: Any) -> str | None:
    name = look(route, ("name",))
    return name if isinstance(name, str) else None


def _noted(base: Mapping[Path, _Noted], over: Mapping[Path, _Noted], laid: _Laid) -> dict[Path, _Noted]:
    """Return what is noted of each path: where both files have a block, the earlier one is its place."""
    kept = {path: noted for path, noted in base.items() if laid.left(path)}
    return {laid.moved(path): noted for path, noted in over.items()} | kept


def marked(tree: Tree, number: int, name: str) -> Tree:
    """Return a tree whose places tell that they are in the file of that number and name."""
    return replace(
        tree,
        keys={path: replace(mark, file=number) for path, mark in tree.keys.items()},
        values={path: replace(mark, file=number) for path, mark in tree.values.items()},
        problems=[one.in_file(number) for one in tree.problems],
        names=(name,),
    )

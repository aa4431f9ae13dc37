"""The files of a configuration: each read as far as it can be, and laid over the ones before it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ostiary.config.messages.masking import Span, hidden, starred, starred_blindly
from ostiary.config.problem import Path as FieldPath
from ostiary.config.problem import Problem, Source
from ostiary.config.reading.nodes import TooMuch, tree_of
from ostiary.config.reading.overlay import marked, overlaid
from ostiary.config.reading.text import LARGEST, compose, read
from ostiary.config.reading.tree import Tree

STDIN: Final = Path("-")
"""Standard input in place of a file; relative paths in it count from the working directory."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One file.

    Attributes:
        name: how it is called in messages.
        text: what it holds.
        tree: the same, with positions that name the file; None when it cannot be read.
        problems: what keeps it from being read.
    """

    name: str
    text: str = field(repr=False)
    tree: Tree | None = field(default=None, repr=False)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    """What several files say together.

    Attributes:
        source: their texts, fit to be shown.
        tree: what they say; None when one of them cannot be read.
        secret: the paths whose values must not be shown.
        problems: what keeps them from being read.
    """

    source: Source
    tree: Tree | None = field(default=None, repr=False)
    secret: frozenset[FieldPath] = frozenset()
    problems: tuple[Problem, ...] = ()


def read_all(paths: Sequence[Path]) -> Whole:
    """Return what files say together, the later ones laid over the earlier ones. Raises nothing."""
    layers = [_layer(path, number) for number, path in enumerate(paths)]
    trees = [layer.tree for layer in layers if layer.tree is not None]
    if len(trees) < len(layers):
        sources = [starred_blindly(layer.name, layer.text) for layer in layers]
        return Whole(_joined(sources), problems=tuple(one for layer in layers for one in layer.problems))
    spans: list[set[Span]] = [set() for _ in layers]
    whole, secret = trees[0], _cover(trees[0], spans)
    for tree in trees[1:]:
        whole = overlaid(whole, tree)
        secret = _cover(whole, spans)
    sources = [starred(layer.name, layer.text, some) for layer, some in zip(layers, spans, strict=True)]
    return Whole(_joined(sources), whole, secret)


def _layer(path: Path, number: int) -> Layer:
    name = "<stdin>" if path == STDIN else str(path)
    try:
        data = _octets(path)
    except OSError as error:
        return _unread(name, "", number, Problem("C512", _why(error), facts=(("file", name),)))
    text, unreadable = read(data)
    if unreadable:
        return _unread(name, text, number, unreadable)
    node = compose(text)
    if isinstance(node, Problem):
        return _unread(name, text, number, node)
    try:
        tree = tree_of(node, text)
    except TooMuch as error:
        return _unread(name, text, number, Problem("C110", str(error), error.mark))
    return Layer(name, text, marked(tree, number, name))


def _octets(path: Path) -> bytes:
    """Return what a file holds, or one octet more than any may."""
    if path == STDIN:
        return sys.stdin.buffer.read(LARGEST + 1)
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def _why(error: OSError) -> str:
    return f"the file cannot be read: {error.strerror}"


def _unread(name: str, text: str, number: int, problem: Problem) -> Layer:
    return Layer(name, text, None, (problem.in_file(number),))


def _cover(tree: Tree, spans: list[set[Span]]) -> frozenset[FieldPath]:
    """Note what has to be starred in each file. What a later file replaces was noted before it was laid over."""
    secret = hidden(tree)
    for path in secret:
        mark = tree.values[path]
        spans[mark.file].add(((mark.line, mark.column), tree.ends[path]))
    return secret


def _joined(sources: Sequence[Source]) -> Source:
    first, *others = sources
    return Source(first.name, first.lines, tuple(others))

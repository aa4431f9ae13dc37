"""From a file to specs: every mistake reported at once.

    octets -> text -> nodes -> tree with positions -> specs -> what a single field cannot know

A file with mistakes still goes as far as it can: its sound entries are compared with each other, so that
a misspelt key and a dangling name are told in the same breath. Nothing is served from such a draft.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from ostiary.config.check import check_draft
from ostiary.config.draft import Draft, sound
from ostiary.config.faults import faults
from ostiary.config.problem import ConfigInvalid, Problem, Source, errors, in_order
from ostiary.config.schema import GatewaySpec
from ostiary.config.stars import hidden, starred, starred_blindly
from ostiary.config.text import compose, read
from ostiary.config.translate import translate
from ostiary.config.tree import TooMuch, Tree, plant
from ostiary.config.words import at


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration file whose every field is as the language wants it.

    Attributes:
        spec: what it says.
        folder: where relative paths in it count from.
        path: the file.
        draft: the same, with positions.
        source: its text, fit to be shown.
        warnings: what is allowed, and should be looked at.
    """

    spec: GatewaySpec = field(repr=False)
    folder: Path
    path: Path
    draft: Draft = field(repr=False)
    source: Source
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Examined:
    """What is to be said of a file, and what it says when there is no error.

    Attributes:
        source: its text, fit to be shown.
        problems: what is to be said.
        loaded: what it says, or None when there is an error.
        draft: the sound part of it, as far as it can be read at all.
    """

    source: Source
    problems: tuple[Problem, ...]
    loaded: Loaded | None
    draft: Draft | None = field(default=None, repr=False)

    def sound(self) -> Loaded:
        """Return what the file says.

        Raises:
            ConfigInvalid: it has errors.
        """
        if self.loaded is None or errors(self.problems):
            raise ConfigInvalid(self.problems, self.source)
        return self.loaded


def load(path: Path) -> Loaded:
    """Return what a file says, each field by itself.

    Raises:
        ConfigInvalid: it has mistakes; all of them are in the exception.
    """
    return _examine(path, None).sound()


def load_checked(path: Path, *, now: float | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Return what a file says, after everything was checked that can be checked offline.

    Args:
        path: the file.
        now: seconds since the epoch, for the dates of certificates; by default this moment.
        environ: the environment; by default this process's.

    Raises:
        ConfigInvalid: it has mistakes; all of them are in the exception.
    """
    return examine(path, now=now, environ=environ).sound()


def examine(path: Path, *, now: float | None = None, environ: Mapping[str, str] | None = None) -> Examined:
    """Return everything that is to be said of a file. Nothing is fetched from anywhere. Raises nothing."""
    surroundings = (time.time() if now is None else now, os.environ if environ is None else environ)
    return _examine(path, surroundings)


def _examine(path: Path, surroundings: tuple[float, Mapping[str, str]] | None) -> Examined:
    name = str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        problem = Problem("C512", f"the file cannot be read: {error.strerror}", facts=(("file", str(path)),))
        return Examined(Source(name), (problem,), None)
    text, unreadable = read(data)
    if unreadable:
        return Examined(starred_blindly(name, text), (unreadable,), None)
    tree = _tree(text)
    if isinstance(tree, Problem):
        return Examined(starred_blindly(name, text), (tree,), None)
    return _judge(path, text, tree, surroundings)


def _tree(text: str) -> Tree | Problem:
    node = compose(text)
    if isinstance(node, Problem):
        return node
    try:
        return plant(node, text)
    except TooMuch as error:
        return Problem("C110", str(error), error.mark)


def _judge(path: Path, text: str, tree: Tree, surroundings: tuple[float, Mapping[str, str]] | None) -> Examined:
    secret = hidden(tree)
    source = starred(str(path), text, tree, secret)
    problems = [replace(problem, at=at(problem.path, tree.data)) for problem in tree.problems]
    spec: GatewaySpec | None = None
    try:
        spec = GatewaySpec.model_validate(tree.data)
    except ValidationError as error:
        problems += [translate(fault, tree, secret) for fault in faults(error.errors(include_url=False), tree)]
    draft = sound(tree, path.parent, spec, problems)
    if surroundings is not None:
        problems += check_draft(draft, *surroundings)
    ordered = in_order(problems)
    if spec is None or errors(ordered):
        return Examined(source, ordered, None, draft)
    return Examined(source, ordered, Loaded(spec, path.parent, path, draft, source, ordered), draft)

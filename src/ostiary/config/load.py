"""From a file to specs: every mistake reported at once.

    octets -> text -> nodes -> tree with positions -> one tree -> specs -> what a single field cannot know

A file with mistakes still goes as far as it can: its sound entries are compared with each other, so that
a misspelt key and a dangling name are told in the same breath. Nothing is served from such a draft.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from ostiary.config.check import check_draft
from ostiary.config.draft import Draft, sound
from ostiary.config.faults import faults
from ostiary.config.layer import Whole, read_all
from ostiary.config.problem import ConfigInvalid, Problem, Source, errors, in_order
from ostiary.config.schema import GatewaySpec
from ostiary.config.translate import translate
from ostiary.config.tree import Tree
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
        overlays: the files that were laid over it.
    """

    spec: GatewaySpec = field(repr=False)
    folder: Path
    path: Path
    draft: Draft = field(repr=False)
    source: Source
    warnings: tuple[Problem, ...] = ()
    overlays: tuple[Path, ...] = ()

    def place(self, *path: str | int) -> str:
        """Return FILE:LINE of something that the configuration says, or ""."""
        mark = self.draft.tree.mark(path)
        return "" if mark is None else f"{(self.path, *self.overlays)[mark.file].name}:{mark.line}"


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


def load(path: Path, overlays: Sequence[Path] = ()) -> Loaded:
    """Return what a file says, each field by itself.

    Args:
        path: the file.
        overlays: files that are laid over it, in order (`config/overlay.py`).

    Raises:
        ConfigInvalid: it has mistakes; all of them are in the exception.
    """
    return _examine(path, overlays, None).sound()


def load_checked(
    path: Path,
    overlays: Sequence[Path] = (),
    *,
    now: float | None = None,
    environ: Mapping[str, str] | None = None,
) -> Loaded:
    """Return what a file says, after everything was checked that can be checked offline.

    Args:
        path: the file.
        overlays: files that are laid over it, in order.
        now: seconds since the epoch, for the dates of certificates; by default this moment.
        environ: the environment; by default this process's.

    Raises:
        ConfigInvalid: it has mistakes; all of them are in the exception.
    """
    return examine(path, overlays, now=now, environ=environ).sound()


def examine(
    path: Path,
    overlays: Sequence[Path] = (),
    *,
    now: float | None = None,
    environ: Mapping[str, str] | None = None,
) -> Examined:
    """Return everything that is to be said of a file. Nothing is fetched from anywhere. Raises nothing."""
    surroundings = (time.time() if now is None else now, os.environ if environ is None else environ)
    return _examine(path, overlays, surroundings)


def _examine(path: Path, overlays: Sequence[Path], surroundings: tuple[float, Mapping[str, str]] | None) -> Examined:
    paths = (path, *overlays)
    whole = read_all(paths)
    if whole.tree is None:
        return Examined(whole.source, in_order(whole.problems), None)
    return _judge(paths, whole, whole.tree, surroundings)


def _judge(
    paths: tuple[Path, ...], whole: Whole, tree: Tree, surroundings: tuple[float, Mapping[str, str]] | None
) -> Examined:
    path, *overlays = paths
    problems = [replace(problem, at=at(problem.path, tree.data)) for problem in tree.problems]
    spec: GatewaySpec | None = None
    try:
        spec = GatewaySpec.model_validate(tree.data)
    except ValidationError as error:
        problems += [translate(fault, tree, whole.secret) for fault in faults(error.errors(include_url=False), tree)]
    draft = sound(tree, path.parent, spec, problems)
    if surroundings is not None:
        problems += check_draft(draft, *surroundings)
    ordered = in_order(problems)
    if spec is None or errors(ordered):
        return Examined(whole.source, ordered, None, draft)
    loaded = Loaded(spec, path.parent, path, draft, whole.source, ordered, tuple(overlays))
    return Examined(whole.source, ordered, loaded, draft)

"""From a file to specs: every mistake reported at once.

    octets -> text -> nodes -> tree with positions -> one tree -> specs -> what a single field cannot know

A file with mistakes still goes as far as it can: its sound entries are compared with each other, so that
a misspelt key and a dangling name are told in the same breath. Nothing is served from such a draft.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from ostiary.config.check import check_draft
from ostiary.config.loaded import Examined, Loaded
from ostiary.config.messages.faults import faults
from ostiary.config.messages.masking import reticent
from ostiary.config.messages.translate import translate
from ostiary.config.problem import errors, in_order
from ostiary.config.reading.layers import Whole, read_all
from ostiary.config.reading.sound import sound
from ostiary.config.reading.tree import Tree, at
from ostiary.config.schema import GatewaySpec

__all__ = ["Examined", "Loaded", "examine", "load", "load_checked"]


def load(path: Path, overlays: Sequence[Path] = ()) -> Loaded:
    """Return what a file says, each field by itself.

    Args:
        path: the file.
        overlays: files that are laid over it, in order (`config/reading/overlay.py`).

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
    ordered = in_order([reticent(problem, tree, whole.secret) for problem in problems])
    if spec is None or errors(ordered):
        return Examined(whole.source, ordered, None, draft)
    loaded = Loaded(spec, path.parent, path, draft, whole.source, ordered, tuple(overlays))
    return Examined(whole.source, ordered, loaded, draft)

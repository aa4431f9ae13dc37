"""Everything outside of a file that it points at: files and the environment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ostiary.config.draft import SECTIONS, Draft
from ostiary.config.problem import Path
from ostiary.config.spec import Spec
from ostiary.config.values import FileRef, SecretRef

LARGEST: Final = 4 << 20
"""Octets of such a file, at most."""


def references(draft: Draft) -> Iterator[tuple[Path, FileRef | SecretRef]]:
    """Return every reference of a file to something outside of it, with its path."""
    for section in SECTIONS:
        for name, entry in getattr(draft, section).items():
            yield from _within(entry, (section, name))
    for index, route in draft.routes.items():
        yield from _within(route, ("routes", index))
    yield from _within(draft.admin, ("admin",))
    yield from _within(draft.shared, ("shared",))


def _within(value: Any, path: Path) -> Iterator[tuple[Path, FileRef | SecretRef]]:
    if isinstance(value, FileRef | SecretRef):
        yield path, value
    elif isinstance(value, Spec):
        for key in value.model_fields_set:
            yield from _within(getattr(value, key), (*path, key))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _within(item, (*path, index))

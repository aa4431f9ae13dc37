"""Every reference of a file to something outside of it, with its path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ostiary.config.draft import SECTIONS, Draft
from ostiary.config.problem import Path
from ostiary.config.schema import Spec
from ostiary.config.values import FileRef, SecretRef


def references(draft: Draft) -> Iterator[tuple[Path, FileRef | SecretRef]]:
    """Return every reference to a file or a secret."""
    for section in SECTIONS:
        for name, entry in getattr(draft, section).items():
            yield from _within(entry, (section, name))


def _within(value: Any, path: Path) -> Iterator[tuple[Path, FileRef | SecretRef]]:
    if isinstance(value, FileRef | SecretRef):
        yield path, value
    elif isinstance(value, Spec):
        for key in value.model_fields_set:
            yield from _within(getattr(value, key), (*path, key))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _within(item, (*path, index))

"""What was read from files: a configuration, and what is to be said of it. `load.py` reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ostiary.config.draft import Draft
from ostiary.config.problem import ConfigInvalid, Problem, Source, errors
from ostiary.config.schema import GatewaySpec


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

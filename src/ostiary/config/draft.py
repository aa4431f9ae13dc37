"""A file as far as it can be understood. `sound.py` finds out how far that is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ostiary.config import schema
from ostiary.config.problem import Path as FieldPath
from ostiary.config.problem import Problem, Severity
from ostiary.config.reading.tree import Tree, at

SECTIONS: Final = ("listeners", "issuers", "vaults", "credentials", "keys", "upstreams")
"""Blocks of named entries."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The entries of a file that are as the language wants them.

    Attributes:
        tree: the document, with positions; it has also the entries that are broken.
        folder: where relative paths in the file count from.
        listeners, issuers, vaults, credentials, keys, upstreams: the sound entries, by name.
        routes: the sound routes, by position in the file.
        broken: sections of which something had to be left out; what they lack cannot be judged.
        admin: the admin listener, if there is one and it is sound.
        publication: how our keys are published, if they are and it is sound.
        shared: what gateways know together, if they do and it is sound.
    """

    tree: Tree
    folder: Path
    listeners: dict[str, schema.ListenerSpec]
    issuers: dict[str, schema.IssuerSpec]
    vaults: dict[str, schema.VaultSpec]
    credentials: dict[str, schema.CredentialSpec]
    keys: dict[str, schema.KeySpec]
    upstreams: dict[str, schema.UpstreamSpec]
    routes: dict[int, schema.RouteSpec]
    broken: frozenset[str]
    admin: schema.AdminSpec | None = None
    publication: schema.PublicationSpec | None = None
    shared: schema.SharedSpec | None = None

    def problem(
        self,
        code: str,
        message: str,
        path: FieldPath,
        *,
        key: bool = False,
        suggestion: str | None = None,
        severity: Severity = "error",
        lines: tuple[tuple[int, str], ...] = (),
        **facts: str,
    ) -> Problem:
        """Return a problem at a path: at its value, or with `key` at its key."""
        place = None if key else self.tree.values.get(path)
        return Problem(
            code,
            message,
            place or self.tree.mark(path),
            path,
            at(path, self.tree.data),
            suggestion,
            facts=tuple((label, text) for label, text in facts.items() if text),
            lines=lines,
            severity=severity,
        )

    def whole(self, *sections: str) -> bool:
        """Whether nothing had to be left out of these sections."""
        return self.broken.isdisjoint(sections)

    def names(self, section: str) -> tuple[str, ...]:
        """Return every name that a section has, of broken entries too."""
        entries = self.tree.data.get(section) if isinstance(self.tree.data, dict) else None
        return tuple(entries) if isinstance(entries, dict) else ()

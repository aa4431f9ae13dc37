"""A file as far as it can be understood: its sound entries, whatever the others are like."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from ostiary.config import schema
from ostiary.config.problem import Path as FieldPath
from ostiary.config.problem import Problem, Severity
from ostiary.config.tree import Tree
from ostiary.config.words import at

SECTIONS: Final[dict[str, TypeAdapter[Any]]] = {
    "listeners": TypeAdapter(schema.ListenerSpec),
    "issuers": TypeAdapter(schema.IssuerSpec),
    "vaults": TypeAdapter(schema.VaultSpec),
    "credentials": TypeAdapter(schema.CredentialSpec),
    "keys": TypeAdapter(schema.KeySpec),
    "upstreams": TypeAdapter(schema.UpstreamSpec),
}
_ROUTE: Final = TypeAdapter(schema.RouteSpec)
BLOCKS: Final[dict[str, TypeAdapter[Any]]] = {
    "admin": TypeAdapter(schema.AdminSpec | None),
    "publication": TypeAdapter(schema.PublicationSpec | None),
    "shared": TypeAdapter(schema.SharedSpec | None),
}
_Entry = TypeVar("_Entry", bound=BaseModel)


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


def sound(tree: Tree, folder: Path, spec: schema.GatewaySpec | None, problems: Iterable[Problem]) -> Draft:
    """Return the draft of a document.

    Args:
        tree: the document.
        folder: the folder of its file.
        spec: what it says, when nothing is wrong with it.
        problems: what is wrong with it.
    """
    if spec is not None and not tree.problems:
        entries = {section: getattr(spec, section) for section in SECTIONS}
        routes = dict(enumerate(spec.routes))
        return Draft(tree, folder, **entries, routes=routes, broken=frozenset(), **_blocks(spec))
    bad = {problem.path: _remedy(problem) for problem in problems}
    document = tree.data if isinstance(tree.data, dict) else {}
    entries = {section: _named(tree, document, section, bad) for section in SECTIONS}
    routes = _listed(tree, document.get("routes"), bad)
    broken = {section for section in SECTIONS if len(entries[section]) < _size(document, section)}
    broken |= {str(path[0]) for path in bad if len(path) == 1}
    broken |= {"routes"} if len(routes) < _size(document, "routes") else set()
    broken |= {meant for path, meant in bad.items() if len(path) == 1 and meant}
    blocks = {name: _block(adapter, document.get(name)) for name, adapter in BLOCKS.items()}
    return Draft(tree, folder, **entries, routes=routes, broken=frozenset(broken), **blocks)


def _blocks(spec: schema.GatewaySpec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in BLOCKS}


def _block(adapter: TypeAdapter[Any], value: Any) -> Any:
    """Return a block that stands for itself, or None when it is not there or not sound."""
    try:
        return adapter.validate_python(value)
    except ValidationError:
        return None


def _remedy(problem: Problem) -> str | None:
    """Return the key to read in place of a wrong one; "" to read on without it; None when nothing helps."""
    if problem.code == "C111":
        return ""
    return problem.suggestion if problem.code == "C101" else None


def _size(document: dict[str, Any], section: str) -> int:
    value = document.get(section)
    return len(value) if isinstance(value, dict | list) else 0


def _named(tree: Tree, document: dict[str, Any], section: str, bad: dict[FieldPath, str | None]) -> dict[str, Any]:
    """Return the sound entries of a section."""
    value = document.get(section)
    if not isinstance(value, dict):
        return {}
    found = {name: _entry(SECTIONS[section], tree, (section, name), bad) for name in value}
    return {name: entry for name, entry in found.items() if entry is not None}


def _listed(tree: Tree, value: Any, bad: dict[FieldPath, str | None]) -> dict[int, schema.RouteSpec]:
    """Return the sound routes."""
    if not isinstance(value, list):
        return {}
    found = {index: _entry(_ROUTE, tree, ("routes", index), bad) for index in range(len(value))}
    return {index: entry for index, entry in found.items() if entry is not None}


def _entry(
    adapter: TypeAdapter[_Entry], tree: Tree, path: FieldPath, bad: dict[FieldPath, str | None]
) -> _Entry | None:
    """Return one entry; misspelt keys of it are read as what was meant, so that the rest can be judged."""
    data = tree.data[path[0]][path[1]]
    for wrong, meant in bad.items():
        if wrong[: len(path)] != path:
            continue
        if meant is None or len(wrong) == len(path):
            return None
        data = _renamed(data, wrong[len(path) :], meant)
    try:
        return adapter.validate_python(data)
    except ValidationError:
        return None


def _renamed(data: Any, path: FieldPath, name: str) -> Any:
    """Return a copy of the data in which the key at the end of a path has another name."""
    if isinstance(data, list):
        return [_renamed(item, path[1:], name) if index == path[0] else item for index, item in enumerate(data)]
    if not isinstance(data, dict):
        return data
    if len(path) == 1:
        renamed = {name if key == path[0] else key: value for key, value in data.items()}
        return {key: value for key, value in renamed.items() if key}
    return {key: _renamed(value, path[1:], name) if key == path[0] else value for key, value in data.items()}

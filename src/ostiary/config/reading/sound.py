"""The sound entries of a file, whatever the others are like: those that the language takes by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from ostiary.config import schema
from ostiary.config.draft import SECTIONS, Draft
from ostiary.config.problem import Path as FieldPath
from ostiary.config.problem import Problem
from ostiary.config.reading.tree import Tree

_NAMED: Final[dict[str, TypeAdapter[Any]]] = {
    "listeners": TypeAdapter(schema.ListenerSpec),
    "issuers": TypeAdapter(schema.IssuerSpec),
    "vaults": TypeAdapter(schema.VaultSpec),
    "credentials": TypeAdapter(schema.CredentialSpec),
    "keys": TypeAdapter(schema.KeySpec),
    "upstreams": TypeAdapter(schema.UpstreamSpec),
}
_ROUTE: Final = TypeAdapter(schema.RouteSpec)
_BLOCKS: Final[dict[str, TypeAdapter[Any]]] = {
    "admin": TypeAdapter(schema.AdminSpec | None),
    "publication": TypeAdapter(schema.PublicationSpec | None),
    "shared": TypeAdapter(schema.SharedSpec | None),
}
_Entry = TypeVar("_Entry", bound=BaseModel)


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
    blocks = {name: _block(adapter, document.get(name)) for name, adapter in _BLOCKS.items()}
    return Draft(tree, folder, **entries, routes=routes, broken=frozenset(broken), **blocks)


def _blocks(spec: schema.GatewaySpec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in _BLOCKS}


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
    found = {name: _entry(_NAMED[section], tree, (section, name), bad) for name in value}
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

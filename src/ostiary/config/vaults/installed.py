"""Kinds of vaults that other distributions bring: entry points of the group `ostiary.vaults`.

The name of an entry point is a `type` of the language; what it leads to is a Backend. The language is made
with it, so the fields of such a vault are judged, explained and completed by editors like our own. What
cannot be loaded is left out, and told where a file asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from ostiary.config.spec import Spec
from ostiary.config.vaults.base import CacheSpec

GROUP: Final = "ostiary.vaults"


@dataclass(frozen=True, slots=True)
class Backend:
    """A kind of vault.

    Attributes:
        spec: its block of the language: a Spec with `type: Literal["NAME"]` and `cache: Cached`.
        compile: makes its provider (`ostiary.vault.plugin.Provider`) from such a block and the folder of the
            configuration file; raises ConfigError when that cannot work.
    """

    spec: type[Spec]
    compile: Callable[[Any, Path], Any]


@dataclass(frozen=True, slots=True)
class Installed:
    """What is there.

    Attributes:
        backends: the kinds that can be used, by `type`.
        broken: why others cannot, by `type`.
    """

    backends: Mapping[str, Backend]
    broken: Mapping[str, str]


def installed(taken: Iterable[str], points: Iterable[EntryPoint] | None = None) -> Installed:
    """Return the kinds of vaults that other distributions bring.

    Args:
        taken: the types that are there already; nobody takes their place.
        points: the entry points; by default those of what is installed.
    """
    backends: dict[str, Backend] = {}
    broken: dict[str, str] = {}
    names = set(taken)
    for point in entry_points(group=GROUP) if points is None else points:
        found = _loaded(point)
        problem = found if isinstance(found, str) else _wrong(point.name, found)
        if point.name in names:
            problem = "there is a vault of this type already"
        if problem is not None:
            broken.setdefault(point.name, f"{point.value}: {problem}")
        elif isinstance(found, Backend):
            names.add(point.name)
            backends[point.name] = found
    return Installed(backends, broken)


def _loaded(point: EntryPoint) -> Backend | str:
    try:
        found = point.load()
    except Exception as error:  # noqa: BLE001 - a stranger's module: whatever it raises, others are not to suffer
        return f"{type(error).__name__}: {error}"
    return found if isinstance(found, Backend) else "that is no ostiary.vault.plugin.Backend"


def _wrong(name: str, backend: Any) -> str | None:
    """Return what keeps a backend from being part of the language, or None."""
    if not (isinstance(backend.spec, type) and issubclass(backend.spec, Spec)):
        return "its `spec` is no subclass of Spec"
    kind, cache = backend.spec.model_fields.get("type"), backend.spec.model_fields.get("cache")
    if kind is None or get_origin(kind.annotation) is not Literal or get_args(kind.annotation) != (name,):
        return f'its `spec` has no field `type: Literal["{name}"]`'
    if cache is None or cache.annotation is not CacheSpec:
        return "its `spec` has no field `cache: Cached`"
    return None

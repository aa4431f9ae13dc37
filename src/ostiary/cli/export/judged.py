"""From a file to the judged policy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ostiary.cli.frame import fail
from ostiary.cli.recipe import Blank
from ostiary.config.values import Bind, Refused, bind

if TYPE_CHECKING:
    from ostiary.config.loaded import Loaded
    from ostiary.config.schema import ListenerSpec
    from ostiary.export import Plan

_DIALECT = "envoy-http"
_ENVIRONMENT = "C5"


def judged(files: tuple[Path, ...], home: Path, *, listener: str | None, asked: str | None, listen: str | None) -> Plan:
    """Return the judged policy.

    Args:
        files: the configuration file, and its overlays.
        home: where the files beside the configuration will be.
        listener: the listener that is exported; needed if several fit.
        asked: the listener that decides; needed if several do.
        listen: where callers come, in place of the listener's own address.
    """
    from ostiary.build import compile_gateway
    from ostiary.export import Place, plan
    from ostiary.observe.log import silent

    loaded = _sound(files)
    listeners = loaded.spec.listeners
    with silent():
        blanks = {alias: Blank(alias) for alias in loaded.spec.credentials}
        decisions = compile_gateway(loaded, sources=blanks).decisions
    assert decisions is not None  # noqa: S101 - `build` makes them for every gateway
    return plan(
        loaded,
        _exported(listeners, listener),
        Place(home, None if listen is None else _address(listen)),
        asked=_asked(listeners, asked),
        owned=decisions.owned,
        evidence=decisions.evidence,
    )


def _sound(files: tuple[Path, ...]) -> Loaded:
    """Return what a file says that could be served; files and secrets may be those of another machine."""
    from ostiary.config.load import examine, load
    from ostiary.config.problem import ConfigInvalid, errors

    examined = examine(files[0], files[1:])
    wrong = [one for one in errors(examined.problems) if not one.code.startswith(_ENVIRONMENT)]
    if wrong:
        raise ConfigInvalid(wrong, examined.source)
    return load(files[0], files[1:])


def _exported(listeners: Mapping[str, ListenerSpec], wanted: str | None) -> str:
    found = [name for name, one in listeners.items() if one.decide is None]
    return _one(found, wanted, "--listener", "where callers come")


def _asked(listeners: Mapping[str, ListenerSpec], wanted: str | None) -> str | None:
    found = [name for name, one in listeners.items() if one.decide is not None and one.decide.dialect == _DIALECT]
    if not found and wanted is None:
        return None
    name = _one(found, wanted, "--asked", f"with `decide: {_DIALECT}`")
    if listeners[name].tls is not None:
        fail("export.listener", f"listener {name!r} has TLS: Envoy asks on a unix socket or on loopback")
    return name


def _one(found: list[str], wanted: str | None, option: str, what: str) -> str:
    hint = f"{option} {' or '.join(found)}" if found else "add one to the file; see docs/export.md"
    if wanted is not None and wanted not in found:
        fail("export.listener", f"{wanted!r} is no listener {what}", hint=hint)
    if wanted is None and len(found) != 1:
        fail("export.listener", f"{'several listeners' if found else 'no listener'} {what}", hint=hint)
    return wanted or found[0]


def _address(text: str) -> Bind:
    try:
        return bind(text)
    except Refused as error:
        fail("export.listen", str(error), hint="--listen 0.0.0.0:8443")

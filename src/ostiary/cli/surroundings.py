"""`ostiary doctor gateway.yaml`: what is around a gateway. Arguments in, findings out; the checks are elsewhere."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ostiary.config.loaded import Loaded
    from ostiary.pki.diagnosis.finding import Finding

NETWORK = frozenset(("endpoint", "clock", "running"))
"""Groups that use the network."""


def is_configuration(name: str) -> bool:
    """Whether an argument is a configuration, by its name."""
    return Path(name).suffix in (".yaml", ".yml")


def around(name: str, wanted: Collection[str]) -> Iterator[tuple[str, Finding]]:
    """Yield what is wrong around a gateway.

    Args:
        name: of its configuration.
        wanted: groups of findings. Where none of them needs the network, it is not used.
    """
    from ostiary.config.load import examine
    from ostiary.keys.diagnosis import kept
    from ostiary.pki.diagnosis.finding import Finding
    from ostiary.pki.diagnosis.installed import installed
    from ostiary.pki.diagnosis.machine import Machine, machine

    examined = examine(Path(name))
    yield from ((name, one) for one in machine(Machine.this()))
    if examined.loaded is None:
        count = sum(problem.severity == "error" for problem in examined.problems)
        yield name, Finding("D715", "", f"ostiary check {name}", f"{count} of them")
        return
    yield from ((name, one) for one in installed(examined.loaded, time.time()))
    yield from ((name, one) for one in kept(examined.loaded, time.time()))
    if not NETWORK.isdisjoint(wanted):
        yield from _elsewhere(name, examined.loaded, wanted)


def _elsewhere(name: str, loaded: Loaded, wanted: Collection[str]) -> Iterator[tuple[str, Finding]]:
    from ostiary.admin.redact import digest
    from ostiary.admin.running import running
    from ostiary.keys.diagnosis import found_by_others
    from ostiary.pki.diagnosis.finding import Finding
    from ostiary.shared.diagnosis import asked

    if "running" in wanted and loaded.spec.admin is not None:
        served = running(loaded.spec.admin)
        if served is not None and served != digest(loaded):
            yield name, Finding("D731", "", "kill -HUP its process, and look at its log", f"it serves {served}")
    if "endpoint" in wanted:
        yield from ((name, one) for one in found_by_others(loaded, time.time()))
        yield from ((name, one) for one in asked(loaded))
    if {"endpoint", "clock"} & set(wanted):
        yield from _places(loaded)


def _places(loaded: Loaded) -> Iterator[tuple[str, Finding]]:
    from datetime import UTC, datetime

    from ostiary.pki.diagnosis.exam import examine
    from ostiary.pki.diagnosis.places import look, places

    for place in places(loaded):
        found = list(look(place, time.time()))
        yield from ((place.owner, one) for one in found)
        if place.secure and not any(one.code.group == "endpoint" for one in found):
            shown, findings = place.visit.look()
            judged = [one for _, one in examine([shown], "server", datetime.now(UTC))]
            others = [one for one in judged if one.code.group != "file" and one.code.severity != "note"]
            yield from ((place.owner, one) for one in (*findings, *others) if one.name != "D610")

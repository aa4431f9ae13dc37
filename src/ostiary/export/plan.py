"""What an engine's configuration is written from: the judged policy, and where everything lies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ostiary.config.loaded import Loaded
from ostiary.config.presets import resolve
from ostiary.config.schema import GatewaySpec, IssuerSpec, ListenerSpec
from ostiary.config.sockets import UnixBind
from ostiary.config.values import Bind
from ostiary.export.clause import Clause, Held, Judged, settle
from ostiary.export.judge import Surroundings, judge_route
from ostiary.export.judge.listeners import judge_asking, judge_listener, verifies


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are to be.

    Attributes:
        home: the folder with the files that are written beside the configuration.
        listen: where callers come, or None for the address of the listener.
    """

    home: Path
    listen: Bind | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A policy, judged, and its surroundings.

    Attributes:
        spec: the policy.
        folder: where its relative paths count from.
        name: of the listener that is exported.
        place: where files are, and where callers come.
        asked: where decisions are asked for, or None when there is nobody to ask.
        told: whether callers' certificates are told to whoever decides.
        owned: headers that answers name, as the upstream is to see them.
        evidence: headers that a decision needs to see, folded.
        issuers: whose tokens count, their presets applied.
        routes: who decides which.
        around: what is held of the listener, and of everything that is no route's.
    """

    spec: GatewaySpec
    folder: Path
    name: str
    place: Place
    asked: Bind | UnixBind | None
    told: bool
    owned: tuple[str, ...]
    evidence: tuple[str, ...]
    issuers: Mapping[str, IssuerSpec]
    routes: tuple[Judged, ...]
    around: tuple[Held, ...]

    @property
    def listener(self) -> ListenerSpec:
        """The listener that is exported."""
        return self.spec.listeners[self.name]

    @property
    def verified(self) -> bool:
        """Whether certificates are verified in the handshake."""
        return verifies(self.listener)

    @property
    def refused(self) -> tuple[Held, ...]:
        """What nobody would hold, and nobody has said may be done without."""
        alone = tuple(one for one in self.around if one.how == "impossible")
        forgiven = all(one.route.decision == "allow-partial" for one in self.routes)
        around = tuple(one for one in alone if one.never or not forgiven)
        return (*around, *(held for one in self.routes for held in one.refused))

    def file(self, path: str) -> str:
        """Return where a file of the policy is."""
        return str((self.folder / path).resolve())


def plan(
    loaded: Loaded,
    name: str,
    place: Place,
    *,
    asked: str | None,
    owned: Iterable[bytes] = (),
    evidence: Iterable[bytes] = (),
) -> Plan:
    """Return what a configuration is written from.

    Args:
        loaded: the file, checked.
        name: the listener that is exported.
        place: where things are to be.
        asked: the listener that decides, or None when there is none.
        owned: headers that answers name.
        evidence: headers that a decision needs to see.
    """
    spec, asking = loaded.spec, asked is not None
    around = _surroundings(loaded, name, asking=asking)
    told = asked is not None and _told(spec.listeners[asked])
    clauses = (*judge_listener(name, spec), *judge_asking(name, asked, spec, told=told))
    return Plan(
        spec=spec,
        folder=loaded.folder.resolve(),
        name=name,
        place=place,
        asked=None if asked is None else spec.listeners[asked].bind,
        told=told,
        owned=tuple(one.decode() for one in owned),
        evidence=tuple(sorted(one.decode() for one in evidence)),
        issuers=around.issuers,
        routes=tuple(
            settle(route, number, judge_route(spec, number, around), asking=asking)
            for number, route in enumerate(spec.routes)
        ),
        around=tuple(_around(one, asking=asking) for one in clauses),
    )


def _surroundings(loaded: Loaded, name: str, *, asking: bool) -> Surroundings:
    issuers = {alias: resolve(one) for alias, one in loaded.spec.issuers.items()}
    listener = loaded.spec.listeners[name]
    verified = verifies(listener)
    required = listener.tls is not None and listener.tls.client.mode == "required"
    return Surroundings(
        issuers=issuers,
        unfit=_unfit(issuers, loaded.folder),
        verified=verified,
        asking=asking,
        demanded=required and not verified,
    )


def _told(listener: ListenerSpec) -> bool:
    """Whether a listener that decides is told callers' certificates."""
    decide = listener.decide
    return decide is not None and decide.client is not None and decide.client.mode != "off"


def _around(clause: Clause, *, asking: bool) -> Held:
    """Return what is done about a clause of no route; what is nearly held is held, and told."""
    if clause.ability in ("impossible", "never"):
        return Held(clause.path, "impossible", clause.why, never=clause.ability == "never")
    if clause.ability == "asked":
        return Held(clause.path, "asked" if asking else "impossible", clause.why, never=not asking)
    return Held(clause.path, "native", clause.why)


def _unfit(issuers: Mapping[str, IssuerSpec], folder: Path) -> dict[str, str]:
    """Return why key sets in files cannot be read by anybody but us."""
    files = {name: one.jwks_file.below(folder) for name, one in issuers.items() if one.jwks_file is not None}
    return {name: f"issuer {name}: {why}" for name, path in files.items() if (why := _key_set(path))}


def _key_set(path: Path) -> str:
    """Return why a file is no key set whose every key has an id, or "": without ids another key may be tried."""
    try:
        members = json.loads(path.read_bytes())["keys"]
        named = [one["kid"] for one in members]
    except (OSError, ValueError, KeyError, TypeError):
        return "its file is no key set (RFC 7517) whose keys have ids"
    return "" if len(set(named)) == len(named) else "two of its keys have the same id"

"""Something that the file says, and who holds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from ostiary.config.problem import Path
from ostiary.config.schema import RouteSpec

Ability: TypeAlias = Literal["native", "partial", "asked", "own", "impossible", "never"]
How: TypeAlias = Literal["native", "asked", "impossible"]


class Clause(NamedTuple):
    """Something that the file says.

    Attributes:
        path: where it stands, seen from the file.
        ability: native: the engine holds it. partial: nearly; `why` is the rest. asked: only this gateway can hold it,
            when it is asked. own: the engine holds it on routes that are its own, and nobody on others. impossible:
            nobody does, because it is about what follows the decision. never: the same, and what is left without it
            is of no use to anybody.
        why: what is different, or what is in the way.
    """

    path: Path
    ability: Ability
    why: str = ""


class Held(NamedTuple):
    """A clause, and what is done about it.

    Attributes:
        path, why: as the clause's.
        how: native, asked, or impossible.
        never: whether no word of the file helps.
    """

    path: Path
    how: How
    why: str
    never: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """A route, and who decides it.

    Attributes:
        route: as in the file.
        number: its position there.
        native: whether the engine decides by itself.
        clauses: what is done about each of them.
        refused: those that nobody holds, and that the route does not do without.
    """

    route: RouteSpec
    number: int
    native: bool
    clauses: tuple[Held, ...]
    refused: tuple[Held, ...]

    @property
    def how(self) -> How:
        """Who decides it, in one word."""
        return "impossible" if self.refused else "native" if self.native else "asked"


def settle(route: RouteSpec, number: int, clauses: Iterable[Clause], *, asking: bool) -> Judged:
    """Return who decides a route.

    It is the engine's own when each clause is. What the engine holds but for a rest is its own where the route says
    `decision: allow-partial`, and asked elsewhere.

    Args:
        route: as in the file.
        number: its position there.
        clauses: what it says, judged.
        asking: whether there is anybody to ask.
    """
    found = tuple(clauses)
    partial = route.decision == "allow-partial"
    strange = [one for one in found if one.ability == "asked" or (one.ability == "partial" and not partial)]
    native = not strange
    held = tuple(_held(one, native=native, forcing=one in strange) for one in found)
    refused = tuple(one for one in held if one.how == "impossible" and (one.never or not partial))
    if strange and not asking:
        refused += tuple(Held(one.path, "impossible", _nobody(one)) for one in strange)
    return Judged(route, number, native, held, refused)


def _held(clause: Clause, *, native: bool, forcing: bool) -> Held:
    if clause.ability in ("impossible", "never") or (clause.ability == "own" and not native):
        return Held(clause.path, "impossible", clause.why, never=clause.ability == "never")
    if clause.ability == "own":
        return Held(clause.path, "native", "")
    if native or clause.path[0] == "upstreams":  # which are the engine's, whoever decides
        return Held(clause.path, "native", clause.why)
    return Held(clause.path, "asked", f"{clause.why}{_word(clause)}" if forcing else "")


def _word(clause: Clause) -> str:
    return "; `decision: allow-partial` accepts that" if clause.ability == "partial" else ""


def _nobody(clause: Clause) -> str:
    return f"{clause.why}, and no listener of the file decides for envoy-http{_word(clause)}"

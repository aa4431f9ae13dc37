"""Conditions: what of `authorize` can be said of a verified token and a connection."""

from __future__ import annotations

from typing import Final

from ostiary.config.problem import Path
from ostiary.config.rules import RuleSpec
from ostiary.export.clause import Clause

_HELD: Final = frozenset(
    ("audience", "tenant", "environment", "permissions", "methods", "subject", "subject_type", "claims", "source")
)
_WHY: Final = {
    "certificate": "fields of certificates are compared in one spelling, which only the gateway makes",
    "time": "it depends on the clock of a time zone",
    "expression": "the engine's CEL knows neither the principal nor our names",
}


def judge_rule(rule: RuleSpec, path: Path) -> Clause:
    """Return whether a condition can be held."""
    if rule.mode == "shadow":
        return Clause(path, "partial", "a condition that is only tried out is not tried there: nobody logs it")
    if rule.scopes is not None:
        return _scopes(rule, path)
    if rule.kind in _HELD:
        return Clause(path, "native")
    return Clause(path, "asked", _WHY.get(rule.kind, "it is not known to hold without the gateway"))


def _scopes(rule: RuleSpec, path: Path) -> Clause:
    match = "exact" if rule.scopes is None else rule.scopes.match
    if match == "exact":
        return Clause(path, "native")
    return Clause(path, "asked", f"`match: {match}` reads parts of scopes")

"""Specs -> the policy of a route."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from ostiary.authz.attributes import SUBJECT_TYPE, CertificateRule, ClaimsRule
from ostiary.authz.audience import AudienceRule
from ostiary.authz.circumstances import SourceRule, TimeRule
from ostiary.authz.expression import ExpressionRule
from ostiary.authz.permissions import MethodsRule, PermissionsRule
from ostiary.authz.policy import Anyone, Policy
from ostiary.authz.scopes import ScopesRule
from ostiary.authz.shadow import ShadowRule
from ostiary.authz.subject import SubjectRule
from ostiary.authz.tenant import EnvironmentRule, TenantRule
from ostiary.config.schema import RuleSpec
from ostiary.model import Rule


def _some(value: str | tuple[str, ...]) -> frozenset[str]:
    return frozenset((value,) if isinstance(value, str) else value)


def _each(values: Mapping[str, str | tuple[str, ...]]) -> dict[str, frozenset[str]]:
    return {name: _some(value) for name, value in values.items()}


_RULES: Final[dict[str, Callable[[Any], Rule]]] = {
    "audience": lambda value: AudienceRule(_some(value)),
    "tenant": lambda value: TenantRule(_some(value)),
    "environment": lambda value: EnvironmentRule(_some(value)),
    "permissions": PermissionsRule,
    "scopes": ScopesRule,
    "subject": lambda value: SubjectRule(_some(value)),
    "subject_type": lambda value: ClaimsRule({SUBJECT_TYPE: _some(value)}),
    "claims": lambda value: ClaimsRule(_each(value)),
    "certificate": lambda value: CertificateRule(_each(value)),
    "methods": MethodsRule,
    "source": SourceRule,
    "expression": ExpressionRule,
}


def compile_policy(
    route: str, spec: Literal["anyone"] | tuple[RuleSpec, ...], clock: Callable[[], float] = time.time
) -> Policy | Anyone:
    """Return what a route's `authorize:` describes.

    Args:
        route: the route's name, which the permit carries.
        spec: the rules, all of which must hold; or the word `anyone`.
        clock: epoch seconds.

    Raises:
        ConfigError: there are no rules.
    """
    if spec == "anyone":
        return Anyone(route)
    return Policy(route, [_rule(route, rule, clock) for rule in spec])


def _rule(route: str, spec: RuleSpec, clock: Callable[[], float]) -> Rule:
    rule = TimeRule(spec.time, clock) if spec.time is not None else _RULES[spec.kind](spec.value)
    return ShadowRule(rule, route, spec.kind) if spec.mode == "shadow" else rule

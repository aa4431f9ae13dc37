"""Specs -> the policy of a route."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from ostiary.authz.audience import AudienceRule
from ostiary.authz.permissions import PermissionsRule
from ostiary.authz.policy import Anyone, Policy
from ostiary.authz.scopes import ScopesRule
from ostiary.authz.subject import SubjectRule
from ostiary.authz.tenant import EnvironmentRule, TenantRule
from ostiary.config.schema import RuleSpec
from ostiary.model import Rule


def _some(value: str | tuple[str, ...]) -> frozenset[str]:
    return frozenset((value,) if isinstance(value, str) else value)


_RULES: Final[dict[str, Callable[[Any], Rule]]] = {
    "audience": lambda value: AudienceRule(_some(value)),
    "tenant": lambda value: TenantRule(_some(value)),
    "environment": lambda value: EnvironmentRule(_some(value)),
    "permissions": PermissionsRule,
    "scopes": ScopesRule,
    "subject": lambda value: SubjectRule(_some(value)),
}


def compile_policy(route: str, spec: Literal["anyone"] | tuple[RuleSpec, ...]) -> Policy | Anyone:
    """Return what a route's `authorize:` describes.

    Args:
        route: the route's name, which the permit carries.
        spec: the rules, all of which must hold; or the word `anyone`.

    Raises:
        ConfigError: there are no rules.
    """
    if spec == "anyone":
        return Anyone(route)
    return Policy(route, [_RULES[rule.kind](rule.value) for rule in spec])

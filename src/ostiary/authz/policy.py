"""The rules of a route, all of which must hold. Nothing else makes a Permit."""

from __future__ import annotations

from collections.abc import Iterable

from ostiary.errors import ConfigError
from ostiary.model import Permit, Principal, Request, Rule


class Policy:
    """Rules, all of which must hold; at least one.

    Args:
        name: the route's name.
        rules: the conditions, asked in order.

    Raises:
        ConfigError: there are no rules. Whoever means everybody has to say `anyone`.
    """

    __slots__ = ("_name", "_rules")

    def __init__(self, name: str, rules: Iterable[Rule]) -> None:
        self._name = name
        self._rules = tuple(rules)
        if not self._rules:
            raise ConfigError(f"route {name}: a policy without rules permits everybody; write `authorize: anyone`")

    def permit(self, principal: Principal, request: Request) -> Permit:
        """Return the permit.

        Raises:
            Forbidden: one of the rules does not hold.
        """
        for rule in self._rules:
            rule.check(principal, request)
        return Permit(principal, self._name)


class Anyone:
    """`authorize: anyone`: whoever was authenticated may."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def permit(self, principal: Principal, request: Request) -> Permit:  # noqa: ARG002 - the same for every request
        """Return the permit."""
        return Permit(principal, self._name)

"""The rules of a route, all of which must hold. Nothing else makes a Permit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ostiary.errors import ConfigError
from ostiary.model import Permit, Principal, Request, Rule

_REMEMBERED: Final = 4096
"""Principals whose permits are remembered."""


class Policy:
    """Rules, all of which must hold; at least one.

    What the rules say of a principal is remembered with it where all of them are `lasting`: principals are
    immutable, and those of tokens that were verified before are the same. Refusals are not remembered.

    Args:
        name: the route's name.
        rules: the conditions, asked in order.

    Raises:
        ConfigError: there are no rules. Whoever means everybody has to say `anyone`.
    """

    __slots__ = ("_lasting", "_name", "_permits", "_rules")

    def __init__(self, name: str, rules: Iterable[Rule]) -> None:
        self._name = name
        self._rules = tuple(rules)
        self._lasting = all(getattr(rule, "lasting", False) for rule in self._rules)
        self._permits: dict[int, Permit] = {}
        if not self._rules:
            raise ConfigError(f"route {name}: a policy without rules permits everybody; write `authorize: anyone`")

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The conditions, in order."""
        return self._rules

    def permit(self, principal: Principal, request: Request) -> Permit:
        """Return the permit.

        Raises:
            Forbidden: one of the rules does not hold.
        """
        known = self._permits.get(id(principal))
        if known is not None:  # a permit holds its principal, so that what has this identity is it
            return known
        for rule in self._rules:
            rule.check(principal, request)
        permit = Permit(principal, self._name)
        if self._lasting:
            if len(self._permits) >= _REMEMBERED:
                self._permits.clear()
            self._permits[id(principal)] = permit
        return permit


class Anyone:
    """`authorize: anyone`: whoever was authenticated may."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def permit(self, principal: Principal, request: Request) -> Permit:  # noqa: ARG002 - the same for every request
        """Return the permit."""
        return Permit(principal, self._name)

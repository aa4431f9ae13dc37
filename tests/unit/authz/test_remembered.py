"""When is a permit given again without asking?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.authz.test_policy import somebody

from ostiary.authz.policy import Policy
from ostiary.errors import Forbidden
from ostiary.model import Principal, Request


class Asked:
    """A rule that counts, and refuses once it is told to."""

    def __init__(self, *, lasting: bool | None) -> None:
        if lasting is not None:
            self.lasting = lasting
        self.asked = 0
        self.refuses = False

    def check(self, principal: Principal, request: Request) -> None:
        self.asked += 1
        if self.refuses:
            raise Forbidden("told so")


REQUEST: Request = None  # type: ignore[assignment] - nobody looks at it


def test_what_holds_for_good_is_asked_once() -> None:
    rules = Asked(lasting=True), Asked(lasting=True)
    policy, alice = Policy("a", rules), somebody()
    first = policy.permit(alice, REQUEST)
    assert policy.permit(alice, REQUEST) is first
    assert [rule.asked for rule in rules] == [1, 1]


@pytest.mark.parametrize("other", [False, None])
@pytest.mark.parametrize("turned", [False, True])
def test_one_rule_that_depends_on_the_request_is_asked_each_time(other: bool | None, turned: bool) -> None:
    rules = [Asked(lasting=True), Asked(lasting=other)]
    policy, alice = Policy("a", rules[::-1] if turned else rules), somebody()
    policy.permit(alice, REQUEST)
    rules[1].refuses = True
    with pytest.raises(Forbidden):
        policy.permit(alice, REQUEST)


def test_a_refusal_is_asked_anew() -> None:
    rule = Asked(lasting=True)
    policy, alice = Policy("a", [rule]), somebody()
    rule.refuses = True
    for _ in range(2):
        with pytest.raises(Forbidden):
            policy.permit(alice, REQUEST)
    rule.refuses = False
    assert policy.permit(alice, REQUEST).principal is alice


def test_somebody_who_looks_the_same_is_asked_himself() -> None:
    rule = Asked(lasting=True)
    policy, alice = Policy("a", [rule]), somebody()
    policy.permit(alice, REQUEST)
    rule.refuses = True
    with pytest.raises(Forbidden):
        policy.permit(replace(alice), REQUEST)


def test_nobody_takes_the_place_of_one_who_is_gone() -> None:
    """A permit is found by the principal's identity, so that it holds him."""
    rule = Asked(lasting=True)
    policy = Policy("a", [rule])
    for _ in range(500):
        policy.permit(somebody(), REQUEST)
    assert rule.asked == 500


def test_only_so_many_are_remembered() -> None:
    rule = Asked(lasting=True)
    policy, people = Policy("a", [rule]), [somebody() for _ in range(4097)]
    for one in people[:4096]:
        policy.permit(one, REQUEST)
    policy.permit(people[0], REQUEST)
    assert rule.asked == 4096
    policy.permit(people[4096], REQUEST)
    assert rule.asked == 4097
    policy.permit(people[0], REQUEST)
    assert rule.asked == 4098
    assert policy.permit(people[0], REQUEST) is policy.permit(people[0], REQUEST)

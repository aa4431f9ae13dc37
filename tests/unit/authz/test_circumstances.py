"""Where does a place end, and where does a time, to the last address and to the minute?"""

from __future__ import annotations

import pytest
from tests.unit.authz.test_policy import somebody
from tests.unit.authz.test_rules import arriving, at, timed

from ostiary.authz.circumstances import SourceRule
from ostiary.errors import Forbidden


@pytest.mark.parametrize(
    ("time", "within"),
    [
        ("08:29:59", False),
        ("08:30", True),
        ("08:59:59", True),
        ("09:01", True),
        ("17:44:59", True),
        ("17:45", False),
        ("17:00", True),
        ("07:59", False),
        ("18:10", False),
    ],
)
def test_a_day_begins_and_ends_to_the_minute(time: str, within: bool) -> None:
    rule = timed(days=["tue"], begin="08:30", end="17:45")
    assert at(rule, f"2026-11-24T{time}") is within


@pytest.mark.parametrize(
    ("moment", "within"),
    [
        ("24T22:14:59", False),
        ("24T22:15", True),
        ("24T23:59:59", True),
        ("25T00:00", True),
        ("25T05:44:59", True),
        ("25T05:45", False),
        ("24T05:00", False),
        ("25T22:15", False),
    ],
)
def test_a_night_begins_and_ends_to_the_minute(moment: str, within: bool) -> None:
    rule = timed(days=["tue"], begin="22:15", end="05:45")
    assert at(rule, f"2026-11-{moment}") is within


def inside(rule: SourceRule, address: str) -> bool:
    try:
        rule.check(somebody(), arriving(address=address))
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize(
    ("address", "within"),
    [
        ("9.255.255.255", False),
        ("10.0.0.0", True),
        ("10.0.0.255", True),
        ("10.0.1.0", False),
        ("::ffff:10.0.0.7", True),
        ("::ffff:10.0.1.7", False),
        ("::10.0.0.7", False),
        ("64:ff9b::a00:7", False),
        ("0a00::", False),
        ("fe80::1", True),
        ("fe80::1%eth0", True),
        ("fe80:0:0:1::", False),
        ("10.0.0.007", False),
        ("10.7", False),
        ("167772167", False),
        ("10.0.0.7 ", False),
        ("%", False),
    ],
)
def test_a_network_ends_with_its_last_address(address: str, within: bool) -> None:
    rule = SourceRule(["10.0.0.0/24", "fe80::/64"])
    assert inside(rule, address) is within
    assert inside(rule, address) is within, "remembered, it is the same"


def test_what_is_remembered_of_one_address_is_not_said_of_another() -> None:
    rule = SourceRule(["10.0.0.0/24"])
    for last in range(300):
        assert inside(rule, f"10.0.{last // 256}.{last % 256}") is (last < 256)

"""What of a token is shown by explaining a condition?"""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.tokens import request
from tests.unit.authz.test_policy import somebody

from ostiary.config.rules import RuleSpec
from ostiary.explain.reading import read_by

CLAIMS = {"aud": ["a"], "subjectType": "User", "plan": "gold", "secret-plan": "canary"}


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"tenant": "t1"}, "tenant 't1'"),
        ({"environment": "live"}, "environment absent"),
        ({"subject": "x"}, "subject 'alice'"),
        ({"scopes": {"any": ["read"]}}, "scopes 'read write'"),
        ({"audience": "a"}, "aud ['a']"),
        ({"subject_type": "User"}, "subjectType 'User'"),
        ({"claims": {"plan": "gold", "nothing": "x"}}, "plan 'gold', nothing absent"),
        ({"permissions": {"s": {"any": ["read"]}, "t": {"any": ["x"]}}}, "permissions {'s': ['read'], 't': None}"),
        ({"methods": {"GET": {"s": {"any": ["read"]}}}}, "method 'GET', permissions {'s': ['read']}"),
        ({"methods": {"GET": "anyone"}}, "method 'GET', permissions {}"),
        ({"source": ["10.0.0.0/8"]}, "address '127.0.0.1'"),
        ({"time": {"begin": "06:00"}}, ""),
    ],
)
def test_what_a_condition_reads_is_shown_and_nothing_else(rule: dict[str, Any], says: str) -> None:
    principal = somebody(CLAIMS, tenant="t1", scopes="read write", permissions={"s": ["read"], "u": ["canary"]})
    told = read_by(RuleSpec.model_validate(rule), principal, request())
    assert told == says
    assert "canary" not in told


def test_it_is_bounded() -> None:
    principal = somebody(scopes="x" * 10_000)
    assert len(read_by(RuleSpec.model_validate({"scopes": {"any": ["read"]}}), principal, request())) < 250


def test_permissions_that_are_none_are_shown_as_they_are() -> None:
    rule = RuleSpec.model_validate({"permissions": {"s": {"any": ["read"]}}})
    assert read_by(rule, somebody(permissions="read"), request()) == "permissions 'read'"

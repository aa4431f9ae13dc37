"""What does an expression see, and what of it is a yes?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.support.tokens import certificate
from tests.unit.authz.test_policy import somebody
from tests.unit.authz.test_rules import arriving

from ostiary.authz.expression import ExpressionRule
from ostiary.errors import Forbidden
from ostiary.model import Principal, Request
from ostiary.reasons import Reason

pytest.importorskip("cel", reason="the library for CEL is not installed (ostiary[cel])")

ALICE = somebody(
    {"level": 3}, tenant="t1", environment="e1", permissions={"accounts": ["read"]}, scopes="accounts.read openid"
)
SHOWN = replace(
    certificate(),
    common_names=("alice", "al"),
    san_uris=("spiffe://example.com/alice",),
    san_dns=("alice.example.com",),
    san_emails=("alice@example.com",),
)


def said(text: str, principal: Principal = ALICE, request: Request | None = None) -> Reason | None:
    try:
        ExpressionRule(text).check(principal, request or arriving(address="192.0.2.7"))
    except Forbidden as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("principal.subject", '"alice"'),
        ("principal.issuer", '"bank"'),
        ("principal.method", '"jwt"'),
        ("principal.tenant", '"t1"'),
        ("principal.environment", '"e1"'),
        ("principal.claims", '{"level": 3}'),
        ("principal.permissions", '{"accounts": ["read"]}'),
        ("principal.scopes", '"accounts.read openid"'),
        ("request.method", '"GET"'),
        ("request.host", '"api.example.com"'),
        ("request.path", '"/"'),
        ("request.source", '"192.0.2.7"'),
        ("certificate", "null"),
    ],
)
def test_it_sees_who_asks_and_for_what(field: str, value: str) -> None:
    assert said(f"{field} == {value}") is None
    assert said(f"{field} != {value}") is Reason.EXPRESSION_FALSE


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", '"CN=alice"'),
        ("issuer", '"CN=ca"'),
        ("cn", '["alice", "al"]'),
        ("san_uris", '["spiffe://example.com/alice"]'),
        ("san_dns", '["alice.example.com"]'),
        ("san_emails", '["alice@example.com"]'),
    ],
)
def test_it_sees_the_certificate_of_principal_or_connection(field: str, value: str) -> None:
    text = f"certificate.{field} == {value}"
    assert said(text, replace(ALICE, certificate=SHOWN)) is None
    assert said(text, request=arriving(certificate=SHOWN)) is None
    other = arriving(certificate=replace(SHOWN, subject="CN=proxy", common_names=("proxy",)))
    assert said(text, replace(ALICE, certificate=SHOWN), other) is None, "the principal's comes first"


def test_without_a_certificate_whoever_asks_for_one_is_refused() -> None:
    assert said("certificate.subject == 'CN=alice'") is Reason.EXPRESSION_FAILED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("true", None),
        ("false", Reason.EXPRESSION_FALSE),
        ("principal.claims.level > 3", Reason.EXPRESSION_FALSE),
        *((text, Reason.EXPRESSION_FAILED) for text in ("1", "0", '"true"', '""', "[true]", "{}", "null", "1.0")),
        ("principal.claims.nothing", Reason.EXPRESSION_FAILED),
        ("1 / 0 == 1", Reason.EXPRESSION_FAILED),
    ],
)
def test_only_true_is_a_yes_and_only_false_is_a_no(text: str, reason: Any) -> None:
    assert said(text) is reason

"""What else can be asked of a caller: kind, claims, certificate, method, place, time, or anything at all?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.support.tokens import Clock, certificate, request
from tests.unit.authz.test_policy import AUTHORIZE, judge, somebody

from ostiary.authz import compile_policy
from ostiary.authz.circumstances import SourceRule, TimeRule
from ostiary.authz.policy import Policy
from ostiary.authz.shadow import ShadowRule
from ostiary.config.rules import TimeSpec
from ostiary.errors import ConfigError, Forbidden
from ostiary.model import Peer, Principal, Request
from ostiary.reasons import Reason


def ask(rules: Any, principal: Principal, incoming: Request) -> Reason | None:
    try:
        compile_policy("accounts", AUTHORIZE.validate_python(rules)).permit(principal, incoming)
    except Forbidden as error:
        return error.reason
    return None


def arriving(method: str = "GET", address: str = "127.0.0.1", **facts: Any) -> Request:
    made = request(**facts)
    made.method = method
    made.peer = replace(made.peer, address=address)
    return made


# --- claims ------------------------------------------------------------------------------------


def test_the_kind_of_subject_is_one_of_the_accepted() -> None:
    rules = [{"subject_type": ["ServiceAccount", "UserAccount"]}]
    assert judge(rules, somebody({"subjectType": "UserAccount"})) is None
    for kind in ("ManagedServiceAccount", "useraccount", "", None, 5, ["x"]):
        assert judge(rules, somebody({"subjectType": kind})) is Reason.CLAIM_NOT_ALLOWED
    assert judge(rules, somebody({})) is Reason.CLAIM_NOT_ALLOWED


def test_each_claim_has_one_of_its_values() -> None:
    rules = [{"claims": {"azp": "robot", "groups": ["staff", "board"]}}]
    assert judge(rules, somebody({"azp": "robot", "groups": ["guests", "staff"]})) is None
    for claims in (
        {"azp": "robot"},
        {"azp": "robot", "groups": ["guests"]},
        {"azp": "robot", "groups": "staffx"},
        {"azp": "robot", "groups": ["staff", 5]},
        {"azp": "robot", "groups": {"staff": True}},
        {"azp": ["other"], "groups": "staff"},
    ):
        assert judge(rules, somebody(claims)) is Reason.CLAIM_NOT_ALLOWED, claims


# --- the certificate ---------------------------------------------------------------------------


def test_fields_of_the_certificate_of_principal_or_connection() -> None:
    shown = replace(certificate(), organizations=("Bank",), san_uris=("spiffe://a/b", "spiffe://a/c"))
    rules = [{"certificate": {"o": "Bank", "san.uri": ["spiffe://a/c"], "cn": "alice"}}]
    assert ask(rules, somebody(), arriving(certificate=shown)) is None
    assert ask(rules, somebody(certificate=shown), arriving()) is None
    assert ask(rules, somebody(), arriving()) is Reason.CERTIFICATE_MISSING
    other = replace(shown, organizations=("bank",))
    assert ask(rules, somebody(certificate=other), arriving(certificate=shown)) is Reason.CERTIFICATE_NAME_NOT_ALLOWED


# --- methods -----------------------------------------------------------------------------------


def test_permissions_by_method_and_no_other_method() -> None:
    rules = [
        {
            "methods": {
                "GET": {"accounts": {"any": ["read"]}},
                "POST": {"accounts": {"all": ["manage"]}},
                "HEAD": "anyone",
            }
        }
    ]
    reader = somebody(permissions={"accounts": ["read"]})
    assert ask(rules, reader, arriving("GET")) is None
    assert ask(rules, reader, arriving("HEAD")) is None
    assert ask(rules, reader, arriving("POST")) is Reason.PERMISSION_MISSING
    assert ask(rules, reader, arriving("DELETE")) is Reason.METHOD_NOT_PERMITTED
    assert ask(rules, somebody(), arriving("GET")) is Reason.PERMISSION_MISSING


def test_what_depends_on_the_request_is_asked_each_time_of_the_same_principal() -> None:
    policy = compile_policy("x", AUTHORIZE.validate_python([{"methods": {"GET": "anyone"}}]))
    alice = somebody()
    policy.permit(alice, arriving("GET"))
    with pytest.raises(Forbidden):
        policy.permit(alice, arriving("POST"))


# --- scopes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "held", "granted"),
    [
        ("exact", "accounts.read", True),
        ("exact", "accounts", False),
        ("exact", "accounts.*", False),
        ("hierarchic", "accounts", True),
        ("hierarchic", "accounts.read", True),
        ("hierarchic", "account", False),
        ("hierarchic", "accounts.rea", False),
        ("hierarchic", "accounts.read.own", False),
        ("hierarchic", "", False),
        ("hierarchic", "*", False),
        ("wildcard", "accounts.*", True),
        ("wildcard", "*.read", True),
        ("wildcard", "*", True),
        ("wildcard", "accounts.read", True),
        ("wildcard", "accounts", False),
        ("wildcard", "accounts.r*", False),
        ("wildcard", "acc*", False),
        ("wildcard", "*.write", False),
        ("wildcard", "accounts.read.*", False),
        ("wildcard", "", False),
    ],
)
def test_how_scopes_grant(match: str, held: str, granted: bool) -> None:
    rules = [{"scopes": {"any": ["accounts.read"], "match": match}}]
    assert judge(rules, somebody(scopes=f"openid {held}")) is (None if granted else Reason.SCOPE_MISSING)


def test_a_star_at_the_end_is_any_rest_and_what_is_wanted_is_never_a_pattern() -> None:
    wide = [{"scopes": {"all": ["accounts.read.own", "accounts:write"], "match": "wildcard"}}]
    assert judge(wide, somebody(scopes=["accounts.*"])) is None
    literal = [{"scopes": {"any": ["accounts.*"], "match": "wildcard"}}]
    assert judge(literal, somebody(scopes="accounts.read")) is Reason.SCOPE_MISSING


# --- from where --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("11.0.0.1", False),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("", False),
        ("nonsense", False),
        ("fe80::1%eth0", False),
    ],
)
def test_from_where(address: str, inside: bool) -> None:
    rules = [{"source": ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"]}]
    for _ in range(2):
        assert ask(rules, somebody(), arriving(address=address)) is (None if inside else Reason.SOURCE_NOT_ALLOWED)


def test_addresses_are_remembered_and_not_without_end() -> None:
    rule = SourceRule(["10.0.0.0/8"])
    for number in range(5000):
        rule.check(somebody(), arriving(address=f"10.0.{number // 250}.{number % 250}"))
    assert len(rule._known) <= 4096


# --- when --------------------------------------------------------------------------------------


def at(rule: TimeRule, text: str) -> bool:
    rule._clock.now = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()  # type: ignore[attr-defined]
    try:
        rule.check(somebody(), arriving())
    except Forbidden:
        return False
    return True


def timed(**block: Any) -> TimeRule:
    return TimeRule(TimeSpec.model_validate(block), Clock())


def test_working_hours_begin_and_end_where_the_clock_hangs() -> None:
    rule = timed(days=["mon", "tue", "wed", "thu", "fri"], begin="08:00", end="18:00", zone="Europe/Berlin")
    assert not at(rule, "2026-11-23T06:59")  # a Monday, 07:59 there
    assert at(rule, "2026-11-23T07:00")
    assert at(rule, "2026-11-23T16:59")
    assert not at(rule, "2026-11-23T17:00")
    assert not at(rule, "2026-11-22T12:00")
    assert at(rule, "2026-07-06T06:00")  # summer time


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    rule = timed(days=["fri"], begin="22:00", end="06:00")
    assert at(rule, "2026-11-27T22:00")
    assert at(rule, "2026-11-28T05:59")
    assert not at(rule, "2026-11-28T06:00")
    assert not at(rule, "2026-11-28T22:00")
    assert not at(rule, "2026-11-27T05:00")


def test_whole_days() -> None:
    rule = timed(days=["sat", "sun"])
    assert at(rule, "2026-11-28T00:00")
    assert at(rule, "2026-11-29T23:59")
    assert not at(rule, "2026-11-30T00:00")


# --- anything ----------------------------------------------------------------------------------

pytestmark_cel = pytest.mark.usefixtures("cel")


@pytest.fixture
def cel() -> Any:
    return pytest.importorskip("cel", reason="the library for CEL is not installed (ostiary[cel])")


@pytest.mark.usefixtures("cel")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('principal.claims.level >= 3 && request.method in ["GET", "HEAD"]', None),
        ('principal.subject == "alice" && principal.tenant == "t1"', None),
        ('request.path.startsWith("/") && request.host.endsWith("example.com")', None),
        ('principal.permissions.accounts.exists(p, p == "read")', None),
        ("certificate == null", None),
        ("has(principal.claims.level) && !has(principal.claims.nothing)", None),
        ("principal.claims.level > 3", Reason.EXPRESSION_FALSE),
        ("principal.claims.nothing", Reason.EXPRESSION_FAILED),
        ("principal.claims.level", Reason.EXPRESSION_FAILED),  # 3 is no yes
        ('"true"', Reason.EXPRESSION_FAILED),
        ("certificate.cn[0] == 'alice'", Reason.EXPRESSION_FAILED),
        ("1 / 0 == 1", Reason.EXPRESSION_FAILED),
        ("principal.claims.level == principal", Reason.EXPRESSION_FALSE),
    ],
)
def test_an_expression_is_true_or_no(text: str, reason: Reason | None) -> None:
    alice = somebody({"level": 3}, tenant="t1", permissions={"accounts": ["read"]})
    found = ask([{"expression": text}], alice, arriving())
    assert (found is None) is (reason is None)
    if reason is not None:
        assert found in (Reason.EXPRESSION_FALSE, Reason.EXPRESSION_FAILED)


@pytest.mark.usefixtures("cel")
def test_an_expression_that_is_none_stops_the_start() -> None:
    with pytest.raises(ConfigError, match="expression"):
        ask([{"expression": "1 +"}], somebody(), arriving())


# --- trying out --------------------------------------------------------------------------------


def test_a_shadow_refuses_nobody_and_says_whom_it_would_have() -> None:
    policy = compile_policy("x", AUTHORIZE.validate_python([{"subject": "bob", "mode": "shadow"}, {"tenant": "t1"}]))
    assert isinstance(policy, Policy)
    shadow = policy.rules[0]
    assert isinstance(shadow, ShadowRule)
    with capture_logs() as logs:
        for name in ("alice", "bob", "alice"):
            policy.permit(replace(somebody(tenant="t1"), subject=name), arriving())
    assert (shadow.judged, shadow.refused) == (3, 2)
    assert [(one["event"], one["route"], one["rule"], one["reason"]) for one in logs] == [
        ("would be refused", "x", "subject", "subject.not-allowed")
    ]
    with pytest.raises(Forbidden):  # the others are enforced
        policy.permit(somebody(tenant="t2"), arriving())


def test_a_shadow_s_log_is_a_line_a_second_with_how_many_there_were() -> None:
    class No:
        def check(self, principal: Principal, incoming: Request) -> None:
            raise Forbidden("no")

    clock = Clock(100.0)
    shadow = ShadowRule(No(), "x", "subject", clock)
    with capture_logs() as logs:
        for _ in range(100):
            shadow.check(somebody(), arriving())
        clock.now += 1
        shadow.check(somebody(), arriving())
    assert [one["since"] for one in logs] == [1, 100]


def test_a_shadow_is_asked_every_time_though_the_rest_is_remembered() -> None:
    policy = compile_policy("x", AUTHORIZE.validate_python([{"subject": "bob", "mode": "shadow"}]))
    assert isinstance(policy, Policy)
    alice = somebody()
    for _ in range(3):
        policy.permit(alice, arriving())
    assert isinstance(policy.rules[0], ShadowRule)
    assert policy.rules[0].judged == 3


@given(st.lists(st.sampled_from(["read", "manage", "own"]), unique=True), st.sampled_from(["any", "all"]), st.data())
def test_taking_a_permission_away_never_grants(held: list[str], quantity: str, data: st.DataObject) -> None:
    wanted = data.draw(st.lists(st.sampled_from(["read", "manage", "own"]), min_size=1, unique=True))
    rules = [{"methods": {"GET": {"accounts": {quantity: wanted}}}}]
    fewer = held[:-1]
    before = ask(rules, somebody(permissions=MappingProxyType({"accounts": held}).copy()), arriving())
    after = ask(rules, somebody(permissions={"accounts": fewer}), arriving())
    assert before is None or after is not None


def test_a_peer_without_an_address_is_from_nowhere() -> None:
    incoming = arriving()
    incoming.peer = Peer("")
    assert ask([{"source": ["0.0.0.0/0", "::/0"]}], somebody(), incoming) is Reason.SOURCE_NOT_ALLOWED

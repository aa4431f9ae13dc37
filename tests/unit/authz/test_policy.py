"""Who may, and why may the others not?"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from tests.support.tokens import request

from ostiary.authz import compile_policy
from ostiary.authz.policy import Policy
from ostiary.config.schema import RouteSpec
from ostiary.errors import ConfigError, Forbidden
from ostiary.model import Principal
from ostiary.reasons import Reason

AUTHORIZE: TypeAdapter[Any] = TypeAdapter(RouteSpec.model_fields["authorize"].annotation)
REQUEST = request()


def judge(rules: Any, principal: Principal) -> Reason | None:
    policy = compile_policy("accounts", AUTHORIZE.validate_python(rules))
    try:
        permit = policy.permit(principal, REQUEST)
    except Forbidden as error:
        return error.reason
    assert permit.principal is principal
    assert permit.policy == "accounts"
    return None


def somebody(claims: dict[str, Any] | None = None, **facts: Any) -> Principal:
    return Principal(subject="alice", issuer="bank", method="jwt", claims=MappingProxyType(claims or {}), **facts)


def test_anyone_is_a_word() -> None:
    assert judge("anyone", somebody()) is None


def test_a_policy_without_rules_cannot_be_made() -> None:
    with pytest.raises(ConfigError, match="anyone"):
        Policy("accounts", [])
    with pytest.raises(ConfigError):
        compile_policy("accounts", ())


def test_all_rules_must_hold() -> None:
    rules = [{"tenant": "t1"}, {"subject": "alice"}]
    assert judge(rules, somebody(tenant="t1")) is None
    assert judge(rules, somebody(tenant="t2")) is Reason.TENANT_MISMATCH
    assert judge([{"tenant": "t1"}, {"subject": "bob"}], somebody(tenant="t1")) is Reason.SUBJECT_NOT_ALLOWED


@pytest.mark.parametrize("accepted", ["t1", ["t1"], ["t0", "t1"]])
@pytest.mark.parametrize("kind", ["tenant", "environment"])
def test_a_tenant_or_environment_is_one_of_the_accepted(kind: str, accepted: Any) -> None:
    assert judge([{kind: accepted}], somebody(**{kind: "t1"})) is None


@pytest.mark.attack(27)
@pytest.mark.parametrize("value", ["t2", "T1", "t1 ", "t", "t11", "*", "t\u0131", "\uff541"])
def test_another_tenant_or_environment_is_refused(value: str) -> None:
    assert judge([{"tenant": "t1"}], somebody(tenant=value)) is Reason.TENANT_MISMATCH
    assert judge([{"environment": "t1"}], somebody(environment=value)) is Reason.ENVIRONMENT_MISMATCH


def test_no_tenant_or_environment_is_refused() -> None:
    assert judge([{"tenant": "t1"}], somebody()) is Reason.TENANT_MISSING
    assert judge([{"environment": "e1"}], somebody()) is Reason.ENVIRONMENT_MISSING


@pytest.mark.parametrize("aud", ["a", ["a"], ["b", "a"]])
def test_the_token_is_meant_for_an_accepted_audience(aud: Any) -> None:
    assert judge([{"audience": ["a", "x"]}], somebody({"aud": aud})) is None


@pytest.mark.parametrize("aud", [None, [], "b", "A", ["b"], {"a": 1}, 5, [5, None], [["a"]], [{"a": 1}]])
def test_a_token_for_others_is_refused(aud: Any) -> None:
    assert judge([{"audience": "a"}], somebody({"aud": aud})) is Reason.AUDIENCE_NOT_ALLOWED


def test_a_principal_without_a_token_has_no_audience() -> None:
    assert judge([{"audience": "a"}], somebody()) is Reason.AUDIENCE_NOT_ALLOWED


ANY = [{"permissions": {"accounts": {"any": ["read", "manage"]}}}]
ALL = [{"permissions": {"accounts": {"all": ["read", "manage"]}}}]


def test_any_permission_of_several_is_enough() -> None:
    assert judge(ANY, somebody(permissions={"accounts": ["manage", "else"]})) is None
    assert judge(ANY, somebody(permissions={"accounts": ["else"]})) is Reason.PERMISSION_MISSING


def test_all_permissions_may_be_wanted() -> None:
    assert judge(ALL, somebody(permissions={"accounts": ["manage", "read"]})) is None
    assert judge(ALL, somebody(permissions={"accounts": ["manage"]})) is Reason.PERMISSION_MISSING


def test_permissions_of_every_service_named_are_wanted() -> None:
    rules = [{"permissions": {"a": {"any": ["x"]}, "b": {"any": ["y"]}}}]
    assert judge(rules, somebody(permissions={"a": ["x"], "b": ["y"]})) is None
    assert judge(rules, somebody(permissions={"a": ["x", "y"]})) is Reason.PERMISSION_MISSING


@pytest.mark.parametrize(
    "held", [None, {}, {"accounts": []}, {"other": ["read"]}, {"Accounts": ["read"]}, {"accounts": ["READ"]}]
)
def test_absent_permissions_are_missing(held: Any) -> None:
    assert judge(ANY, somebody(permissions=held)) is Reason.PERMISSION_MISSING


@pytest.mark.attack(27)
@pytest.mark.parametrize(
    "held",
    [
        "accounts:read",
        ["read"],
        5,
        True,
        {"accounts": "read"},
        {"accounts": {"read": True}},
        {"accounts": None},
        {"accounts": True},
        {"accounts": ["read", 5]},
        {"accounts": ["read", None]},
        {"accounts": [["read"]]},
    ],
)
def test_permissions_of_the_wrong_type_are_refused_as_unreadable(held: Any) -> None:
    assert judge(ANY, somebody(permissions=held)) is Reason.PERMISSION_INVALID


@pytest.mark.attack(27)
@pytest.mark.parametrize(
    "look_alike", ["re\u0430d", "\uff52ead", "read\u200b", "r\u0065\u0301ad", "*", "", "rea", "reads", "read "]
)
def test_a_look_alike_or_a_wildcard_is_another_permission(look_alike: str) -> None:
    assert judge(ANY, somebody(permissions={"accounts": [look_alike]})) is Reason.PERMISSION_MISSING


SCOPED = [{"scopes": {"all": ["a", "b"]}}]


@pytest.mark.parametrize("held", ["a b", "b a c", ["b", "a"]])
def test_scopes_are_a_string_with_spaces_or_a_list(held: Any) -> None:
    assert judge(SCOPED, somebody(scopes=held)) is None


@pytest.mark.parametrize("held", [None, "", "a", "ab", "a,b", "a\tb", "A B", "a\u00a0b", [], ["a"], ["a b"]])
def test_a_scope_that_is_not_there_is_missing(held: Any) -> None:
    assert judge(SCOPED, somebody(scopes=held)) is Reason.SCOPE_MISSING


@pytest.mark.parametrize("held", [5, True, {"a": 1, "b": 1}, ["a", "b", 5], [None]])
def test_scopes_of_the_wrong_type_are_refused_as_unreadable(held: Any) -> None:
    assert judge(SCOPED, somebody(scopes=held)) is Reason.PERMISSION_INVALID


@pytest.mark.parametrize("subject", ["alice@example.com", "alice", ["bob", "alice"]])
def test_a_subject_is_one_of_the_accepted_to_the_letter(subject: Any) -> None:
    expected = None if "alice" in ([subject] if isinstance(subject, str) else subject) else Reason.SUBJECT_NOT_ALLOWED
    assert judge([{"subject": subject}], somebody()) is expected


NAMES = st.sampled_from(["read", "manage", "write", "*", "READ", ""])
HELD = st.dictionaries(st.sampled_from(["accounts", "reports", "*"]), st.lists(NAMES, max_size=4), max_size=3)
WANTED = st.dictionaries(
    st.sampled_from(["accounts", "reports"]),
    st.tuples(
        st.sampled_from(["any", "all"]), st.lists(st.sampled_from(["read", "manage", "write"]), min_size=1, max_size=3)
    ),
    min_size=1,
).map(lambda wanted: [{"permissions": {service: {how: names} for service, (how, names) in wanted.items()}}])


@given(WANTED, HELD, st.data())
def test_removing_a_permission_never_grants(rules: Any, held: dict[str, list[str]], data: st.DataObject) -> None:
    services = [service for service, names in held.items() if names]
    assume(services)
    service = data.draw(st.sampled_from(services))
    removed = data.draw(st.sampled_from(held[service]))
    fewer = {**held, service: [name for name in held[service] if name != removed]}
    if judge(rules, somebody(permissions=held)) is not None:
        assert judge(rules, somebody(permissions=fewer)) is not None


@pytest.mark.attack(27)
@given(WANTED, HELD, st.sampled_from([None, "read", 5, {"read": 1}, [5], True]), st.data())
def test_spoiling_a_claim_never_grants(rules: Any, held: dict[str, Any], spoiled: Any, data: st.DataObject) -> None:
    assume(held)
    service = data.draw(st.sampled_from(sorted(held)))
    if judge(rules, somebody(permissions=held)) is not None:
        assert judge(rules, somebody(permissions={**held, service: spoiled})) is not None
    assert judge(rules, somebody(permissions=spoiled)) is not None


SCOPES = st.sampled_from(["read", "read:accounts", "read:*", "write", "write:accounts:1", "*"])


@given(
    st.lists(SCOPES, min_size=1, max_size=3, unique=True),
    st.sampled_from(["any", "all"]),
    st.lists(SCOPES, min_size=1, max_size=4, unique=True),
    st.sampled_from(["exact", "hierarchic", "wildcard"]),
    st.data(),
)
def test_removing_a_scope_never_grants(wanted: Any, how: str, held: list[str], match: str, data: st.DataObject) -> None:
    rules = [{"scopes": {how: wanted, "match": match}}]
    removed = data.draw(st.sampled_from(held))
    fewer = [one for one in held if one != removed]
    for shown, less in ((held, fewer), (" ".join(held), " ".join(fewer))):
        if judge(rules, somebody(scopes=shown)) is not None:
            assert judge(rules, somebody(scopes=less)) is not None

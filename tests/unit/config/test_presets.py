"""What does one word say of a provider?"""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.providers import GUID, PROVIDERS, Double

from ostiary.config.presets import Unfit, doubts, resolve
from ostiary.config.schema import IssuerSpec


def spec(**block: Any) -> IssuerSpec:
    return resolve(IssuerSpec.model_validate(block))


def unfit(**block: Any) -> Unfit:
    with pytest.raises(Unfit) as caught:
        spec(**block)
    return caught.value


@pytest.mark.parametrize("double", PROVIDERS, ids=lambda double: double.preset)
def test_the_keys_are_where_the_provider_publishes_them(double: Double) -> None:
    found = spec(preset=double.preset, **double.block)
    assert getattr(found, double.place) == double.url
    assert found.preset is None


@pytest.mark.parametrize("double", PROVIDERS, ids=lambda double: double.preset)
def test_what_the_file_says_of_keys_algorithms_and_claims_stays(double: Double) -> None:
    mirror = {"jwks_url": "https://mirror.example/keys", "claims": {"permissions": "rights"}, "leeway": "5s"}
    found = spec(**{"preset": double.preset, **double.block, **mirror})
    assert found.jwks_url == "https://mirror.example/keys"
    assert found.certificates_url is None
    assert found.claims.permissions == "rights"
    assert found.leeway == 5.0


def test_google_has_two_spellings() -> None:
    found = spec(preset="google", audiences=["a"])
    assert found.identifiers == ("https://accounts.google.com", "accounts.google.com")
    assert spec(preset="google", issuer="accounts.google.com", audiences=["a"]).identifiers == found.identifiers
    assert unfit(preset="google", issuer="https://google.com", audiences=["a"]).suggestion == found.issuer


def test_auth0_without_its_slash_is_refused_with_the_right_spelling() -> None:
    error = unfit(preset="auth0", issuer="https://bank.eu.auth0.com", audiences=["a"])
    assert (error.key, error.suggestion) == ("issuer", "https://bank.eu.auth0.com/")


def test_okta_itself_publishes_elsewhere_and_is_warned_about() -> None:
    block = {"preset": "okta", "issuer": "https://bank.okta.com", "audiences": ["a"]}
    assert spec(**block).jwks_url == "https://bank.okta.com/oauth2/v1/keys"
    ((key, _, help_),) = doubts(IssuerSpec.model_validate(block))
    assert key == "issuer"
    assert "/oauth2/default" in help_
    assert not list(doubts(IssuerSpec.model_validate({**block, "issuer": "https://bank.okta.com/oauth2/default"})))


@pytest.mark.parametrize(
    "written",
    [
        {"tenant": GUID},
        {"tenant": GUID.upper()},
        {"issuer": f"https://login.microsoftonline.com/{GUID}/v2.0"},
        {"issuer": f"https://login.microsoftonline.com/{GUID}/discovery/v2.0/"},  # as documents of others say
        {"issuer": f"https://sts.windows.net/{GUID}/"},
    ],
)
def test_entra_means_both_issuers_of_a_directory_however_it_is_written(written: dict[str, str]) -> None:
    found = spec(preset="entra", audiences=["a"], **written)
    assert found.identifiers == (
        f"https://login.microsoftonline.com/{GUID}/v2.0",
        f"https://sts.windows.net/{GUID}/",
    )
    assert found.jwks_url == f"https://login.microsoftonline.com/{GUID}/discovery/v2.0/keys"
    assert found.tenant == GUID


@pytest.mark.parametrize("claim", ["email", "upn", "preferred_username"])
def test_entra_s_names_that_anybody_can_write_are_warned_about(claim: str) -> None:
    block = {"preset": "entra", "tenant": GUID, "audiences": ["a"], "claims": {"subject": claim}}
    ((key, message, help_),) = doubts(IssuerSpec.model_validate(block))
    assert (key, claim in message, "oid" in help_) == ("claims", True, True)


@pytest.mark.parametrize("double", PROVIDERS, ids=lambda double: double.preset)
def test_what_has_been_resolved_is_as_if_written_so(double: Double) -> None:
    once = spec(preset=double.preset, **double.block)
    assert resolve(once) == once


def test_entra_s_documented_url_is_accepted_with_a_warning() -> None:
    block = {"preset": "entra", "issuer": f"https://login.microsoftonline.com/{GUID}/discovery/v2.0/"}
    ((_, message, help_),) = doubts(IssuerSpec.model_validate({**block, "audiences": ["a"]}))
    assert "no token" in message
    assert f"tenant: {GUID}" in help_


@pytest.mark.parametrize("tenant", ["common", "organizations", "bank.onmicrosoft.com"])
def test_entra_wants_one_directory(tenant: str) -> None:
    assert unfit(preset="entra", tenant=tenant, audiences=["a"]).key == "tenant"


def test_entra_of_two_directories_is_a_contradiction() -> None:
    issuer = f"https://login.microsoftonline.com/{GUID}/v2.0"
    assert unfit(preset="entra", issuer=issuer, tenant=GUID[::-1].replace("1", "2"), audiences=["a"]).key


def test_firebase_forces_issuer_audience_and_algorithm() -> None:
    found = spec(preset="firebase", project="bank-1", algorithms=["ES256", "RS256"])
    assert found.identifiers == ("https://securetoken.google.com/bank-1",)
    assert (found.audiences, found.algorithms) == (("bank-1",), ("RS256",))
    assert unfit(preset="firebase", project="bank-1", audiences=["other"]).key == "audiences"
    assert unfit(preset="firebase", project="bank-1", issuer="https://securetoken.google.com/b").key == "issuer"


def test_keycloak_is_a_realm_and_its_access_tokens_are_bearer_tokens() -> None:
    assert spec(preset="keycloak", issuer="https://k/realms/r", audiences=["a"]).require == {"typ": ("Bearer",)}
    assert unfit(preset="keycloak", issuer="https://k/auth", audiences=["a"]).suggestion is None
    assert unfit(preset="keycloak", issuer="https://k/realms/r/", audiences=["a"]).suggestion == "https://k/realms/r"


def test_axinom_has_one_iss_for_everybody_and_one_for_end_users() -> None:
    block = {"preset": "axinom", "auth_endpoint": "https://id.x/", "tenant": "t", "environment": "e"}
    found = spec(**block)
    assert (found.identifiers, found.audience_wildcard) == (("ax-id-service",), True)
    users = spec(**block, application="app")
    assert users.identifiers == ("ax-user-service",)
    assert users.jwks_url == "https://id.x/t/e/app/.well-known/jwks.json"


def test_cosmian_looks_at_the_audience_only_where_one_is_given() -> None:
    block = {"preset": "cosmian", "issuer": "https://accounts.google.com"}
    assert spec(**block).audience_unchecked
    assert spec(**block).jwks_url == "https://accounts.google.com/.well-known/jwks.json"
    assert not spec(**block, audiences=["cosmian_kms"]).audience_unchecked


@pytest.mark.parametrize(
    "block",
    [
        {"preset": "axinom", "auth_endpoint": "https://id.x", "tenant": "t"},
        {"preset": "firebase"},
        {"preset": "entra", "audiences": ["a"]},
        {"preset": "auth0", "audiences": ["a"]},
        {"preset": "google", "audiences": ["a"], "auth_endpoint": "https://id.x"},
        {"preset": "firebase", "project": "p", "application": "a"},
        {"issuer": "x", "audiences": ["a"], "project": "p"},
        {"issuer": "x", "audiences": ["a"], "jwks_url": "https://x", "jwks_file": "file:x"},
        {"preset": "google", "audiences": ["a"], "jwks_url": "https://x", "certificates_url": "https://x"},
    ],
)
def test_what_is_missing_or_means_nothing_is_refused(block: dict[str, Any]) -> None:
    unfit(**block)

"""Whose tokens are accepted under each preset? Doubles replay what the providers publish and sign."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.origin import Origin, origin
from tests.support.providers import (
    AUTH0,
    AXINOM,
    COSMIAN,
    ENTRA,
    ENVIRONMENT,
    FIREBASE,
    GOOGLE,
    GUID,
    KEYCLOAK,
    NEXT,
    OKTA,
    OTHER_GUID,
    PROVIDERS,
    SIGNER,
    Double,
    times,
)
from tests.support.tokens import NOW, Clock, Signer, request

from ostiary.authn.jwt import JwtAuthenticator
from ostiary.config.schema import IssuerSpec
from ostiary.errors import ConfigError, InvalidToken
from ostiary.jwks import Issuer, compile_issuer
from ostiary.model import Principal
from ostiary.reasons import Reason


@asynccontextmanager
async def judge(*blocks: dict[str, Any]) -> AsyncIterator[JwtAuthenticator]:
    issuers: list[Issuer] = []
    for position, block in enumerate(blocks):
        issuers.append(compile_issuer(f"issuer-{position}", IssuerSpec.model_validate(block), Path()))
        await issuers[-1].start()
    try:
        yield JwtAuthenticator(issuers, "when-present", clock=Clock(NOW))
    finally:
        for issuer in issuers:
            await issuer.aclose()


@pytest.fixture
async def web() -> AsyncIterator[Origin]:
    async with origin() as running:
        yield running


async def principal(authenticator: JwtAuthenticator, token: bytes) -> Principal:
    found = await authenticator.authenticate(request(b"Bearer " + token))
    assert found is not None
    return found


async def refused(authenticator: JwtAuthenticator, token: bytes) -> Reason:
    with pytest.raises(InvalidToken) as caught:
        await principal(authenticator, token)
    return caught.value.reason


@pytest.mark.parametrize("double", PROVIDERS, ids=lambda double: double.preset)
async def test_its_tokens_are_accepted(double: Double, web: Origin) -> None:
    async with judge(double.serve(web)) as authenticator:
        found = await principal(authenticator, double.token())
        assert (found.subject, found.issuer, found.method) == (double.subject, "issuer-0", "jwt")


@pytest.mark.parametrize("double", PROVIDERS, ids=lambda double: double.preset)
async def test_a_thousand_requests_are_one_fetch(double: Double, web: Origin) -> None:
    async with judge(double.serve(web)) as authenticator:
        for number in range(1000):
            await principal(authenticator, double.token(jti=str(number)) if number < 3 else double.token(jti="0"))
    assert web.asked == {"/keys": 1}


@pytest.mark.attack(13)
@pytest.mark.parametrize("double", PROVIDERS, ids=lambda double: double.preset)
async def test_nobody_else_s_tokens_are(double: Double, web: Origin) -> None:
    async with judge(double.serve(web)) as authenticator:
        for other in PROVIDERS:
            if other is not double and other.claims["iss"] != double.claims["iss"]:
                assert await refused(authenticator, other.token()) is Reason.TOKEN_ISSUER_UNKNOWN
        forged = Signer(SIGNER.kid, "RS256").token({**times(), **double.claims}, **double.header)
        assert await refused(authenticator, forged) is Reason.TOKEN_SIGNATURE_INVALID
        expired = double.token(exp=NOW - 31)
        assert await refused(authenticator, expired) is Reason.TOKEN_EXPIRED


@pytest.mark.attack(14)
@pytest.mark.parametrize("double", [d for d in PROVIDERS if d not in (AXINOM, COSMIAN)], ids=lambda d: d.preset)
async def test_tokens_for_others_are_not(double: Double, web: Origin) -> None:
    async with judge(double.serve(web)) as authenticator:
        for audience in ("somebody-else", "*", ["*"]):
            assert await refused(authenticator, double.token(aud=audience)) is Reason.TOKEN_AUDIENCE_MISMATCH


async def test_google_is_itself_in_both_spellings(web: Origin) -> None:
    async with judge(GOOGLE.serve(web)) as authenticator:
        for identifier in ("https://accounts.google.com", "accounts.google.com"):
            assert (await principal(authenticator, GOOGLE.token(iss=identifier))).issuer == "issuer-0"
        for identifier in ("http://accounts.google.com", "accounts.google.com/", "https://accounts.google.com/"):
            assert await refused(authenticator, GOOGLE.token(iss=identifier)) is Reason.TOKEN_ISSUER_UNKNOWN


async def test_auth0_is_itself_only_with_its_slash(web: Origin) -> None:
    async with judge(AUTH0.serve(web)) as authenticator:
        found = await principal(authenticator, AUTH0.token())
        assert (found.tenant, found.scopes) == ("org_7", "openid read:accounts")
        without = AUTH0.token(iss="https://bank.eu.auth0.com")
        assert await refused(authenticator, without) is Reason.TOKEN_ISSUER_UNKNOWN


async def test_okta_s_scopes_are_a_list_under_another_name(web: Origin) -> None:
    async with judge(OKTA.serve(web)) as authenticator:
        assert (await principal(authenticator, OKTA.token())).scopes == ["openid", "accounts.read"]


async def test_entra_s_tokens_of_both_versions_are_of_one_directory(web: Origin) -> None:
    async with judge(ENTRA.serve(web)) as authenticator:
        old = ENTRA.token(iss=f"https://sts.windows.net/{GUID}/", ver="1.0", aud="api://accounts")
        for token in (ENTRA.token(), old):
            found = await principal(authenticator, token)
            assert (found.tenant, found.scopes) == (GUID, "accounts.read")
        documented = ENTRA.token(iss=f"https://login.microsoftonline.com/{GUID}/discovery/v2.0/")
        assert await refused(authenticator, documented) is Reason.TOKEN_ISSUER_UNKNOWN
        assert await refused(authenticator, ENTRA.token(tid=OTHER_GUID)) is Reason.TENANT_MISMATCH
        other = ENTRA.token(iss=f"https://login.microsoftonline.com/{OTHER_GUID}/v2.0", tid=OTHER_GUID)
        assert await refused(authenticator, other) is Reason.TOKEN_ISSUER_UNKNOWN


async def test_firebase_s_other_projects_have_the_same_keys_and_are_refused(web: Origin) -> None:
    async with judge(FIREBASE.serve(web)) as authenticator:
        theirs = FIREBASE.token(iss="https://securetoken.google.com/evil", aud="evil")
        assert await refused(authenticator, theirs) is Reason.TOKEN_ISSUER_UNKNOWN
        assert await refused(authenticator, FIREBASE.token(aud="evil")) is Reason.TOKEN_AUDIENCE_MISMATCH
        assert await refused(authenticator, FIREBASE.token(sub="")) is Reason.TOKEN_CLAIM_INVALID


@pytest.mark.parametrize("kind", ["ID", "Refresh", "Offline", None, 5])
async def test_keycloak_s_other_tokens_are_no_access_tokens(kind: Any, web: Origin) -> None:
    async with judge(KEYCLOAK.serve(web)) as authenticator:
        reason = Reason.TOKEN_CLAIM_MISSING if kind is None else Reason.TOKEN_CLAIM_INVALID
        assert await refused(authenticator, KEYCLOAK.token(typ=kind)) is reason


async def test_keycloak_s_key_for_encryption_is_left_out(web: Origin) -> None:
    async with judge(KEYCLOAK.serve(web)) as authenticator:
        await principal(authenticator, KEYCLOAK.token())
        ((issuer, _),) = authenticator._trusted._trusted[KEYCLOAK.claims["iss"]]
        assert issuer.facts().kids == (SIGNER.kid, "ec")
        assert issuer.facts().dropped == {"its use is not sig": 1}


async def test_cosmian_s_user_is_the_address_and_an_unverified_one_is_nobody(web: Origin) -> None:
    async with judge(COSMIAN.serve(web)) as authenticator:
        assert (await principal(authenticator, COSMIAN.token(email_verified=True))).subject == "alice@example.com"
        assert await refused(authenticator, COSMIAN.token(email_verified=False)) is Reason.TOKEN_CLAIM_INVALID
        assert await refused(authenticator, COSMIAN.token(email=None)) is Reason.TOKEN_CLAIM_MISSING
    by_subject = {**COSMIAN.serve(web), "claims": {"subject": "sub"}}
    async with judge(by_subject) as authenticator:
        assert (await principal(authenticator, COSMIAN.token())).subject == "x"


# --- one `iss` for every tenant ----------------------------------------------------------------

TEST = "33302f00-19e2-462b-885a-da5948eb50cb"


async def test_axinom_s_tokens_are_of_their_tenant_and_environment(web: Origin) -> None:
    async with judge(AXINOM.serve(web)) as authenticator:
        found = await principal(authenticator, AXINOM.token())
        assert (found.tenant, found.environment) == (GUID, ENVIRONMENT)
        assert found.permissions == {"myService": ["read", "contribute"]}
        assert (await principal(authenticator, AXINOM.token(subjectType="UserAccount"))).claims["subjectType"]
        for changes, reason in (
            ({"tenantId": OTHER_GUID}, Reason.TENANT_MISMATCH),
            ({"tenantId": None}, Reason.TENANT_MISSING),
            ({"tenantId": [GUID]}, Reason.TENANT_MISMATCH),
            ({"environmentId": TEST}, Reason.ENVIRONMENT_MISMATCH),
            ({"environmentId": None}, Reason.ENVIRONMENT_MISSING),
            ({"iss": "ax-user-service"}, Reason.TOKEN_ISSUER_UNKNOWN),
            ({"aud": "somebody"}, Reason.TOKEN_AUDIENCE_MISMATCH),
        ):
            assert await refused(authenticator, AXINOM.token(**changes)) is reason, changes


@pytest.mark.attack(25)
async def test_two_environments_of_one_iss_are_told_apart_and_share_nothing(web: Origin) -> None:
    live, test = AXINOM.serve(web, "/live"), AXINOM.serve(web, "/test")
    web.answers["/test"] = web.answers["/live"].replace(b"a4f1c0ffee", b"f9f9f9f9f9")  # type: ignore[union-attr]
    test["environment"] = TEST
    async with judge(live, test) as authenticator:
        assert (await principal(authenticator, AXINOM.token())).issuer == "issuer-0"
        claims = {**times(), **AXINOM.claims, "environmentId": TEST}
        theirs = Signer("f9f9f9f9f9", "RS256", private=SIGNER.private).token(claims)
        assert (await principal(authenticator, theirs)).issuer == "issuer-1"
        # signed by live's key, for test: test has no such key
        assert await refused(authenticator, AXINOM.token(environmentId=TEST)) is Reason.TOKEN_KEY_UNKNOWN
        assert await refused(authenticator, AXINOM.token(environmentId="third")) is Reason.ENVIRONMENT_MISMATCH
        assert await refused(authenticator, AXINOM.token(tenantId=OTHER_GUID)) is Reason.TENANT_MISMATCH


@pytest.mark.attack(6)
async def test_where_keys_come_from_is_never_built_from_what_a_token_says(web: Origin) -> None:
    async with judge(AXINOM.serve(web)) as authenticator:
        for tenant in ("../../evil", f"{web.url()}/evil", "evil.example/x"):
            await refused(authenticator, AXINOM.token(tenantId=tenant))
            header = {"jku": web.url("/evil"), "x5u": web.url("/evil"), "jwk": NEXT.jwk(), "kid": "unknown"}
            await refused(authenticator, SIGNER.token({**times(), **AXINOM.claims}, **header))
    assert set(web.asked) == {"/keys"}


async def test_a_token_for_everybody_is_refused_where_that_is_not_said(web: Origin) -> None:
    block = {**AXINOM.serve(web), "audience_wildcard": False, "audiences": ["accounts"]}
    async with judge(block) as authenticator:
        assert await refused(authenticator, AXINOM.token()) is Reason.TOKEN_AUDIENCE_MISMATCH
        assert await principal(authenticator, AXINOM.token(aud=["accounts"]))
    listed = {**block, "audiences": ["*", "accounts"]}  # a name like any other is not what makes it a wildcard
    async with judge(listed) as authenticator:
        assert await refused(authenticator, AXINOM.token()) is Reason.TOKEN_AUDIENCE_MISMATCH


async def test_two_that_a_token_could_be_of_are_refused_at_the_start(web: Origin) -> None:
    one, other = AXINOM.serve(web), {**AXINOM.serve(web), "environment": TEST, "claims": {"environment": "env"}}
    with pytest.raises(ConfigError, match="same `issuer`"):
        async with judge(one, other):
            pass

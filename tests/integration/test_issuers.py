"""Do tokens of a real OpenID provider count, while it rotates its keys, crashes, and comes back?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.oidc_provider import Provider, oidc_provider
from tests.support.tokens import Signer, request

from ostiary.authn import compile_authenticators
from ostiary.authz import compile_policy
from ostiary.config.schema import AuthenticateSpec, IssuerSpec, RuleSpec
from ostiary.errors import Forbidden, InvalidToken, KeysUnavailable
from ostiary.jwks import Issuer, compile_issuer
from ostiary.jwks.encoding import base64url
from ostiary.model import Principal
from ostiary.reasons import Reason

pytestmark = pytest.mark.integration

EC, NEW_EC, RSA = Signer("ec-1"), Signer("ec-2"), Signer("rsa-1", "RS256")


class Gate:
    """A route of a gateway, as far as its first two steps go."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        block = {"jwt": {"issuers": ["provider"]}}
        self.door = compile_authenticators(AuthenticateSpec.model_validate(block), {"provider": issuer})

    async def who(self, token: bytes) -> Principal:
        return await self.door.authenticate(request(b"Bearer " + token))

    async def refused(self, token: bytes) -> Reason:
        with pytest.raises(InvalidToken) as caught:
            await self.who(token)
        return caught.value.reason


@asynccontextmanager
async def gate(provider: Provider, folder: Path, **keys: str) -> AsyncIterator[Gate]:
    spec = IssuerSpec.model_validate(
        {
            "issuer": provider.issuer,
            "audiences": ["urn:accounts:es256", "urn:accounts:rs256"],
            "types": ["at+jwt"],
            "keys": {"cooldown": "200ms", "timeout": "2s", **keys},
        }
    )
    issuer = compile_issuer("provider", spec, folder)
    await issuer.start()
    try:
        yield Gate(issuer)
    finally:
        await issuer.aclose()


def kid_of(token: bytes) -> str:
    return str(json.loads(base64url(token.split(b".")[0]))["kid"])


@pytest.mark.parametrize("alg", ["es256", "rs256"])
async def test_a_token_of_a_discovered_provider_counts(alg: str, tmp_path: Path) -> None:
    async with oidc_provider(EC, RSA) as provider, gate(provider, tmp_path) as door:
        principal = await door.who(await provider.token(alg))
        assert (principal.subject, principal.issuer) == ("robot", "provider")
        assert (principal.tenant, principal.environment) == ("tenant-1", "environment-1")
        assert principal.claims["aud"] == f"urn:accounts:{alg}"


DECISIONS: list[tuple[dict[str, Any], Reason | None]] = [
    ({"tenant": "tenant-1"}, None),
    ({"tenant": "tenant-2"}, Reason.TENANT_MISMATCH),
    ({"environment": "environment-1"}, None),
    ({"permissions": {"accounts": {"any": ["read", "manage"]}}}, None),
    ({"permissions": {"accounts": {"all": ["read", "manage"]}}}, Reason.PERMISSION_MISSING),
    ({"scopes": {"any": ["read"]}}, None),
    ({"scopes": {"any": ["write"]}}, Reason.SCOPE_MISSING),
    ({"audience": "urn:accounts:es256"}, None),
    ({"audience": "urn:accounts:rs256"}, Reason.AUDIENCE_NOT_ALLOWED),
    ({"subject": "robot"}, None),
    ({"subject": "root"}, Reason.SUBJECT_NOT_ALLOWED),
]


def decision(rule: dict[str, Any], principal: Principal) -> Reason | None:
    try:
        compile_policy("accounts", (RuleSpec.model_validate(rule),)).permit(principal, request())
    except Forbidden as error:
        return error.reason
    return None


async def test_its_claims_are_what_rules_decide_on(tmp_path: Path) -> None:
    async with oidc_provider(EC) as provider, gate(provider, tmp_path) as door:
        principal = await door.who(await provider.token())
        assert [(rule, decision(rule, principal)) for rule, _ in DECISIONS] == DECISIONS


async def becomes(door: Gate, token: bytes, wanted: Reason | None) -> None:
    """Ask again and again, until the answer is the one that is wanted; fail after ten seconds."""
    async with asyncio.timeout(10):
        while True:
            try:
                await door.who(token)
                answer = None
            except (InvalidToken, KeysUnavailable) as error:
                answer = error.reason
            if answer is wanted:
                return
            await asyncio.sleep(0.05)


@pytest.mark.attack(12)
async def test_a_rotated_key_counts_at_once_and_the_removed_one_no_longer(tmp_path: Path) -> None:
    async with oidc_provider(EC) as provider, gate(provider, tmp_path) as door:
        old = await provider.token()
        await door.who(old)  # it is remembered from now on
        await provider.rotate(NEW_EC)
        new = await provider.token()
        assert (kid_of(old), kid_of(new)) == ("ec-1", "ec-2")
        assert await door.who(new)
        assert await door.refused(old) is Reason.TOKEN_KEY_UNKNOWN


async def test_a_key_that_is_still_published_counts_beside_the_new_one(tmp_path: Path) -> None:
    async with oidc_provider(EC) as provider, gate(provider, tmp_path) as door:
        old = await provider.token()
        await provider.rotate(NEW_EC, EC)
        assert await door.who(await provider.token())
        assert await door.who(old)


async def test_a_removed_key_is_noticed_in_the_background_too(tmp_path: Path) -> None:
    async with oidc_provider(EC) as provider, gate(provider, tmp_path, refresh="300ms") as door:
        old = await provider.token()
        await door.who(old)
        await provider.rotate(NEW_EC)
        await becomes(door, old, Reason.TOKEN_KEY_UNKNOWN)


async def test_while_the_provider_is_dead_its_tokens_still_count(tmp_path: Path) -> None:
    async with oidc_provider(EC) as provider, gate(provider, tmp_path, refresh="300ms") as door:
        known, unseen = await provider.token(), await provider.token(scope="write")
        await door.who(known)
        await provider.kill()
        await asyncio.sleep(1)  # several refreshes have failed by now
        assert await door.who(known)
        assert await door.who(unseen)
        with pytest.raises(KeysUnavailable) as caught:
            await door.who(Signer("ec-9").token({"iss": provider.issuer}, typ="at+jwt"))
        assert caught.value.retry_after is not None


async def test_a_cold_start_without_the_provider_is_503_until_it_is_there(tmp_path: Path) -> None:
    async with oidc_provider() as provider, gate(provider, tmp_path) as door:
        early = EC.token({"iss": provider.issuer}, typ="at+jwt")
        with pytest.raises(KeysUnavailable) as caught:
            await door.who(early)
        assert caught.value.reason is Reason.KEYS_UNAVAILABLE
        await provider.start(EC)
        await becomes(door, await provider.token(), None)


async def test_another_provider_s_tokens_do_not_count(tmp_path: Path) -> None:
    async with oidc_provider(EC) as provider, oidc_provider(NEW_EC) as other, gate(provider, tmp_path) as door:
        assert await door.refused(await other.token()) is Reason.TOKEN_ISSUER_UNKNOWN
        forged = Signer("ec-1").token({"iss": provider.issuer, "sub": "root"}, typ="at+jwt")
        assert await door.refused(forged) is Reason.TOKEN_SIGNATURE_INVALID

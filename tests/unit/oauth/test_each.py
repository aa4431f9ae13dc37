"""Which client asks for a caller's token, and who is given it?"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.support.clock import Clock
from tests.unit.oauth.test_exchange import asking

from ostiary.config.oauth import ClientCredentialsSpec
from ostiary.errors import ConfigError, CredentialUnavailable, Forbidden
from ostiary.inject.each import compile_each
from ostiary.model import Credential, Principal, Secret
from ostiary.oauth import CallerTokens, compile_caller_tokens
from ostiary.oauth.client import Around
from ostiary.oauth.grant import Grant, RefusedError
from ostiary.reasons import Reason


class Member:
    def __init__(self, path: str) -> None:
        self.alias = "crm"
        self.path = path

    async def get(self) -> Credential:
        return Credential("crm", f"id-of-{self.path}", Secret("canary"), "1")

    def release(self) -> None:
        """Nothing is held."""


class Vault:
    def member(self, path: str) -> Member:
        return Member(path)


class Issuer:
    """In place of what asks: tells who asked, and gives each another token."""

    def __init__(self, tokens: CallerTokens) -> None:
        self.client = tokens.endpoint.client
        self.place = "https://id"
        self.asked: list[str] = []
        self.fails: Exception | None = None

    async def ask(self, client: Any, **more: str) -> Grant:
        assert more == {"grant_type": "client_credentials"}
        proven = await client.prove()
        self.asked.append(proven.form["client_id"])
        await asyncio.sleep(0)
        if self.fails is not None:
            raise self.fails
        return Grant(Secret(f"{len(self.asked)} for {self.asked[-1]}"), 300.0)

    async def aclose(self) -> None:
        """Nothing is open."""


def spec(**client: Any) -> ClientCredentialsSpec:
    said = {"token_url": "https://id.example.com/token", "client": client or {"post": {"credential": "crm"}}}
    return ClientCredentialsSpec.model_validate(said)


@pytest.fixture
def tokens(clock: Clock) -> CallerTokens:
    records = compile_each("crm", "tenants/{principal.tenant}", Vault())
    made = compile_caller_tokens("name", spec(), Around({}, Path()), records)
    made._clock = clock
    made._tokens._clock = clock
    endpoint: Any = Issuer(made)
    made.endpoint = endpoint
    return made


def caller(subject: str, tenant: str | None = "north") -> Any:
    return asking(principal=Principal(subject, "bank", "jwt", tenant=tenant))


async def shown(tokens: CallerTokens, outbound: Any) -> bytes:
    return (await tokens.of(outbound).get()).secret.reveal()


async def test_the_client_of_the_caller_s_own_record_asks(tokens: CallerTokens) -> None:
    assert await shown(tokens, caller("alice")) == b"1 for id-of-tenants/north"
    assert await shown(tokens, caller("bob", "south")) == b"2 for id-of-tenants/south"


async def test_callers_with_one_client_have_one_token(tokens: CallerTokens) -> None:
    both = await asyncio.gather(shown(tokens, caller("alice")), shown(tokens, caller("bob")))
    assert both == [b"1 for id-of-tenants/north"] * 2
    assert len(tokens) == 1


async def test_it_is_asked_for_again_before_it_ends(tokens: CallerTokens, clock: Clock) -> None:
    await shown(tokens, caller("alice"))
    clock.now += 250
    assert await shown(tokens, caller("alice")) == b"1 for id-of-tenants/north"
    await asyncio.sleep(0.01)
    assert await shown(tokens, caller("alice")) == b"2 for id-of-tenants/north"


async def test_a_caller_without_a_client_is_refused_and_nobody_is_asked(tokens: CallerTokens) -> None:
    for tenant in (None, "../south", ""):
        with pytest.raises(Forbidden) as told:
            tokens.of(caller("eve", tenant))
        assert told.value.reason is Reason.CREDENTIAL_NOT_FOR_CALLER
    endpoint: Any = tokens.endpoint
    assert endpoint.asked == []


async def test_what_the_issuer_refuses_is_503_for_that_caller_only(tokens: CallerTokens) -> None:
    endpoint: Any = tokens.endpoint
    endpoint.fails = RefusedError("invalid_client")
    with pytest.raises(CredentialUnavailable, match="invalid_client"):
        await shown(tokens, caller("alice"))
    endpoint.fails = None
    assert await shown(tokens, caller("bob", "south")) == b"2 for id-of-tenants/south"
    with pytest.raises(CredentialUnavailable):
        await shown(tokens, caller("alice"))


async def test_offline_nobody_is_asked(tokens: CallerTokens) -> None:
    tokens.stay_offline()
    with pytest.raises(CredentialUnavailable, match="offline"):
        await shown(tokens, caller("alice"))


def test_a_client_with_a_key_is_the_same_for_all_callers() -> None:
    records = compile_each("crm", "{principal.tenant}", Vault())
    ring: Any = object()
    client = {"private_key_jwt": {"key": "ring", "client_id": "gateway"}}
    with pytest.raises(ConfigError, match="the same for all callers"):
        compile_caller_tokens("name", spec(**client), Around({}, Path(), {"ring": ring}), records)

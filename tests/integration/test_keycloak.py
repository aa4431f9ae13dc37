"""Do a real Keycloak's tokens count, the bound ones with their certificate only?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.support.keycloak import SECRET, Keycloak, keycloak
from tests.support.records import Record
from tests.support.tokens import request
from tests.unit.inject.conftest import outbound_of

from ostiary.authn import compile_authenticators
from ostiary.authn.compose import Every, First
from ostiary.config.schema import AuthenticateSpec, InjectorSpec, IssuerSpec
from ostiary.errors import Forbidden, Unauthenticated
from ostiary.inject import Tools, compile_injectors
from ostiary.jwks import Issuer, compile_issuer
from ostiary.model import Certificate, Headers, Injector, Principal
from ostiary.pki.certificate import describe
from ostiary.reasons import Reason

pytestmark = pytest.mark.distant


class World:
    """Keycloak, and an issuer that trusts it by its preset alone."""

    def __init__(self, server: Keycloak, issuer: Issuer) -> None:
        self.server = server
        self.issuer = issuer

    def door(self, **block: Any) -> First | Every:
        spec = {"jwt": {"issuers": ["branches"], **block}}
        return compile_authenticators(AuthenticateSpec.model_validate(spec), {"branches": self.issuer})


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(keycloak(tmp_path))
        block = {
            "preset": "keycloak",
            "issuer": server.issuer,
            "audiences": ["accounts"],
            "authorities": ["file:ca.pem"],
            "keys": {"timeout": "10s"},
        }
        issuer = compile_issuer("branches", IssuerSpec.model_validate(block), tmp_path)
        await issuer.start()
        stack.push_async_callback(issuer.aclose)
        yield World(server, issuer)


async def ask(door: First | Every, token: bytes, shown: Certificate | None = None) -> Principal:
    return await door.authenticate(request(b"Bearer " + token, certificate=shown))


async def refused(door: First | Every, token: bytes, shown: Certificate | None = None) -> Reason:
    with pytest.raises(Unauthenticated) as caught:
        await ask(door, token, shown)
    return caught.value.reason


async def test_its_tokens_count_the_bound_ones_with_their_certificate_and_are_exchanged(world: World) -> None:
    """One test, because the server takes its time to start."""
    mine, other = describe(world.server.client), describe(world.server.other)

    plain = await world.server.token("robot")
    door = world.door()
    found = await ask(door, plain)
    assert (found.issuer, found.claims["azp"], found.claims["typ"]) == ("branches", "robot", "Bearer")
    assert world.issuer.facts().dropped == {"its use is not sig": 1}  # the key for RSA-OAEP

    bound = await world.server.token("bound")
    found = await ask(door, bound, mine)
    assert found.claims["cnf"] == {"x5t#S256": mine.thumbprint}
    assert await refused(door, bound, other) is Reason.TOKEN_NOT_BOUND
    assert await refused(door, bound) is Reason.TOKEN_NOT_BOUND
    assert await refused(world.door(bound="required"), plain, mine) is Reason.TOKEN_NOT_BOUND

    identity = await world.server.token("robot", field="id_token", scope="openid")
    assert await refused(door, identity) in (Reason.TOKEN_AUDIENCE_MISMATCH, Reason.TOKEN_CLAIM_INVALID)

    await check_exchange(world, plain, identity)


async def check_exchange(world: World, token: bytes, identity: bytes) -> None:
    """A caller's token becomes one of the same subject for the gateway (RFC 8693); what is no access token does not."""
    block = {
        "issuer": world.server.issuer,
        "client": {"basic": {"credential": "gateway"}},
        "authorities": ["file:ca.pem"],
        "timeout": "20s",
    }
    tools = Tools({"gateway": Record("gateway", "gateway", SECRET)}, world.server.folder)
    (injector,) = compile_injectors([InjectorSpec.model_validate({"token_exchange": block})], {}, tools)
    caller = await ask(world.door(), token)
    shown = {await exchanged(injector, caller, token) for _ in range(3)}
    assert len(shown) == 1
    found = await ask(world.door(), shown.pop())
    assert (found.claims["azp"], found.subject) == ("gateway", caller.subject)
    for wrong in (identity, b"invented"):
        with pytest.raises(Forbidden) as caught:
            await exchanged(injector, caller, wrong)
        assert caught.value.reason is Reason.TOKEN_NOT_EXCHANGED
    for one in tools.made.values():
        await one.aclose()


async def exchanged(injector: Injector, caller: Principal, token: bytes) -> bytes:
    outbound = outbound_of(caller)
    outbound.request.headers = Headers.of([(b"Authorization", b"Bearer " + token)])
    await injector.inject(outbound)
    value = outbound.headers.get(b"authorization")
    assert value is not None
    return value.removeprefix(b"Bearer ")

"""Who is the gateway to Conjur, and what are its variables?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.vaults.cyberark import Conjur
from tests.support.vaults.front import Answered

from ostiary.config.vaults import CacheSpec, ConjurAuthSpec, ConjurJwtSpec
from ostiary.errors import ConfigError
from ostiary.vault.conjur import compile_conjur
from ostiary.vault.conjur.provider import ConjurProvider
from ostiary.vault.errors import AccessDenied, Misconfigured, NotFound, Unavailable


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Conjur]:
    one = Conjur(tmp_path)
    one.put("crm", "svc", "hush")
    yield one
    one.close()


def provider(server: Conjur, **options: Any) -> ConjurProvider:
    return compile_conjur(server.spec(CacheSpec()).model_copy(update=options), server.folder)


async def plain(one: ConjurProvider, path: str, version: int | None = None) -> dict[str, str]:
    try:
        record = await one.fetch(path, version)
    finally:
        await one.aclose()
    return {name: secret.reveal().decode() for name, secret in record.fields.items()}


async def test_a_pair_is_fetched_in_one_question(server: Conjur):
    assert await plain(provider(server), "legacy/crm") == {"username": "svc", "password": "hush"}
    assert [asked.path for asked in server.front.asked] == ["/authn/corp/host%2Fgateway/authenticate", "/secrets"]


async def test_without_variables_a_path_is_one_with_versions(server: Conjur):
    server.put("crm", "svc", "newer")
    assert await plain(provider(server, variables=()), "legacy/crm/password") == {"secret": "newer"}
    assert await plain(provider(server, variables=()), "legacy/crm/password", 1) == {"secret": "hush"}
    with pytest.raises(NotFound):
        await plain(provider(server, variables=()), "legacy/crm/password", 3)
    with pytest.raises(Misconfigured):
        await plain(provider(server), "legacy/crm", 1)


async def test_a_login_serves_until_its_time_is_over(server: Conjur):
    one = provider(server)
    await one.fetch("legacy/crm", None)
    await one.fetch("legacy/crm", None)
    assert server.logins == 1
    await one.aclose()
    other = provider(server, token_lasts=0.0)
    await other.fetch("legacy/crm", None)
    await other.fetch("legacy/crm", None)
    assert server.logins == 3
    await other.aclose()


async def test_a_token_that_is_known_no_more_is_replaced_once(server: Conjur):
    one = provider(server)
    await one.fetch("legacy/crm", None)
    server.tokens.clear()
    await one.fetch("legacy/crm", None)
    assert server.logins == 2
    server.front.answer = lambda asked: server.answer(asked) if "authn" in asked.path else Answered(401)
    with pytest.raises(AccessDenied):
        await one.fetch("legacy/crm", None)
    assert server.logins == 3
    await one.aclose()


async def test_a_token_of_somebody_else_will_do(server: Conjur):
    (server.folder / "jwt").write_text("a.b.c\n")
    auth = ConjurAuthSpec(jwt=ConjurJwtSpec(service="cluster", token="file:jwt"))
    assert await plain(provider(server, auth=auth), "legacy/crm") == {"username": "svc", "password": "hush"}


async def test_a_login_that_is_refused_is_a_no_and_one_that_cannot_be_tried_is_not(server: Conjur):
    one = provider(server)
    (server.folder / "api-key").write_text("another")
    with pytest.raises(AccessDenied, match="login"):
        await one.fetch("legacy/crm", None)
    (server.folder / "api-key").unlink()
    with pytest.raises(Unavailable, match="api-key"):
        await one.fetch("legacy/crm", None)
    await one.aclose()


@pytest.mark.parametrize(
    "answered",
    [
        Answered(200, b'{"corp:variable:legacy/crm/username": "c3Zj"}'),
        Answered(200, b'{"corp:variable:legacy/crm/username": "?", "corp:variable:legacy/crm/password": "c3Zj"}'),
        Answered(200, b"<html>", {"Content-Type": "text/html"}),
        Answered(404, b"<html>", {"Content-Type": "text/html"}),
        Answered(406),
        Answered(500),
    ],
)
async def test_what_is_half_an_answer_is_none(server: Conjur, answered: Answered):
    server.front.answer = lambda asked: server.answer(asked) if "authn" in asked.path else answered
    with pytest.raises(Unavailable):
        await plain(provider(server), "legacy/crm")


def test_a_comma_would_be_two_names(server: Conjur):
    with pytest.raises(ConfigError, match="comma"):
        provider(server).check("legacy/a,b")
    with pytest.raises(ValueError, match="comma"):
        server.spec(CacheSpec()).model_validate(
            {
                **server.spec(CacheSpec()).model_dump(exclude={"client", "auth", "cache"}),
                "authorities": [],
                "timeout": "1s",
                "token_lasts": "1s",
                "auth": {"api_key": {"login": "x", "api_key": "file:x"}},
                "variables": ["a,b"],
            }
        )

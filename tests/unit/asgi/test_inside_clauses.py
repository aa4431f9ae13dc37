"""With which files does the middleware not start?"""

from __future__ import annotations

import pytest
from tests.support.inside import Policy, Seen, ask, http

from ostiary.asgi import OstiaryMiddleware
from ostiary.config.load import load_checked
from ostiary.errors import ConfigError
from ostiary.observe.access import AccessLog

OPEN = "    match: {path: /open/**}\n"
ENDPOINT = 'endpoints: ["http://127.0.0.1:1"]'


async def start(policy: Policy, before: str, after: str) -> None:
    text = policy.file.read_text()
    assert before in text
    policy.file.write_text(text.replace(before, after, 1))
    async with OstiaryMiddleware(Seen(), policy.file, access=AccessLog(), reload=False):
        pass


async def test_none_is_refused_whose_clauses_hold_here(policy):
    await start(policy, OPEN, OPEN)


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("upgrades: [websocket]", "upgrades: [other]", "`upgrades`"),
        (ENDPOINT, f"{ENDPOINT}, timeouts: {{connect: 1s}}", "`timeouts` of upstream 'app'"),
        ("basic: {credential: legacy}", "basic: {credential: legacy, on_reject: replay}", "on_reject`"),
    ],
)
async def test_one_with_clauses_that_only_a_gateway_holds(policy, before, after, word):
    with pytest.raises(ConfigError, match="inside an application") as raised:
        await start(policy, before, after)
    assert word in str(raised.value)


async def test_unless_the_route_does_without(policy):
    await start(policy, "upgrades: [websocket]", "upgrades: [other]\n    decision: allow-partial")


async def test_a_credential_in_the_query_is_never_held(policy):
    query = f"{OPEN}    decision: allow-partial\n"
    injected = "inject: [query: {name: key, credential: legacy}]"
    policy.file.write_text(policy.file.read_text().replace(OPEN, query))
    with pytest.raises(ConfigError, match="query"):
        await start(policy, 'inject: [header: {name: X-Subject, value: "{principal.subject}"}]', injected)


async def test_a_new_file_with_such_a_clause_is_not_taken_up(policy):
    seen = Seen()
    async with OstiaryMiddleware(seen, policy.file, access=AccessLog(), reload=False) as guarded:
        before = policy.file.read_text()
        policy.file.write_text(before.replace(ENDPOINT, f"{ENDPOINT}, timeouts: {{connect: 1s}}"))
        with pytest.raises(ConfigError, match="timeouts"):
            await guarded._gateway._take(load_checked(policy.file))
        assert (await ask(guarded, http())).status == 200
        policy.file.write_text(before.replace("/open/**", "/opened/**"))
        await guarded._gateway._take(load_checked(policy.file))
        assert (await ask(guarded, http())).status == 404

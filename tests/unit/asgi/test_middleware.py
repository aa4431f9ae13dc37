"""What reaches an application behind the middleware, and what is refused before it?"""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.authentication import requires
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.support.inside import CANARY, Policy, Seen, ask, http, living, websocket

from ostiary.asgi import OstiaryMiddleware
from ostiary.config.problem import ConfigInvalid
from ostiary.errors import ConfigError
from ostiary.model import Permit
from ostiary.observe.access import AccessLog


@pytest.fixture
async def guarded(policy: Policy, seen: Seen) -> AsyncIterator[OstiaryMiddleware]:
    async with OstiaryMiddleware(seen, policy.file, access=AccessLog(), reload=False) as middleware:
        yield middleware


async def test_what_is_permitted_reaches_it_with_the_permit(policy, seen, guarded):
    said = await ask(guarded, http("/accounts/1?a=b", policy.bearer()))
    assert (said.status, said.content) == (200, b"seen")
    scope = seen.scopes[0]
    assert isinstance(scope["ostiary"], Permit)
    assert (scope["ostiary"].principal.subject, scope["ostiary"].policy) == ("alice", "accounts")
    assert (scope["path"], scope["query_string"]) == ("/accounts/1", b"a=b")


async def test_it_is_shown_the_credential_in_place_of_the_token(policy, seen, guarded):
    await ask(guarded, http("/accounts/1", policy.bearer()))
    basic = b"Basic " + b64encode(f"svc:{CANARY}".encode())
    assert (seen.values(b"authorization"), seen.values(b"x-subject")) == ([basic], [b"alice"])


async def test_the_token_ends_here_where_nothing_takes_its_place(policy, seen, guarded):
    await ask(guarded, http("/api/accounts", policy.bearer()))
    assert seen.values(b"authorization") == []


@pytest.mark.parametrize("name", ["x-subject", "X-Subject", "x_subject", "X.Subject"])
async def test_nobody_speaks_in_the_name_of_the_gateway(policy, seen, guarded, name):
    for target in ("/accounts/1", "/api/accounts"):
        await ask(guarded, http(target, policy.bearer(), (name, "admin")))
        assert b"admin" not in [value for _, value in seen.headers]


PRETENCES = ["X-HTTP-Method-Override", "X-Original-URL", "X_Rewrite_Url", "Client-Cert", "X-Forwarded-User", "Proxy"]


@pytest.mark.parametrize("name", PRETENCES)
async def test_nobody_is_judged_by_one_thing_and_carried_out_by_another(seen, guarded, name):
    said = await ask(guarded, http("/open/a", (name, "DELETE"), ("X-Request-Id", "forged"), ("X-Other", "passes")))
    assert b"DELETE" not in [value for _, value in seen.headers]
    assert seen.values(b"X-Other") == [b"passes"]
    assert seen.values(b"x-request-id") == [said.headers[b"x-request-id"]]


async def test_what_is_refused_does_not_reach_it(seen, guarded):
    said = await ask(guarded, http("/accounts/1"))
    assert (said.status, said.reason, seen.scopes) == (401, "token.missing", [])
    assert said.headers[b"content-type"] == b"application/problem+json"
    assert said.headers[b"www-authenticate"].startswith(b"Bearer")
    assert said.headers[b"cache-control"] == b"no-store"
    assert int(said.headers[b"content-length"]) == len(said.content)
    assert said.headers[b"x-request-id"].decode() == json.loads(said.content)["request_id"]


async def test_a_refusal_of_head_has_no_content(guarded):
    said = await ask(guarded, http("/accounts/1", method="HEAD"))
    assert (said.status, said.content) == (401, b"")


async def test_every_kind_of_refusal_is_the_one_of_the_gateway(policy, seen, guarded):
    asked = [
        http("/accounts/1", policy.bearer(scope="write")),
        http("/accounts/1", policy.bearer(exp=1)),
        http("/accounts/1", policy.bearer(), method="POST"),
        http("/accounts/1", policy.bearer(), policy.bearer()),
        http("/nothing", policy.bearer()),
        http("/open/../accounts/1"),
        http("/broken"),
        http("/open/a", ("content-length", "x")),
    ]
    said = [await ask(guarded, one) for one in asked]
    assert [(one.status, one.reason) for one in said] == [
        (403, "scope.missing"),
        (401, "token.expired"),
        (405, "method.not-allowed"),
        (400, "request.ambiguous"),
        (404, "route.not-found"),
        (400, "path.ambiguous"),
        (503, "credential.missing"),
        (400, "request.ambiguous"),
    ]
    assert seen.scopes == []


async def test_its_body_is_left_to_the_application(guarded, policy):
    async def reads(scope, receive, send):
        message = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": message["body"]})

    async with OstiaryMiddleware(reads, policy.file, access=AccessLog(), reload=False) as middleware:
        body = {"type": "http.request", "body": b"octets", "more_body": False}
        said = await ask(middleware, http("/open/a", ("content-length", "6"), method="POST"), body)
    assert said.content == b"octets"


async def test_without_a_start_it_is_closed_in_either_mode(policy, seen):
    for mode in ("enforce", "observe"):
        said = await ask(OstiaryMiddleware(seen, policy.file, mode), http())
        assert (said.status, seen.scopes) == (503, [])
        assert said.headers[b"retry-after"] == b"1"


async def test_after_its_end_it_is_closed_again(seen, guarded):
    assert (await ask(guarded, http())).status == 200
    await guarded.aclose()
    assert (await ask(guarded, http())).status == 503


async def test_it_does_not_start_with_a_wrong_file(policy, seen, tmp_path):
    policy.file.write_text("version: 1\n")
    with pytest.raises(ConfigInvalid):
        await OstiaryMiddleware(seen, policy.file).start()
    with pytest.raises(ConfigError, match="OSTIARY_CONFIG"):
        await OstiaryMiddleware(seen).start()


def test_there_is_no_third_mode(policy, seen):
    with pytest.raises(ValueError, match="enforce, observe"):
        OstiaryMiddleware(seen, policy.file, "report")


async def test_what_another_server_says_of_the_caller_before_us_is_not_believed(policy, seen, guarded):
    await ask(guarded, http("/open/a", ostiary="forged", user="forged", auth="forged"))
    scope = seen.scopes[0]
    assert (scope["ostiary"].principal.method, scope["user"].is_authenticated) == ("anonymous", False)
    assert scope["auth"].scopes == []


async def test_starlette_finds_its_user_and_its_rights(policy, seen, guarded):
    await ask(guarded, http("/api/accounts", policy.bearer(permissions={"accounts": ["read"]})))
    user, auth = seen.scopes[0]["user"], seen.scopes[0]["auth"]
    assert (user.is_authenticated, user.display_name, user.identity) == (True, "alice", "alice")
    assert auth.scopes == ["authenticated", "read", "accounts:read"]


async def test_starlette_asks_for_rights_in_its_own_words(policy):
    @requires("accounts:close")
    async def close(request):
        return PlainTextResponse(request.user.display_name)

    app = Starlette(routes=[Route("/accounts/{number}", close)])
    app.add_middleware(OstiaryMiddleware, config=policy.file, access=AccessLog(), reload=False)
    async with living(app):
        permitted = await ask(app, http("/accounts/1", policy.bearer(permissions={"accounts": ["close"]})))
        refused = await ask(app, http("/accounts/1", policy.bearer()))
    assert (permitted.status, permitted.content, refused.status) == (200, b"alice", 403)


async def test_heads_are_as_long_as_the_listener_says(policy, seen):
    before = policy.file.read_text()
    policy.file.write_text(before.replace("plaintext: accepted", "plaintext: accepted, limits: {target: 64B}", 1))
    async with OstiaryMiddleware(seen, policy.file, access=AccessLog(), reload=False) as guarded:
        said = [(await ask(guarded, http("/open/" + "a" * length))).status for length in (50, 70)]
    assert said == [200, 414]


class TestObserving:
    @pytest.fixture
    async def watched(self, policy, seen) -> AsyncIterator[OstiaryMiddleware]:
        async with OstiaryMiddleware(seen, policy.file, "observe", access=AccessLog(), reload=False) as middleware:
            yield middleware

    async def test_what_would_be_refused_reaches_it_without_a_permit(self, seen, watched):
        for target in ("/accounts/1", "/nothing", "/open/../accounts"):
            assert (await ask(watched, http(target))).status == 200
            assert seen.scopes[-1]["ostiary"] is None

    async def test_its_evidence_stays_and_nothing_is_injected(self, policy, seen, watched):
        token = policy.bearer()
        await ask(watched, http("/accounts/1", token, ("x-subject", "admin")))
        assert seen.scopes[0]["ostiary"].principal.subject == "alice"
        assert (seen.values(b"authorization"), seen.values(b"x-subject")) == ([token[1].encode()], [])

    async def test_a_websocket_that_would_be_denied_is_opened_as_well(self, seen, watched):
        said = await ask(watched, websocket("/live"))
        assert (said.kinds[0], seen.scopes[-1]["ostiary"]) == ("websocket.accept", None)

    async def test_the_log_has_what_would_have_been_decided(self, policy, seen):
        reading, writing = os.pipe()
        async with OstiaryMiddleware(seen, policy.file, "observe", access=AccessLog(writing), reload=False) as watched:
            await ask(watched, http("/accounts/1"))
            await ask(watched, http("/accounts/1", policy.bearer()))
        os.close(writing)
        with os.fdopen(reading) as file:
            found = [(one["status"], one["reason"]) for one in map(json.loads, file)]
        assert found == [(200, "token.missing"), (200, "allowed")]

    async def test_before_it_has_started_nobody_is_observed_and_nobody_let_in(self, policy, seen):
        said = await ask(OstiaryMiddleware(seen, policy.file, "observe"), http("/open/a"))
        assert (said.status, seen.scopes) == (503, [])


async def test_each_request_has_its_line_with_the_verdict_and_the_answer(policy, seen):
    reading, writing = os.pipe()
    access = AccessLog(writing)
    async with OstiaryMiddleware(seen, policy.file, access=access, reload=False) as guarded:
        await ask(guarded, http("/accounts/1?key=x", policy.bearer()))
        await ask(guarded, http("/accounts/1"))
    os.close(writing)
    with os.fdopen(reading) as file:
        lines = [json.loads(line) for line in file]
    assert [(one["status"], one["reason"], one["route"]) for one in lines] == [
        (200, "allowed", "accounts"),
        (401, "token.missing", "accounts"),
    ]
    assert "key=x" not in str(lines)

"""Does the whole of it do its job: certificate and token in, the vault's credential out, on real parts?"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import ssl
import time

import pytest
from tests.support.gateway_process import ostiary
from tests.support.legacy_nginx import legacy  # noqa: F401 - a fixture
from tests.support.main_job import NEW_EC, PASSWORDS, World, john, saw, shows, world  # noqa: F401 - fixtures
from tests.support.openbao import bao  # noqa: F401 - a fixture

pytestmark = pytest.mark.integration

LARGE = os.urandom(1 << 20) * 20


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- who is let through, and what the service sees -----------------------------------------------


async def test_only_all_evidence_together_opens_and_the_log_says_why(world: World) -> None:  # noqa: F811
    good = await world.token()
    header, payload, signature = good.split(".")
    bent = f"{header}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    wanted = [
        (await world.ask("/accounts/echo", good, shown=False), 401, "certificate.missing"),
        (await world.ask("/accounts/echo"), 401, "token.missing"),
        (await world.ask("/accounts/echo", bent), 401, "token.signature-invalid"),
        (await world.ask("/accounts/managed/all", good), 403, "permission.missing"),
        (await world.ask("/nowhere", good), 404, "route.not-found"),
        (await world.ask("/accounts/../accounts/echo", good, "--path-as-is"), 400, "path.ambiguous"),
        (await world.ask("/accounts/echo?secret=canary-query-33", good), 200, "allowed"),
    ]
    world.secrets.add(b"canary-query-33")

    lines = await world.told()

    assert [reply.status for reply, _, _ in wanted] == [status for _, status, _ in wanted]
    assert [(line["status"], line["reason"]) for line in lines] == [(status, why) for _, status, why in wanted]
    assert [line["id"] for line in lines] == [reply.headers["x-request-id"] for reply, _, _ in wanted]
    assert all("x-saw-authorization" not in reply.headers for reply, status, _ in wanted if status != 200)
    said = {name: lines[-1].get(name) for name in ("decision", "route", "subject", "tenant", "credential", "path")}
    assert said == {
        "decision": "allow",
        "route": "accounts",
        "subject": "robot",
        "tenant": "tenant-1",
        "credential": "legacy-accounts",
        "path": "/accounts/echo",
    }


@pytest.mark.parametrize("alg", ["es256", "rs256"])
async def test_the_service_sees_the_vaults_credential_and_never_the_callers_token(world: World, alg: str) -> None:  # noqa: F811
    forged = ("-H", "X-Subject: root", "-H", "X_Subject: root")

    reply = await world.ask("/accounts/echo", await world.token(alg), *forged)

    assert (reply.status, reply.content.read_bytes()) == (200, b"well done")
    assert saw(reply) == shows("first")
    assert reply.headers["x-saw-subject"] == "robot"


# --- what changes while it runs ------------------------------------------------------------------


async def test_a_key_that_the_issuer_rotates_counts_at_once(world: World) -> None:  # noqa: F811
    old = await world.token()
    assert (await world.ask("/accounts/echo", old)).status == 200
    await world.provider.rotate(NEW_EC)

    assert (await world.ask("/accounts/echo", await world.token())).status == 200
    assert (await world.ask("/accounts/echo", old)).status == 401


async def test_a_credential_rotated_in_openbao_is_used_within_its_time_to_live(world: World) -> None:  # noqa: F811
    token = await world.token()
    assert saw(await world.ask("/accounts/echo", token)) == shows("first")

    world.bao.put("legacy/accounts", username="second", password=PASSWORDS["second"])

    assert await world.becomes("second", "/accounts/echo", token) < 4


async def test_a_credential_rotated_in_the_local_vault_is_used_for_the_next_request(world: World) -> None:  # noqa: F811
    assert saw(await world.ask("/accounts/local")) == shows("third")
    rotate = ("vault", "rotate", "legacy-local", "--config", world.folder / "gateway.yaml", "--id", "fourth")

    await ostiary(*rotate, "--secret-stdin", given=PASSWORDS["fourth"].encode())

    assert saw(await world.ask("/accounts/local")) == shows("fourth")


async def test_while_vault_and_issuer_are_out_known_and_new_tokens_are_served(world: World) -> None:  # noqa: F811
    known, unseen = await world.token(), await world.token(scope="write")
    assert (await world.ask("/accounts/echo", known)).status == 200
    world.bao.seal()
    try:
        await world.provider.kill()
        await asyncio.sleep(2.5)  # the credential's and the keys' times have passed
        replies = [await world.ask("/accounts/echo", token) for token in (known, unseen)]
    finally:
        world.bao.unseal()

    assert [(reply.status, saw(reply)) for reply in replies] == [(200, shows("first"))] * 2


# --- bodies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("framing", ["Content-Length: 20971520", "Transfer-Encoding: chunked"])
async def test_twenty_megabytes_up_arrive_as_they_were_sent(world: World, framing: str) -> None:  # noqa: F811
    (world.folder / "large").write_bytes(LARGE)
    put = ("-T", world.folder / "large", "-H", framing)

    reply = await world.ask("/accounts/up.bin", await world.token(), *put)

    assert reply.status in (201, 204)
    assert digest((world.legacy.www / "accounts/up.bin").read_bytes()) == digest(LARGE)


@pytest.mark.parametrize(
    ("path", "framing"), [("down.bin", "content-length"), ("chunked/down.bin", "transfer-encoding")]
)
async def test_twenty_megabytes_down_arrive_as_they_were_sent(world: World, path: str, framing: str) -> None:  # noqa: F811
    world.legacy.serve("accounts/down.bin", LARGE)

    reply = await world.ask(f"/accounts/{path}", await world.token(), "--http1.1")

    assert (reply.exit, reply.status) == (0, 200)
    assert framing in reply.headers
    assert digest(reply.content.read_bytes()) == digest(LARGE)


# --- the end -------------------------------------------------------------------------------------


async def test_sigterm_lets_what_is_under_way_end_and_refuses_what_comes_after(world: World) -> None:  # noqa: F811
    world.legacy.serve("accounts/slowly", LARGE[:250_000])
    token = await world.token()
    slow = asyncio.create_task(world.ask("/accounts/slow/slowly", token))
    await world.content_comes()

    world.gateway.signal(signal.SIGTERM)
    await asyncio.sleep(0.3)
    late = await world.ask("/accounts/echo", token)

    assert not slow.done(), "it was still under way"
    assert (late.exit, late.status) == (7, 0)
    reply = await slow
    assert (reply.exit, digest(reply.content.read_bytes())) == (0, digest(LARGE[:250_000]))
    assert await world.gateway.ended() == 0


async def test_connections_that_are_idle_do_not_hold_up_the_end(world: World) -> None:  # noqa: F811
    context = ssl.create_default_context(cafile=world.folder / "pki/ca.pem")
    port = world.gateway.port
    _, half_open = await asyncio.open_connection("127.0.0.1", port)
    reader, idle = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    _, half_asked = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    half_asked.write(b"GET /accounts/echo HTTP/1.1\r\nHost: loc")
    await half_asked.drain()
    await asyncio.sleep(0.2)
    begin = time.monotonic()

    assert await world.gateway.stop() == 0

    assert time.monotonic() - begin < 2
    assert await reader.read() == b""
    for writer in (half_open, idle, half_asked):
        writer.transport.abort()


async def test_a_second_sigterm_cuts_off_what_is_under_way_and_the_log_has_it(world: World) -> None:  # noqa: F811
    world.legacy.serve("accounts/slowly", LARGE[:2_000_000])
    slow = asyncio.create_task(world.ask("/accounts/slow/slowly", await world.token()))
    await world.content_comes()
    world.gateway.signal()
    await asyncio.sleep(0.2)
    begin = time.monotonic()

    world.gateway.signal()

    assert await world.gateway.ended() == 0
    assert time.monotonic() - begin < 2
    assert (await slow).exit != 0, "curl sees that the answer is not whole"
    assert [(line["status"], line["reason"]) for line in world.gateway.access()] == [(200, "request.abandoned")]

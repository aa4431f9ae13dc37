"""What do operators see of a gateway that runs, and what not?"""

from __future__ import annotations

import asyncio
import shutil
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.admin import Administered, administered, value
from tests.support.edges import world
from tests.support.gateway_process import curl, gateway_process

pytestmark = pytest.mark.integration
PAGES = ("/livez", "/healthz", "/readyz", "/readyz?verbose", "/metrics", "/config")


@pytest.fixture(autouse=True)
def _curl() -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is needed")


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Administered]:
    async with administered(tmp_path) as one:
        yield one


async def test_it_is_alive_and_ready(gateway):
    assert await gateway.json("/livez") == await gateway.json("/healthz") == {"status": "ok"}
    assert (await gateway.look("/readyz")).status == 200


async def test_requests_are_counted_by_route_status_and_reason(gateway):
    token = gateway.token()
    for _ in range(3):
        assert (await gateway.call("/both/a", token=token)).status == 200
    assert (await gateway.call("/both/a", shown=False, token=token)).status == 401
    assert (await gateway.call("/both/a", token=gateway.token(permissions={}))).status == 403
    assert (await gateway.call("/nowhere")).status == 404
    found = await gateway.metrics()
    labels = {"http_route": "both", "http_request_method": "GET", "listener": "public"}
    assert value(found, "http_server_request_duration_seconds_count", http_response_status_code="200", **labels) == 3
    assert value(found, "ostiary_decisions_total", http_route="both", reason="allowed", decision="allow") == 3
    assert (
        value(found, "ostiary_decisions_total", http_route="both", reason="certificate.missing", decision="deny") == 1
    )
    assert value(found, "ostiary_decisions_total", http_route="both", reason="permission.missing") == 1
    assert value(found, "ostiary_decisions_total", http_route="", reason="route.not-found") == 1
    assert value(found, "http_client_request_duration_seconds_count", upstream="accounts") == 3
    assert value(found, "ostiary_overhead_seconds_count", http_route="both") == 3


async def test_what_the_rooms_know_is_told(gateway):
    token = gateway.token()
    for _ in range(2):
        await gateway.call("/both/a", token=token)
    found, now = await gateway.metrics(), time.time()
    assert value(found, "ostiary_token_cache_requests_total", result="hit") == 1
    assert value(found, "ostiary_token_cache_requests_total", result="miss") == 1
    assert value(found, "ostiary_token_cache_entries") == 1
    assert value(found, "ostiary_key_set_keys", issuer="bank") == 1
    assert value(found, "ostiary_key_set_fetch_duration_seconds_count", issuer="bank") == 1
    assert 0 < value(found, "ostiary_key_set_fetch_duration_seconds_sum", issuer="bank") < 10
    assert value(found, "ostiary_unknown_key_ids_total", issuer="bank") == 0
    assert now - 60 < value(found, "ostiary_key_set_fetched_timestamp_seconds", issuer="bank") <= now
    assert value(found, "ostiary_credential_usable", credential="legacy-accounts") == 1
    assert value(found, "ostiary_credential_version_info", credential="legacy-accounts") == 1
    assert now - 60 < value(found, "ostiary_credential_fetched_timestamp_seconds", credential="legacy-accounts") <= now
    assert value(found, "ostiary_upstream_connections", upstream="accounts", state="idle") == 1
    assert value(found, "ostiary_certificate_not_after_timestamp_seconds", role="server") > now
    assert value(found, "ostiary_certificate_not_after_timestamp_seconds", role="client-authority") > now
    assert value(found, "ostiary_crl_next_update_timestamp_seconds") > now
    assert value(found, "ostiary_client_certificate_not_after_timestamp_seconds") > now
    assert value(found, "ostiary_tls_handshakes_total", listener="public", outcome="success") == 2
    assert value(found, "ostiary_tls_handshake_duration_seconds_count", listener="public") == 2


async def test_a_refused_handshake_is_counted_by_its_reason(gateway):
    reply = await gateway.call("/both/a", "--tls-max", "1.2", "--ciphers", "AES128-SHA", shown=False)
    assert reply.status == 0
    assert value(await gateway.metrics(), "ostiary_tls_handshakes_total", reason="cipher", outcome="failure") == 1


async def test_an_upstream_that_is_down_degrades_and_does_not_take_the_gateway_out_of_service(gateway):
    assert (await gateway.call("/down", token=gateway.token())).status == 502
    reply = await gateway.look("/readyz")
    content = await gateway.json("/readyz?verbose")
    assert reply.status == 200
    assert {"kind": "upstream", "name": "down", "condition": "down", "reason": "upstream.unreachable"} in content[
        "parts"
    ]


async def test_while_it_drains_it_is_not_ready_and_says_why(tmp_path):
    async with administered(tmp_path, "{bind: 127.0.0.1:0}", "lame_duck: 2s") as gateway:
        await gateway.json("/readyz")
        gateway.process.signal(signal.SIGTERM)
        async with asyncio.timeout(2):
            while (reply := await gateway.look("/readyz")).status != 503:  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.02)
        assert b'"gateway.stopping"' in reply.content.read_bytes()
        assert (await gateway.look("/livez")).status == 200
        assert (await gateway.call("/both/a", token=gateway.token())).status == 200
        assert value(await gateway.metrics(), "ostiary_ready") == 0
        assert await gateway.process.ended() == 0


async def test_the_configuration_is_shown_with_references_as_written(gateway):
    shown = (await gateway.json("/config"))["config"]
    assert shown["vaults"]["local"]["master_key"] == "file:master.key"
    assert [route["name"] for route in shown["routes"]] == ["both", "token", "rewritten", "down"]


@pytest.mark.parametrize("page", PAGES)
async def test_no_page_tells_a_secret(gateway, page):
    token = gateway.token()
    assert (await gateway.call("/both/a", token=token)).status == 200
    reply = await gateway.look(page)
    said = reply.content.read_bytes() + repr(reply.headers).encode()
    for secret in (*gateway.secrets, token.encode(), token.rpartition(".")[2].encode()):
        assert secret not in said


async def test_nothing_can_be_changed_there(gateway):
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        reply = await gateway.look("/config", "-X", method)
        assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.attack(63)
async def test_the_pages_are_on_their_own_listener_only(gateway):
    for page in PAGES:
        assert (await gateway.call(page)).status == 404
    assert (await gateway.look("/both/a")).status == 404


@pytest.mark.attack(63)
async def test_a_name_that_is_not_ours_is_refused(gateway):
    port = gateway.port
    for host in ("attacker.example", f"attacker.example:{port}", "localhost.attacker.example"):
        assert (await gateway.look("/metrics", "-H", f"Host: {host}")).status == 421
    for host in (f"127.0.0.1:{port}", f"[::1]:{port}", f"10.1.2.3:{port}", "localhost"):
        assert (await gateway.look("/metrics", "-H", f"Host: {host}")).status == 200


async def test_with_a_token_only_health_is_open_and_tells_no_more_than_its_status(tmp_path):
    (tmp_path / "token").write_text("canary-admin-5d1e")
    async with administered(tmp_path, "{bind: 127.0.0.1:0, token: file:token}") as gateway:
        shown = ("-H", "Authorization: Bearer canary-admin-5d1e")
        for page in ("/metrics", "/config"):
            refused = await gateway.look(page)
            assert (refused.status, refused.headers["www-authenticate"]) == (401, 'Bearer realm="ostiary admin"')
            assert (await gateway.look(page, "-H", "Authorization: Bearer another")).status == 401
            assert (await gateway.look(page, *shown)).status == 200
        assert await gateway.json("/readyz?verbose") == {"status": "ready"}
        assert len((await gateway.json("/readyz?verbose", *shown))["parts"]) > 3
        for page in PAGES:
            assert b"canary-admin" not in (await gateway.look(page, *shown)).content.read_bytes()


async def test_with_a_client_certificate_nobody_else_gets_a_word(tmp_path):
    tls = "tls: {certificate: file:pki/server.pem, private_key: file:pki/server.key, client: {mode: required, authorities: [file:pki/ca.pem]}}"
    async with administered(tmp_path, f"{{bind: 127.0.0.1:0, {tls}}}") as gateway:
        pki = gateway.world.pki
        options = ("--cacert", pki.ca)
        assert (await gateway.look("/livez", *options, scheme="https")).status == 0
        shown = ("--cert", pki.client, "--key", pki.client_key)
        assert (await gateway.look("/metrics", *options, *shown, scheme="https")).status == 200


async def test_the_admin_listener_answers_while_its_address_is_busy(gateway):
    """Idle connections up to nearly the limit do not lock operators out."""
    open_ = [await asyncio.open_connection("127.0.0.1", gateway.port) for _ in range(50)]
    try:
        assert (await gateway.look("/livez")).status == 200
    finally:
        for _, writer in open_:
            writer.close()


async def test_without_the_word_there_is_no_admin_listener(tmp_path):
    async with world(tmp_path) as one, gateway_process(one.file) as process:
        assert [event["listener"] for event in process.events() if event["event"] == "listening"] == ["public"]
        reply = await curl(tmp_path, "http://127.0.0.1:9444/livez")
        assert reply.status == 0

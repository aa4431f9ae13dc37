"""Does a real old application do behind the example as if it were at home there?"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.gateway_process import GatewayProcess, Reply, curl, gateway_process, ostiary
from tests.support.neighbours import free_port, nginx_arguments, nginx_file, running

from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_identity

pytestmark = pytest.mark.integration

EXAMPLE = Path(__file__).parents[2] / "examples" / "legacy-paths.yaml"
PASSWORD = "an old password"
# It looks at its own name, sends whoever asks for a folder without a slash elsewhere, and gives its cookies to all of itself.
APPLICATION = """
  server {{ listen 127.0.0.1:{port} default_server; return 421; }}
  server {{
    listen 127.0.0.1:{port};
    server_name legacy.example;
    root {home}/www;
    auth_basic legacy;
    auth_basic_user_file {home}/htpasswd;
    client_max_body_size 0;
    dav_methods PUT;
    add_header Set-Cookie "session=1; Path=/app/v1; HttpOnly";
    add_header X-Powered-By "something old";
    add_header X-Saw "$http_x_konto|$http_x_debug|$http_x_account_id|$request_uri";
  }}
"""


@pytest.fixture
def application(tmp_path: Path) -> Iterator[int]:
    """A real nginx; its port."""
    home, port = tmp_path / "application", free_port()
    for name, content in {
        "accounts/7": b"seven",
        "accounts/folder/index.html": b"here",
        "print/3/acme": b"a statement",
    }.items():
        file = home / "www/app/v1" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    (home / "www/secret").write_bytes(b"nobody's")
    (home / "htpasswd").write_text(f"gateway:{{PLAIN}}{PASSWORD}\n")
    file = nginx_file(home, APPLICATION.format(home=home, port=port))
    with running("nginx", home, port, *nginx_arguments(home, file)):
        yield port


@pytest.fixture
async def gateway(tmp_path: Path, application: int, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GatewayProcess]:
    """The example as it stands, but for addresses."""
    monkeypatch.setenv("OSTIARY_MASTER_KEY", (await ostiary("vault", "key")).decode().strip())
    bank, web = Authority.create("Bank CA"), Authority.create("web")
    (tmp_path / "tls").mkdir()
    (tmp_path / "var").mkdir(mode=0o700)
    write_certificates(tmp_path / "tls/partners-ca.pem", [bank.certificate])
    write_certificates(tmp_path / "tls/ca.pem", [web.certificate])
    write_identity(tmp_path / "tls/server.pem", tmp_path / "tls/server.key", web.issue_server("localhost"))
    john = bank.issue_client(cn="john", uris=["spiffe://example.com/bank/john"])
    write_identity(tmp_path / "john.crt", tmp_path / "john.key", john)
    text = (
        EXAMPLE.read_text().replace("0.0.0.0:8443", "127.0.0.1:0").replace("127.0.0.1:9000", f"127.0.0.1:{application}")
    )
    (tmp_path / "gateway.yaml").write_text(text)
    put = ("vault", "put", "legacy", "-c", tmp_path / "gateway.yaml", "--id", "gateway", "--secret-stdin")
    await ostiary(*put, given=PASSWORD.encode())
    async with gateway_process(tmp_path / "gateway.yaml") as one:
        yield one


@pytest.fixture
def ask(tmp_path: Path, gateway: GatewayProcess):
    async def asked(path: str, *options: str | Path) -> Reply:
        trust = ("--cacert", tmp_path / "tls/ca.pem", "--resolve", f"localhost:{gateway.port}:127.0.0.1")
        shown = ("--cert", tmp_path / "john.crt", "--key", tmp_path / "john.key")
        return await curl(tmp_path, f"https://localhost:{gateway.port}{path}", *trust, *shown, *options)

    return asked


async def test_the_application_is_asked_by_its_own_name_and_paths_and_told_what_it_calls_things(ask):
    reply = await ask("/api/accounts/7?a=%2F", "-H", "X-Account-Id: 7", "-H", "X-Debug: 1", "-H", "X-Konto: 8")
    statement = await ask("/api/customers/acme/statements/3", "--http2")

    assert (reply.status, reply.content.read_bytes()) == (200, b"seven")
    assert reply.headers["x-saw"] == "7|||/app/v1/accounts/7?a=%2F"
    assert (statement.status, statement.content.read_bytes()) == (200, b"a statement")


@pytest.mark.attack(37)
async def test_what_the_application_says_of_its_own_places_leads_back_through_the_gateway(ask, tmp_path):
    jar = tmp_path / "jar"
    moved = await ask("/api/accounts/folder", "-c", jar)
    followed = await ask("/api/accounts/folder", "-L", "--max-redirs", "1", "-c", jar)
    kept = jar.read_text().strip().splitlines()[-1].split("\t")

    assert (moved.status, moved.headers["location"]) == (301, "/api/accounts/folder/")
    assert (followed.status, followed.content.read_bytes()) == (200, b"here")
    assert "server" not in moved.headers
    assert "x-powered-by" not in followed.headers
    assert (kept[2], *kept[5:]) == ("/api", "session", "1")


@pytest.mark.attack(32)
async def test_nobody_gets_out_of_the_part_that_is_shown(ask):
    ups = (
        "/../../../secret",
        "/%2e%2e/%2e%2e/%2e%2e/secret",
        "/..%2f..%2f..%2fsecret",
        "/..;/..;/..;/secret",
        "//..//../secret",
    )
    refused = [await ask(f"/api/accounts{up}", "--path-as-is") for up in ups]
    own = await ask("/app/v1/accounts/7")

    assert [one.status for one in refused] == [400] * len(ups)
    assert own.status == 404


async def test_large_bodies_go_through_both_ways_as_they_are(ask, tmp_path):
    (tmp_path / "body").write_bytes(os.urandom(3 << 20))
    stored = await ask("/api/accounts/large", "-T", tmp_path / "body")
    back = await ask("/api/accounts/large")

    assert stored.status in (201, 204)
    assert back.content.read_bytes() == (tmp_path / "body").read_bytes()

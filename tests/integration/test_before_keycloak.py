"""Does a real Keycloak behind the gateway know the caller's certificate, which it has never seen in a handshake?"""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from tests.support.gateway_process import curl, gateway_process
from tests.support.keycloak import keycloak
from tests.support.oidc_provider import free_port

from ostiary.pki.certificate import describe
from ostiary.pki.files import write_identity

pytestmark = pytest.mark.integration

FILE = """
version: 1
listeners:
  partners:
    bind: 127.0.0.1:0
    tls:
      certificate: file:server.pem
      private_key: file:server.key
      client: {{mode: optional, authorities: [file:ca.pem]}}
upstreams:
  keycloak: {{endpoints: ["http://127.0.0.1:{port}"]}}
routes:
  - name: token
    match: {{path: /realms/bank/protocol/openid-connect/token, methods: [POST]}}
    authenticate: {{mtls: {{subject: cn, allow: ["**"]}}}}
    authorize: anyone
    inject:
      - certificate: {{dialect: {dialect}, header: {header}}}
    upstream: keycloak
"""
PATH = "/realms/bank/protocol/openid-connect/token"
LOOKUPS = {"nginx": "ssl-client-cert", "haproxy": "SSL_CLIENT_CERT", "apache": "SSL_CLIENT_CERT"}


async def token(folder: Path, port: int, shown: str, *options: str) -> tuple[int, dict[str, object]]:
    files = ("--cert", folder / f"{shown}.pem", "--key", folder / f"{shown}.key", "--cacert", folder / "ca.pem")
    form = ("-d", "grant_type=client_credentials", "-d", "client_id=bound")
    resolve = ("--resolve", f"localhost:{port}:127.0.0.1")
    reply = await curl(folder, f"https://localhost:{port}{PATH}", *files, *form, *resolve, *options)
    return reply.status, json.loads(reply.content.read_text())


def claims(answer: dict[str, object]) -> dict[str, object]:
    payload = str(answer["access_token"]).split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


@pytest.mark.parametrize("dialect", LOOKUPS)
async def test_it_issues_a_token_that_is_bound_to_the_certificate_in_the_header(tmp_path, dialect):
    port, header = free_port(), LOOKUPS[dialect]
    lookup = {
        "http_enabled": "true",
        "http_port": str(port),
        "spi_x509cert_lookup_provider": dialect,
        f"spi_x509cert_lookup_{dialect}_ssl_client_cert": header,
        f"spi_x509cert_lookup_{dialect}_ssl_cert_chain_prefix": "CERT_CHAIN",
        f"spi_x509cert_lookup_{dialect}_certificate_chain_length": "0",
    }
    async with keycloak(tmp_path, **lookup) as server:
        write_identity(tmp_path / "other.pem", tmp_path / "other.key", server.authority.issue_client(cn="mallory"))
        file = tmp_path / "gateway.yaml"
        file.write_text(FILE.format(port=port, dialect=dialect, header=header))
        async with gateway_process(file) as gateway:
            status, answer = await token(tmp_path, gateway.port, "client")
            pem = (tmp_path / "client.pem").read_text().replace("\n", "%0A").replace(" ", "%20").replace("+", "%2B")
            forged = [
                await token(tmp_path, gateway.port, "other", "-H", f"{name}: {pem}")
                for name in (header, header.replace("_", "-"), header.replace("-", "_"))
            ]

    assert (status, claims(answer)["cnf"]) == (200, {"x5t#S256": describe(server.client).thumbprint})
    assert [refused for refused, _ in forged] == [401, 401, 401]

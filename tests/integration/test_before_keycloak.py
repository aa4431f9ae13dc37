"""Does a real Keycloak behind the gateway know the caller's certificate, which it has never seen in a handshake?"""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.gateway_process import curl, gateway_process
from tests.support.keycloak import every_lookup, keycloak
from tests.support.neighbours import free_port

from ostiary.pki.certificate import describe
from ostiary.pki.dialect import DIALECTS, Shown
from ostiary.pki.files import write_identity

pytestmark = pytest.mark.integration

FILE = """
version: 1
listeners:
  partners:
    bind: 127.0.0.1:0
    tls:
      certificate: file:front.pem
      private_key: file:front.key
      client: {{mode: optional, authorities: [file:ca.pem]}}
upstreams:
  keycloak: {{endpoints: ["http://127.0.0.1:{port}"], host: endpoint}}
routes:
{routes}
"""
ROUTE = """
  - name: {dialect}
    match: {{host: {dialect}.localhost, path: /realms/bank/protocol/openid-connect/token, methods: [POST]}}
    authenticate: {{mtls: {{subject: cn, allow: ["**"]}}}}
    authorize: anyone
    inject:
      - certificate: {{dialect: {dialect}, header: {header}}}
      - header: {{name: X-Lookup, value: {dialect}}}
    upstream: keycloak
"""
PATH = "/realms/bank/protocol/openid-connect/token"
LOOKUPS = {
    "nginx": "ssl-client-cert",
    "haproxy": "SSL_CLIENT_CERT",
    "apache": "SSL_CLIENT_CERT",
    "rfc9440": "Client-Cert",
    "traefik": "X-Forwarded-Tls-Client-Cert",
    "envoy": "X-Forwarded-Client-Cert",
}
"""Every look-up that this Keycloak has, and the header that it is told of, or that is its own."""
NAMED = ("nginx", "haproxy", "apache")


async def token(folder: Path, port: int, dialect: str, shown: str, *options: str) -> tuple[int, dict[str, object]]:
    files = ("--cert", folder / f"{shown}.pem", "--key", folder / f"{shown}.key", "--cacert", folder / "ca.pem")
    form = ("-d", "grant_type=client_credentials", "-d", "client_id=bound")
    host = f"{dialect}.localhost:{port}"
    reply = await curl(folder, f"https://{host}{PATH}", *files, *form, "--resolve", f"{host}:127.0.0.1", *options)
    return reply.status, json.loads(reply.content.read_text())


def claims(answer: dict[str, object]) -> dict[str, object]:
    payload = str(answer["access_token"]).split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def forged(dialect: str, der: bytes) -> list[str]:
    """The client's certificate, as somebody else would write it, in every spelling of the header."""
    header, value = LOOKUPS[dialect], DIALECTS[dialect].write(Shown(der)).decode()
    return [f"{name}: {value}" for name in (header, header.replace("_", "-"), header.replace("-", "_"))]


async def test_it_issues_a_token_that_is_bound_to_the_certificate_in_the_header_of_each_look_up_that_it_has(tmp_path):
    port = free_port()
    lookup = {"http_enabled": "true", "http_port": str(port), "spi_x509cert_lookup__provider": "every"}
    for name in NAMED:
        place = f"spi_x509cert_lookup__{name}__"
        lookup |= {
            f"{place}ssl_client_cert": LOOKUPS[name],
            f"{place}ssl_cert_chain_prefix": "CERT_CHAIN",
            f"{place}certificate_chain_length": "0",
        }
    told, refused = {}, {}
    async with keycloak(tmp_path, every_lookup(tmp_path), **lookup) as server:
        hosts = [f"{dialect}.localhost" for dialect in LOOKUPS]
        write_identity(tmp_path / "front.pem", tmp_path / "front.key", server.authority.issue_server(*hosts))
        write_identity(tmp_path / "other.pem", tmp_path / "other.key", server.authority.issue_client(cn="mallory"))
        routes = "".join(ROUTE.format(dialect=name, header=header) for name, header in LOOKUPS.items())
        file = tmp_path / "gateway.yaml"
        file.write_text(FILE.format(port=port, routes=routes))
        der = server.client.public_bytes(Encoding.DER)
        async with gateway_process(file) as gateway:
            for dialect in LOOKUPS:
                status, answer = await token(tmp_path, gateway.port, dialect, "client")
                told[dialect] = claims(answer)["cnf"] if status == 200 else answer
                lies = [
                    await token(tmp_path, gateway.port, dialect, "other", "-H", lie) for lie in forged(dialect, der)
                ]
                refused[dialect] = {status for status, _ in lies}

    expected = {"x5t#S256": describe(server.client).thumbprint}
    assert told == dict.fromkeys(LOOKUPS, expected)
    assert refused == {dialect: {401} for dialect in LOOKUPS}

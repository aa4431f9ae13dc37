"""Are certificates shown, to callers and to upstreams, whose private keys never leave an HSM?"""

from __future__ import annotations

import asyncio
import ssl
from itertools import count
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key
from tests.support.gateway_process import gateway_process
from tests.support.legacy_nginx import free_port
from tests.support.pkcs11_provider import configuration, place
from tests.support.shown import greeter, name_of
from tests.support.softhsm import SoftHsm

from ostiary.pki import extensions
from ostiary.pki.authority import Authority, common_name
from ostiary.pki.files import pem, write_certificates, write_identity

pytestmark = pytest.mark.distant  # OpenSSL's provider for PKCS#11: Debian has it from 13 on

FILE = """
version: 1
listeners:
  public: {{bind: "127.0.0.1:{own}", tls: {{certificate: "file:server.pem", private_key: "file:server.key"}}}}
upstreams:
  partner:
    endpoints: ["https://localhost:{port}"]
    tls: {{trusted: [file:ca.pem], client: {{certificate: "file:client.pem", private_key: "file:client.key"}}}}
routes:
  - {{name: all, match: {{path: /**}}, authenticate: {{anonymous: {{}}}}, authorize: anyone, upstream: partner}}
"""
CA = Authority.create("Partner")
NUMBERS = count(0xA1)


def certify(softhsm: SoftHsm, folder: Path, name: str, purpose: str, number: int) -> None:
    """Make a key in the token, and a certificate for it; its file says only where it is."""
    softhsm.make(f"held-{purpose}-{number}", number)
    public = load_der_public_key(softhsm.public(f"held-{purpose}-{number}", number))
    usage = extensions.SERVER if purpose == "server" else extensions.CLIENT
    names = extensions.alternative_names(extensions.host_names((name,)), subject_empty=False)
    marks = [*extensions.leaf(usage), *names]
    certificate = CA.issue(common_name(name), public, marks, days=1)  # type: ignore[arg-type]  # EC, by its making
    (folder / f"{purpose}.pem").write_bytes(pem([certificate]))
    (folder / f"{purpose}.key").write_text(place(f"held-{purpose}-{number}"))


@pytest.mark.parametrize("options", [(), ("--workers", "2")], ids=["one process", "two workers"])
async def test_both_ends_see_certificates_whose_keys_are_in_the_token(
    softhsm: SoftHsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    openssl = configuration(softhsm, tmp_path)
    for purpose, name in (("server", "localhost"), ("client", "gateway.example")):
        certify(softhsm, tmp_path, name, purpose, next(NUMBERS))
    write_certificates(tmp_path / "ca.pem", [CA.certificate])
    write_identity(tmp_path / "up.pem", tmp_path / "up.key", CA.issue_server("localhost"))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tmp_path / "ca.pem")
    tls.load_cert_chain(tmp_path / "up.pem", tmp_path / "up.key")
    tls.verify_mode = ssl.CERT_REQUIRED
    upstream = await asyncio.start_server(greeter(name_of), "localhost", 0, ssl=tls, family=2)
    file = tmp_path / "gateway.yaml"
    file.write_text(FILE.format(own=free_port(), port=upstream.sockets[0].getsockname()[1]))
    monkeypatch.setenv("OPENSSL_CONF", str(openssl))
    trust = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    async with (
        upstream,
        gateway_process(file, *options, ready="workers ready" if options else "ready") as gateway,
        httpx2.AsyncClient(verify=trust, trust_env=False, timeout=15) as client,
    ):
        for _ in range(3):
            reply = await client.get(f"https://localhost:{gateway.port}/")
            assert (reply.status_code, reply.text) == (200, "gateway.example")

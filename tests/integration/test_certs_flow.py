"""Does what `ostiary certs` makes get through a strict listener, and what it revokes not?"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.handshake import server_tls
from tests.support.pki import openssl, root
from tests.support.tls_server import serving

from ostiary.pki.files import write_certificates

pytestmark = pytest.mark.integration

FLOW = (
    ("ca", "/C=UK/ST=England/L=London/O=Any Org/CN=sftofluid-prod-mtls"),
    ("request", "/C=UK/ST=England/L=London/O=Any Org/OU=Any Org Engineering/CN=John-Doe", "--name", "johndoe"),
    ("sign", "johndoe.csr", "--days", "730", "--yes"),
)
SUBJECT = "CN=John-Doe,OU=Any Org Engineering,O=Any Org,L=London,ST=England,C=UK"


def certs(folder: Path, *arguments: str) -> str:
    """Run the real command line, in a process of its own."""
    command = [sys.executable, "-m", "ostiary", "certs", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def made(tmp_path) -> Path:
    for arguments in FLOW:
        certs(tmp_path, *arguments)
    return tmp_path


def listener(made: Path, folder: Path):
    folder.mkdir(exist_ok=True)
    crls = {"crls": (f"file:{made}/pki/ca.crl",), "mode": "hard"}
    return server_tls(folder, mode="required", authorities=(f"file:{made}/pki/ca.pem",), revocation=crls)


def curl(made: Path, port: int) -> subprocess.CompletedProcess[str]:
    program = shutil.which("curl")
    if program is None:
        pytest.skip("curl is not installed")
    write_certificates(made / "root.pem", [root().certificate])
    return subprocess.run(
        [
            *(program, "-sS", f"https://localhost:{port}/", "--cacert", "root.pem", "--noproxy", "*"),
            *("--cert", "johndoe.crt", "--key", "johndoe.key", "--max-time", "20"),
            *("--resolve", f"localhost:{port}:127.0.0.1"),
        ],
        cwd=made,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_documented_flow_in_three_commands_gets_through_a_strict_listener(made):
    with serving(listener(made, made / "gateway"), asyncio.new_event_loop) as port:
        assert curl(made, port).stdout == f"{SUBJECT} at localhost over TLSv1.3"


def test_openssl_finds_nothing_to_complain_of(made):
    strict = ("verify", "-x509_strict", "-purpose", "sslclient", "-crl_check", "-CRLfile", "pki/ca.crl")

    assert openssl(*strict, "-CAfile", "pki/ca.pem", "johndoe.crt", cwd=made).stdout == "johndoe.crt: OK\n"


def test_a_revoked_user_is_kept_out_by_the_list_that_revoke_has_published(made):
    certs(made, "revoke", "johndoe.crt", "--reason", "keyCompromise")

    with serving(listener(made, made / "gateway"), asyncio.new_event_loop) as port:
        refused = curl(made, port)
    assert (refused.returncode != 0, refused.stdout) == (True, "")

"""What a configuration of tests/config points at: keys, certificates, a vault file, an environment."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from ostiary.model import Secret
from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_crl, write_identity, write_pkcs12
from ostiary.pki.keys import private_pem

NOW = datetime.now(UTC).timestamp()  # of everything here, however late the tests that want it come
ENVIRONMENT: Mapping[str, str] = {"MASTER_KEY": base64.b64encode(bytes(32)).decode(), "VAULT_TOKEN": "a token"}


def furnish(folder: Path) -> Path:
    """Put everything into a folder that sound.yaml, and each broken one, points at."""
    pki = folder / "pki"
    pki.mkdir()
    now = datetime.fromtimestamp(NOW, UTC)
    authority = Authority.create("CA", clock=lambda: now)
    other = Authority.create("Other CA", clock=lambda: now)
    past = Authority.create("Old CA", days=30, clock=lambda: now - timedelta(days=60))
    server, another = authority.issue_server("localhost"), authority.issue_server("localhost")
    write_certificates(pki / "ca.pem", [authority.certificate])
    write_crl(pki / "ca.crl", authority.crl())
    write_crl(pki / "other.crl", other.crl())
    delta = x509.CertificateRevocationListBuilder(authority.certificate.subject, now, now + timedelta(days=30))
    delta = delta.add_extension(x509.DeltaCRLIndicator(1), critical=True)
    write_crl(pki / "delta.crl", delta.sign(authority.key, hashes.SHA256()))
    write_crl(pki / "stale.crl", authority.crl(start=now - timedelta(days=30)))
    write_certificates(pki / "both.pem", [authority.certificate, other.certificate])
    write_identity(pki / "server.pem", pki / "server.key", server)
    write_identity(pki / "other.pem", pki / "other.key", another)
    write_identity(pki / "old.pem", pki / "old.key", past.issue_server("localhost", days=20))
    write_certificates(pki / "old-ca.pem", [past.certificate])
    write_pkcs12(pki / "server.p12", server, Secret(b"the password"))
    _private(pki / "locked.key", private_pem(server.key, Secret(b"the password")))
    _private(pki / "server.der", server.certificate.public_bytes(Encoding.DER))
    _private(pki / "empty", b"")
    _private(folder / "vault.db", b"a vault; check does not open it")
    _private(folder / "open.db", b"a vault for everybody")
    (folder / "open.db").chmod(0o644)
    return folder


def _private(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o600)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything in it. Shared: put files with names of their own into it."""
    return furnish(tmp_path_factory.mktemp("furnished"))

"""Certificates for tests: the ones our CA makes, and the ones that no good CA would."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from ostiary.pki.authority import Authority, Identity, common_name
from ostiary.pki.extensions import Extension
from ostiary.pki.files import write_certificates, write_crl, write_identity
from ostiary.pki.keys import PrivateKey, generate, private_pem

CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH
NOW = datetime.now(UTC)


@cache
def root() -> Authority:
    """The root that most tests share. It costs little, but it is made in every other test."""
    return Authority.create("Test root")


def odd_client(
    authority: Authority,
    marks: Iterable[Extension],
    *,
    subject: x509.Name | None = None,
    key: PrivateKey | None = None,
    days: float = 30,
) -> Identity:
    """A client with exactly these extensions, whether they make sense or not."""
    private = key or generate()
    name = common_name("odd") if subject is None else subject
    certificate = authority.issue(name, private.public_key(), marks, days=days)
    return Identity(certificate, private, authority.chain)


def expired(authority: Authority) -> Identity:
    return authority.issue_client(cn="late", start=NOW - timedelta(days=10), days=9)


@dataclass(frozen=True, slots=True)
class Files:
    """Files of a listener's TLS, in one folder."""

    folder: Path

    def ca(self, *authorities: Authority, name: str = "ca.pem") -> str:
        write_certificates(self.folder / name, [authority.certificate for authority in authorities])
        return f"file:{name}"

    def server(self, identity: Identity) -> tuple[str, str]:
        write_identity(self.folder / "server.pem", self.folder / "server.key", identity)
        return "file:server.pem", "file:server.key"

    def crl(self, crl: x509.CertificateRevocationList, name: str = "ca.crl") -> str:
        write_crl(self.folder / name, crl)
        return f"file:{name}"


def openssl(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the real openssl; the test is skipped, loudly, where there is none."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    return subprocess.run([program, *arguments], cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def later(authority: Authority) -> Identity:
    return authority.issue_client(cn="early", start=NOW + timedelta(days=1), days=9)


def signed_by_openssl(authority: Authority, folder: Path, *how: str) -> x509.Certificate:
    """A client certificate as `openssl x509 -req` makes it: X.509 v1 unless `how` brings extensions."""
    (folder / "o-ca.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    (folder / "o-ca.key").write_bytes(private_pem(authority.key))
    new = ("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "o.key", "-subj", "/CN=a", "-out", "o.csr")
    sign = ("x509", "-req", "-in", "o.csr", "-CA", "o-ca.pem", "-CAkey", "o-ca.key", "-CAcreateserial", "-out", "o.pem")
    for arguments in (new, (*sign, *how)):
        done = openssl(*arguments, cwd=folder)
        assert done.returncode == 0, done.stderr
    return x509.load_pem_x509_certificate((folder / "o.pem").read_bytes())


def signed_with_sha1(authority: Authority, folder: Path) -> x509.Certificate:
    """A client certificate over SHA-1, which only openssl still makes."""
    (folder / "o.ext").write_text("extendedKeyUsage=clientAuth\n")
    return signed_by_openssl(authority, folder, "-sha1", "-extfile", "o.ext")

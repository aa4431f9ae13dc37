"""A day at work with the command line: every command, in an order in which each finds what it needs.

Secrets are everywhere: in the vault, in the environment, in files, in keys, and where they do not belong in a
configuration with mistakes. None of them is ever to be written out.
"""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.tokens import Signer, key_set

from ostiary.cli.run import run
from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates

VAULT, PASSWORD, ADMIN, LITERAL = (f"canary-of-the-{where}-5e1c" for where in ("vault", "password", "admin", "file"))
BANK: Final = Signer("bank")
FILE: Final = """
version: 1
listeners: {public: {bind: "127.0.0.1:0", plaintext: accepted}}
admin: {bind: "127.0.0.1:0", token: env:ADMIN_TOKEN}
issuers: {bank: {issuer: "https://id.example.com", jwks_file: "file:keys.json", audiences: [accounts]}}
vaults: {local: {type: local, path: var/vault.db, master_key: file:master.key}}
credentials: {legacy: {vault: local}, other: {vault: local}}
keys: {signing: {type: local, vault: local, publish_before: 1s}, imported: {type: local, vault: local}}
upstreams: {one: {endpoints: ["http://127.0.0.1:9"]}}
routes:
  - name: accounts
    match: {path: /accounts/**}
    authenticate: {jwt: {issuers: [bank]}}
    authorize: anyone
    inject:
      - basic: {credential: legacy}
    upstream: one
"""
WRONG: Final = f"""
version: 1
listeners: {{public: {{bind: "127.0.0.1:0", plaintext: accepted, tls: {{private_key: {LITERAL}}}}}}}
admin: {{bind: "127.0.0.1:0", token: {LITERAL}}}
vaults: {{local: {{type: local, path: var/vault.db, master_key: {LITERAL}, pasword: {LITERAL}}}}}
issuers: {{bank: {{issuer: "https://user:{LITERAL}@id.example.com", audiences: [a]}}}}
credentials: {{legacy: {{vault: lokal, secret: legacy}}}}
upstreams: {{one: {{endpoints: ["http://user:{LITERAL}@127.0.0.1:9"]}}}}
routes:
  - name: accounts
    match: {{path: /accounts/**}}
    authenticate: {{jwt: {{issuers: [bnak]}}}}
    authorize: anyone
    inject:
      - header: {{name: Authorization, value: "Bearer {LITERAL}"}}
    upstream: one
"""
LINE: Final = {
    "time": "2026-01-01T00:00:00.000Z",
    "id": "r1",
    "decision": "deny",
    "status": 401,
    "reason": "token.expired",
}


@dataclass(frozen=True)
class Step:
    """One command.

    Attributes:
        words: what is typed.
        given: on standard input.
        code: the exit code.
        plain: whether it is asked for without --json only.
    """

    words: tuple[str, ...]
    given: str = ""
    code: int = 0
    plain: bool = False


def step(text: str, given: str = "", code: int = 0, *, plain: bool = False) -> Step:
    return Step(tuple(text.split()), given, code, plain)


CURL: Final = f"curl -u alice:{PASSWORD} https://a.example/accounts/1"
DAY: Final = (
    step("version"), step("help"), step("help C204"), step("help token.expired"), step("help D114"),
    step("schema"), step("completion bash", plain=True),
    step("init made/first"), step("init made/second --preset keycloak"), step("init .", code=1),
    step("vault key --out master.key"), step("vault key"),
    step("vault put legacy --id alice --secret-stdin", VAULT), step("vault put other --id bob --secret-stdin", VAULT),
    step("vault get legacy"), step("vault list"), step("vault test"),
    step("vault rotate legacy --secret-stdin", VAULT), step("vault disable legacy --version 1"),
    step("vault enable legacy --version 1"), step("vault destroy other --all --yes"), step("vault test other", code=1), step("vault rekey"),
    step("keys generate signing"), step("keys list"), step("keys rotate signing"), step("keys disable signing --version 1"),
    step("keys enable signing --version 1"), step("keys destroy signing --version 1 --yes"), step("keys jwks signing", plain=True),
    step("check gateway.yaml"), step("check gateway.yaml --verbose"), step("check wrong.yaml", code=1), step("check wrong.yaml --verbose", code=1),
    step("check gateway.yaml --overlay wrong.yaml", code=1), step("check wrong.yaml --overlay gateway.yaml", code=1),
    step("check wrong.yaml --format github", code=1, plain=True), step("check wrong.yaml --format sarif", code=1, plain=True),
    step("issuer check bank --token token"), step("issuer check bank -c wrong.yaml", code=1), step("issuer check bnak", code=1),
    step("explain https://a.example/accounts/1 --token token --claims", code=3), step("explain https://a.example/nowhere"),
    Step(("explain", "--curl", CURL)), step("explain --request-id r1 --log access.log"),
    step("explain https://a.example/accounts/1 -c wrong.yaml", code=1), step("explain --request-id r9 --log access.log", code=3),
    step("explain https://a.example/ --admin http://127.0.0.1:1", code=3),
    step("token key"), step("token digest --secret-stdin", VAULT), step("token password --secret-stdin", PASSWORD), step("token show token"),
    step("audit verify audit.jsonl"), step("audit verify broken.jsonl", code=1),
    step("certs ca /CN=Test --folder ca --key ec-p256 --password env:KEY_PASSWORD"),
    step("certs request /CN=alice --name alice --folder made --password env:KEY_PASSWORD"),
    step("certs sign made/alice.csr --ca ca --yes --password env:KEY_PASSWORD --out made/alice.pem"),
    step("certs inspect made/alice.pem"), step("certs check made/alice.pem"), step("certs list --ca ca"), step("certs revoke made/alice.pem --ca ca --password env:KEY_PASSWORD"),
    step("certs crl --ca ca --password env:KEY_PASSWORD"), step("doctor made/alice.pem"),
    Step(("keys", "import", "imported", "made/alice.key", "--password-stdin"), PASSWORD), step("keys trust trusted.pem made/alice.pem"),
    step("import cosmian --jwt-issuer-uri=https://accounts.google.com --https-p12-file=a.p12 --https-p12-password=" + PASSWORD),
    step("import cosmian --from-toml kms.toml"), step("recipe nginx", code=1, plain=True), step("export envoy", code=1), step("export envoy --report", code=1), step("nonsense", code=2), step("vault get nobody", code=1),
    Step(("vault", "put", "legacy", VAULT), code=2), Step(("check", "--pasword", PASSWORD), code=2),
    step("vault get legacy -c wrong.yaml", code=2), step("serve wrong.yaml", code=1, plain=True),
)  # fmt: skip


@dataclass
class Said:
    """What one command has written."""

    step: Step
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass
class Work:
    """A day in a folder.

    Attributes:
        said: what each command has written.
        secrets: what must not stand in it.
    """

    folder: Path
    said: list[Said] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)


def furnish(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    """Put everything there that the day begins with."""
    folder.mkdir(mode=0o700)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ADMIN_TOKEN", ADMIN)
    monkeypatch.setenv("KEY_PASSWORD", PASSWORD)
    monkeypatch.setenv("OSTIARY_ADMIN_TOKEN", ADMIN)
    claims = {"iss": "https://id.example.com", "aud": "accounts", "sub": "alice", "iat": 1, "exp": 4_000_000_000}
    token = BANK.token(claims).decode()
    for name, text in (
        ("gateway.yaml", FILE), ("wrong.yaml", WRONG), ("keys.json", key_set(BANK).decode()), ("token", token),
        ("access.log", json.dumps(LINE) + "\n"), ("audit.jsonl", ""), ("broken.jsonl", '{"sequence": 7}\n'),
        ("kms.toml", f'tls_p12_file = "a"\ntls_p12_password = "{PASSWORD}"\n[auth]\napi_token_id = "{LITERAL}"\n'),
    ):  # fmt: skip
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    write_certificates(folder / "a.pem", [Authority.create("CA").certificate])
    secrets = {"vault": VAULT, "password": PASSWORD, "admin": ADMIN, "file": LITERAL, "signature": token.split(".")[2]}
    return Work(folder, secrets={**secrets, "token": token})


def live(work: Work, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, as_json: bool) -> None:
    """Do everything, and keep what is written."""
    for one in DAY:
        if as_json and one.plain:
            continue
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(one.given.encode())))
        code = run([*one.words, "--json"] if as_json else list(one.words))
        work.said.append(Said(one, code, *capsys.readouterr()))


__all__ = ["DAY", "Said", "Step", "Work", "furnish", "live"]

"""A gateway that decides for other proxies, and forwards by itself as well; an upstream that tells what it was sent.

One process of the gateway, one upstream, one file: what is asked natively and through each proxy meets the same objects.
"""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.neighbours import PATIENCE, free_port
from tests.support.pki import expired
from tests.support.plugin_answer import Said, read
from tests.support.plugin_policy import FILE
from tests.support.plugin_upstream import Echo
from tests.support.tokens import Signer, key_set

from ostiary.authn.api_key import digest_of
from ostiary.authn.password import hash_of
from ostiary.cli.run import run
from ostiary.pki.authority import Authority
from ostiary.pki.certificate import describe
from ostiary.pki.files import chain_pem, write_certificates, write_crl, write_identity
from ostiary.pki.keys import private_pem

CANARY = "canary-of-the-vault-7f3a"
BASIC = "Basic " + b64encode(f"svc:{CANARY}".encode()).decode()
KEY = b"key-of-a-program-51d0c2c4b0f94f0f8a55"
ISSUER = "https://id.example.com/bank"
AUDIENCE = "accounts"


@dataclass
class World:
    """Everything but the proxies."""

    folder: Path
    echo: Echo
    authority: Authority
    signer: Signer
    ports: dict[str, int]
    tokens: dict[str, str] = field(default_factory=dict)
    gateway: Gateway | None = None
    policy: Path | None = None

    @property
    def file(self) -> Path:
        """The policy."""
        return self.policy or self.folder / "gateway.yaml"

    def ask(
        self, port: int, raw: bytes, *, shown: str | None = None, name: str = "localhost", patience: float = 10.0
    ) -> Said:
        """Send these octets over a new connection with TLS, and read one answer."""
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        context.set_alpn_protocols(["http/1.1"])
        if shown is not None:
            context.load_cert_chain(self.folder / f"{shown}.pem", self.folder / f"{shown}.key")
        with (
            socket.create_connection(("127.0.0.1", port), patience) as plain,
            context.wrap_socket(plain, server_hostname=name) as stream,
        ):
            stream.sendall(raw)
            return read(stream, bare=raw.startswith(b"HEAD "))

    def plain(self, port: int, raw: bytes) -> Said:
        """Send these octets over a new connection in clear, and read one answer."""
        with socket.create_connection(("127.0.0.1", port), 10) as stream:
            stream.sendall(raw)
            return read(stream, bare=False)

    def token(self, **claims: Any) -> str:
        """A token of the bank."""
        now = time.time()
        whole = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "alice",
            "iat": now - 5,
            "exp": now + 3600,
            "scope": "read",
            **claims,
        }
        return self.signer.token({name: value for name, value in whole.items() if value is not None}).decode()


@contextmanager
def world(folder: Path, listeners: dict[str, str]) -> Iterator[World]:
    """Furnish a folder, and run the upstream. `listeners` are lines of the policy, in which {port} and {home} count."""
    echo = Echo()
    threading.Thread(target=echo.serve, daemon=True).start()
    made = World(folder, echo, Authority.create("Bank CA"), Signer("bank-1"), {"native": free_port()})
    lines = []
    for name, text in listeners.items():
        made.ports[name] = free_port()
        lines.append(f"  {name}: " + text.replace("{port}", str(made.ports[name])).replace("{home}", str(folder)))
    _furnish(made)
    made.file.write_text(
        FILE.format(
            native=made.ports["native"],
            listeners="\n".join(lines),
            issuer=ISSUER,
            audience=AUDIENCE,
            upstream=echo.port,
        )
    )
    try:
        yield made
    finally:
        echo.close()


def _furnish(made: World) -> None:
    folder, authority = made.folder, made.authority
    write_certificates(folder / "ca.pem", [authority.certificate])
    server = authority.issue_server("localhost", "api.example.com", "127.0.0.1")
    write_identity(folder / "server.pem", folder / "server.key", server)
    (folder / "front.pem").write_bytes(chain_pem(server) + private_pem(server.key))
    (folder / "front.pem").chmod(0o600)
    people = {
        "john": authority.issue_client(cn="john", uris=["spiffe://example.com/bank/john"]),
        "mallory": authority.issue_client(cn="mallory", uris=["spiffe://example.com/elsewhere/mallory"]),
        "late": expired(authority),
        "stranger": Authority.create("Bank CA").issue_client(cn="x", uris=["spiffe://example.com/bank/x"]),
        "fired": authority.issue_client(cn="fired", uris=["spiffe://example.com/bank/fired"]),
    }
    for name, identity in people.items():
        write_identity(folder / f"{name}.pem", folder / f"{name}.key", identity)
    authority.revoke(people["fired"].certificate)
    write_crl(folder / "ca.crl", authority.crl())
    (folder / "jwks.json").write_bytes(key_set(made.signer))
    _put(folder / "secrets" / "legacy", id="svc", secret=CANARY)
    _put(folder / "secrets" / "hashes", id="program", secret=digest_of(KEY))
    _put(folder / "secrets" / "people", id="ada", secret=hash_of(b"pass"))
    now = time.time()
    other = Signer("bank-1")
    made.tokens = {
        "good": made.token(),
        "bob": made.token(sub="bob"),
        "noscope": made.token(scope="write"),
        "expired": made.token(iat=now - 9000, exp=now - 8000),
        "early": made.token(nbf=now + 8000),
        "wrongaudience": made.token(aud="somebody-else"),
        "wrongissuer": made.token(iss="https://elsewhere.example"),
        "away": made.token(iss="https://away.example"),
        "north": made.token(tid="north"),
        "south": made.token(tid="south"),
        "bound": made.token(cnf={"x5t#S256": _thumbprint(people["john"].certificate)}),
        "forged": other.token(
            {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "iat": now, "exp": now + 600, "scope": "read"}
        ).decode(),
        "garbage": "abc.def",
    }


def _thumbprint(certificate: Any) -> str:
    return describe(certificate).thumbprint


def _put(folder: Path, **fields: str) -> None:
    folder.mkdir(parents=True)
    for name, text in fields.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)


class Gateway:
    """The gateway's process.

    Args:
        file: of the configuration.
        words: more for its command line.
    """

    def __init__(self, file: Path, *words: str) -> None:
        self.file = file
        self._words = words
        self.out, self.err = file.with_suffix(".out"), file.with_suffix(".err")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it serves."""
        with self.out.open("ab") as out, self.err.open("wb") as err:
            command = (sys.executable, "-m", "ostiary", "serve", *self._words, self.file)
            self._process = subprocess.Popen(command, stdout=out, stderr=err, cwd=self.file.parent)
        end = time.monotonic() + PATIENCE
        while '"event": "ready"' not in self.err.read_text():
            assert self._process.poll() is None, self.err.read_text()
            assert time.monotonic() < end, "the gateway does not become ready"
            time.sleep(0.05)

    @property
    def pid(self) -> int | None:
        """Its number, while it runs."""
        return None if self._process is None else self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        os.kill(self._process.pid, number)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None

    def events(self) -> list[dict[str, Any]]:
        """What it has said so far, but for the access log."""
        return [json.loads(line) for line in self.err.read_text().splitlines() if line.startswith("{")]


def recipe(name: str, world: World, port: int, *more: str) -> str:
    """Return what `ostiary recipe` prints for this policy."""
    words = ["recipe", name, "--config", str(world.file), "--listen", f"127.0.0.1:{port}"]
    said = io.StringIO()
    with redirect_stdout(said):
        assert run([*words, "--certificate", str(world.folder / "front.pem"), *more]) == 0
    return said.getvalue()

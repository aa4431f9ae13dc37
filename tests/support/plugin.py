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
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.neighbours import PATIENCE, free_port
from tests.support.pki import expired
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

FILE = """
version: 1
listeners:
  native:
    bind: 127.0.0.1:{native}
    tls:
      certificate: file:server.pem
      private_key: file:server.key
      client: {{mode: optional, authorities: [file:ca.pem]}}
{listeners}
issuers:
  bank: {{issuer: "{issuer}", jwks_file: file:jwks.json, audiences: [{audience}], algorithms: [ES256], claims: {{tenant: tid}}}}
  away: {{issuer: "https://away.example", jwks_url: "http://127.0.0.1:9/jwks", audiences: [{audience}], algorithms: [ES256]}}
vaults:
  folder: {{type: files, path: secrets}}
credentials:
  legacy: {{vault: folder}}
  hashes: {{vault: folder}}
  nowhere: {{vault: folder}}
  people: {{vault: folder}}
upstreams:
  old: {{endpoints: ["http://127.0.0.1:{upstream}"]}}
routes:
  - name: open
    match: {{path: /open/**}}
    authenticate: {{anonymous: {{subject: nobody}}}}
    authorize: anyone
    inject: [header: {{name: X-Subject, value: "{{principal.subject}}"}}]
    upstream: old
  - name: accounts
    match: {{path: /accounts/**, methods: [GET, HEAD]}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize:
      - scopes: {{all: [read]}}
    inject:
      - basic: {{credential: legacy}}
      - header: {{name: X-Subject, value: "{{principal.subject}}"}}
      - header: {{name: X-Roles, value: reader}}
    upstream: old
  - name: write
    match: {{path: /write, methods: [POST]}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize: anyone
    inject: [basic: {{credential: legacy}}]
    upstream: old
  - name: tenant
    match: {{path: /tenant/**}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize: [tenant: north]
    upstream: old
  - name: who
    match: {{path: /who}}
    authenticate: {{mtls: {{subject: san.uri, allow: ["spiffe://example.com/bank/*"]}}}}
    authorize: anyone
    inject: [header: {{name: X-Subject, value: "{{principal.subject}}"}}]
    upstream: old
  - name: both
    match: {{path: /both}}
    authenticate:
      all:
        - mtls: {{subject: san.uri, allow: ["spiffe://example.com/bank/*"]}}
        - jwt: {{issuers: [bank], bound: when-present}}
    authorize: anyone
    inject: [header: {{name: X-Subject, value: "{{principal.subject}}"}}]
    upstream: old
  - name: key
    match: {{path: /key}}
    authenticate: {{api_key: {{keys: [hashes], header: X-Api-Key}}}}
    authorize: anyone
    upstream: old
  - name: broken
    match: {{path: /broken}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize: anyone
    inject: [basic: {{credential: nowhere}}]
    upstream: old
  - name: away
    match: {{path: /away}}
    authenticate: {{jwt: {{issuers: [away]}}}}
    authorize: anyone
    upstream: old
  - name: either
    match: {{path: /either}}
    authenticate: {{any: [basic: {{users: [people]}}, jwt: {{issuers: [bank]}}]}}
    authorize: anyone
    upstream: old
  - name: near
    match: {{path: /near}}
    authenticate: {{anonymous: {{}}}}
    authorize: [source: [127.0.0.0/8]]
    upstream: old
  - name: far
    match: {{path: /far}}
    authenticate: {{anonymous: {{}}}}
    authorize: [source: [192.0.2.0/24]]
    upstream: old
  - name: hosted
    match: {{host: api.example.com, path: /hosted}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    upstream: old
"""


class Echo:
    """An upstream that answers every request with what it was sent."""

    def __init__(self) -> None:
        self.port = 0
        self.heads: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._socket.getsockname()[1]

    def serve(self) -> None:
        """Accept until the socket is closed."""
        with suppress(OSError):
            while True:
                accepted, _ = self._socket.accept()
                threading.Thread(target=self._talk, args=(accepted,), daemon=True).start()

    def close(self) -> None:
        """Accept no more."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError), connection, connection.makefile("rwb") as stream:
            while (line := stream.readline()) not in (b"", b"\r\n"):
                head = [line]
                while (line := stream.readline()) not in (b"", b"\r\n"):
                    head.append(line)
                self.heads.append(b"".join(head))
                stream.read(_length(head))
                content = _told(head)
                stream.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(content)
                )
                if not head[0].startswith(b"HEAD "):
                    stream.write(content)
                stream.flush()


def _length(head: list[bytes]) -> int:
    for line in head:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _told(head: list[bytes]) -> bytes:
    method, target, _ = head[0].decode("latin-1").split(" ", 2)
    fields = [line.decode("latin-1").rstrip("\r\n").partition(":") for line in head[1:]]
    return json.dumps({"method": method, "target": target, "headers": [[n, v.strip()] for n, _, v in fields]}).encode()


@dataclass(frozen=True)
class Said:
    """An answer.

    Attributes:
        status: 0 when the connection ended without one.
        fields: in order; names in lower case.
        content: as received.
    """

    status: int
    fields: list[tuple[str, str]] = field(default_factory=list)
    content: bytes = b""

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return [value for received, value in self.fields if received == name]

    def get(self, name: str) -> str | None:
        """The first value of a field."""
        return next(iter(self.all(name)), None)

    @property
    def reason(self) -> str | None:
        """The word of the problem document, if it is one."""
        with suppress(ValueError):
            return json.loads(self.content)["reason"]
        return None

    @property
    def seen(self) -> dict[str, list[str]]:
        """What the upstream was sent, by names in lower case."""
        found: dict[str, list[str]] = {}
        for name, value in json.loads(self.content)["headers"]:
            found.setdefault(name.lower(), []).append(value)
        return found

    @property
    def target(self) -> str:
        """The target that the upstream was sent."""
        return str(json.loads(self.content)["target"])


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
            return _read(stream, bare=raw.startswith(b"HEAD "))

    def plain(self, port: int, raw: bytes) -> Said:
        """Send these octets over a new connection in clear, and read one answer."""
        with socket.create_connection(("127.0.0.1", port), 10) as stream:
            stream.sendall(raw)
            return _read(stream, bare=False)

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


def _read(stream: socket.socket, *, bare: bool) -> Said:
    data = b""
    with suppress(OSError):
        while b"\r\n\r\n" not in data and (piece := stream.recv(65536)):
            data += piece
    head, _, content = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1."):
        return Said(0)
    lines = head.decode("latin-1").split("\r\n")
    fields = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
    announced = dict(fields).get("content-length")
    rest = -1 if announced is None else 0 if bare else int(announced) - len(content)
    with suppress(OSError):
        while rest and (piece := stream.recv(65536)):
            content += piece
            rest -= len(piece)
    if ("transfer-encoding", "chunked") in fields:
        content = _unchunked(content)
    return Said(int(lines[0].split(" ")[1]), fields, content)


def _unchunked(data: bytes) -> bytes:
    whole = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        count = int(size.split(b";")[0] or b"0", 16)
        whole, data = whole + data[:count], data[count + 2 :]
        if count == 0:
            break
    return whole


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
    """The gateway's process."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.out, self.err = file.with_suffix(".out"), file.with_suffix(".err")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it serves."""
        with self.out.open("ab") as out, self.err.open("wb") as err:
            command = (sys.executable, "-m", "ostiary", "serve", self.file)
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

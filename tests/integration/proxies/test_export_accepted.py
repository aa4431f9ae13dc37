"""Does Envoy accept whatever a policy may say?"""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.support.export_policy import published
from tests.support.exported import export, exported, validated
from tests.support.neighbours import PATIENCE, free_port
from tests.support.plugged import CLIENT
from tests.support.plugin import BASIC, Gateway, World, world
from tests.support.plugin_upstream import Echo
from tests.support.tokens import key_set
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import InvalidStatus

from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_crl, write_identity

pytestmark = pytest.mark.integration
PARTIAL = {"decision": "allow-partial"}
SERVER = {"certificate": "file:server.pem", "private_key": "file:server.key"}
ASKED = {"client": {"mode": "optional", "authorities": ["file:ca.pem"]}}


def document(made: World, tls: dict[str, Any] | None, old: dict[str, Any], *routes: dict[str, Any]) -> str:
    """Return a file with these blocks."""
    plain = {"authenticate": {"anonymous": {}}, "authorize": "anyone", "upstream": "old", **PARTIAL}
    bank = {"issuer": "https://id.example.com", "audiences": ["a"], "authorities": ["file:ca.pem"]}
    listener = {"bind": f"127.0.0.1:{made.ports['native']}"} | ({} if tls is None else {"tls": {**SERVER, **tls}})
    return json.dumps(
        {
            "version": 1,
            "listeners": {"native": listener},
            "issuers": {"bank": {**bank, "jwks_url": "https://id.example.com/keys"}},
            "vaults": {"folder": {"type": "files", "path": "secrets"}},
            "credentials": {"legacy": {"vault": "folder"}},
            "upstreams": {"old": {"endpoints": ["http://127.0.0.1:9"], **old}},
            "routes": [{"name": f"r{number}", **plain, **one} for number, one in enumerate(routes)],
        }
    )


ANY = {"match": {"path": "/**"}}
JWT = {"authenticate": {"jwt": {"issuers": ["bank"]}}}
CRL = {"crls": ["file:ca.crl"]}
POLICIES: dict[str, tuple[dict[str, Any] | None, dict[str, Any], list[dict[str, Any]]]] = {
    "without TLS": (None, {}, [ANY]),
    "TLS 1.3 only": ({"minimum_version": "1.3"}, {}, [ANY]),
    "one cipher": ({"ciphers": ["ECDHE-ECDSA-AES128-GCM-SHA256"]}, {}, [ANY]),
    "several certificates": ({"also": [SERVER]}, {}, [ANY]),
    "certificates of everybody": (
        {"client": {**ASKED["client"], "mode": "required", "revocation": CRL, "depth": 1}},
        {},
        [{**ANY, "authenticate": {"mtls": {"allow": ["**"]}}}],
    ),
    "several endpoints": (
        None,
        {"endpoints": ["http://127.0.0.1:9", "http://localhost:8"], "host": "endpoint", "connections": 7},
        [ANY],
    ),
    "an upstream with TLS": (
        None,
        {
            "endpoints": ["https://localhost:9"],
            "host": "legacy.example",
            "tls": {"trusted": ["file:ca.pem"], "server_name": "legacy.example", "client": SERVER},
            "timeouts": {"connect": "500ms", "response": "1m", "idle": "2m", "keep_alive": "1s"},
        },
        [ANY],
    ),
    "an upstream of a number": (None, {"endpoints": ["https://127.0.0.1:9"]}, [ANY]),
    "hosts and methods": (
        {},
        {},
        [
            {"match": {"host": "*.example.com", "path": "/a/*/b", "methods": ["GET"]}, "upgrades": ["websocket"]},
            {"match": {"path": "/a.b/(c)+$&'!/~"}},
            {"match": {"path": "/"}},
            {"match": {"path": "/slash/"}},
        ],
    ),
    "all rules": (
        {},
        {},
        [
            {
                **JWT,
                "match": {"path": "/rules"},
                "authorize": [
                    {"audience": "a"},
                    {"tenant": ["x", "on"]},
                    {"environment": "1e3"},
                    {"permissions": {"a.b": {"all": ["r", 'w"q']}}},
                    {"methods": {"GET": "anyone", "POST": {"a": {"any": ["r"]}}}},
                    {"scopes": {"all": ["read.all", "a(b)*"]}},
                    {"subject": "al'ice"},
                    {"subject_type": "user"},
                    {"claims": {"https://a.example/role": ["x", "y"]}},
                    {"source": ["10.0.0.0/8", "2001:db8::/32"]},
                ],
            }
        ],
    ),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Certificates, secrets, and an upstream."""
    with world(tmp_path_factory.mktemp("accepted"), {}) as one:
        yield one


@pytest.mark.parametrize("name", POLICIES)
def test_envoy_accepts(made: World, name: str):
    tls, old, routes = POLICIES[name]
    file = made.folder / "policy.yaml"
    file.write_text(document(made, tls, old, *routes))
    home = made.folder / "accepted"
    shutil.rmtree(home, ignore_errors=True)
    export(file, home, made.ports["native"])
    validated(home)


class Guarded(Echo):
    """An upstream that wants to see a certificate."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "ca.pem")
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._context.load_cert_chain(folder / "server.pem", folder / "server.key")
        self.shown: list[object] = []

    def _talk(self, connection) -> None:
        with suppress(OSError), self._context.wrap_socket(connection, server_side=True) as stream:
            self.shown.append(stream.getpeercert()["subject"])
            super()._talk(stream)


@pytest.fixture
def guarded(made: World) -> Iterator[Guarded]:
    """The upstream, for as long as a test lasts."""
    one = Guarded(made.folder)
    threading.Thread(target=one.serve, daemon=True).start()
    yield one
    one.close()


RAW = b"GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def test_an_upstream_is_shown_the_certificate_and_has_to_be_of_its_name(made: World, guarded: Guarded):
    shown = {"certificate": "file:john.pem", "private_key": "file:john.key"}
    tls = {"trusted": ["file:ca.pem"], "client": shown}
    found = {}
    for name, more in (("right", {}), ("wrong", {"server_name": "elsewhere.example"})):
        old = {"endpoints": [f"https://localhost:{guarded.port}"], "host": "endpoint", "tls": {**tls, **more}}
        file = made.folder / f"{name}.yaml"
        file.write_text(document(made, {}, old, ANY))
        with exported(file, made.folder / name) as envoy:
            found[name] = made.ask(envoy.port, RAW)
    assert (found["right"].status, found["wrong"].status) == (200, 503)
    assert guarded.shown[0] == ((("commonName", "john"),),)
    assert found["right"].seen["host"] == [f"localhost:{guarded.port}"]


def test_a_web_socket_passes_where_its_route_says_so(made: World):
    file, port = made.folder / "sockets.yaml", free_port()
    chat = {"match": {"path": "/chat"}, "upgrades": ["websocket"]}
    old = {"endpoints": [f"http://127.0.0.1:{port}"]}
    file.write_text(document(made, {}, old, chat, {"match": {"path": "/plain"}}))
    with exported(file, made.folder / "sockets") as envoy:
        asyncio.run(_talk(port, f"wss://localhost:{envoy.port}", made.folder / "ca.pem"))


def test_certificates_and_lists_are_read_again_when_they_are_renamed_into_place(made: World):
    folder, authority = made.folder, made.authority
    leaver = authority.issue_client(cn="leaver", uris=["spiffe://example.com/bank/leaver"])
    write_identity(folder / "leaver.pem", folder / "leaver.key", leaver)
    write_crl(folder / "live.crl", authority.crl())
    write_identity(folder / "live.pem", folder / "live.key", authority.issue_server("localhost"))
    tls = {
        "certificate": "file:live.pem",
        "private_key": "file:live.key",
        "client": {**ASKED["client"], "revocation": {"crls": ["file:live.crl"]}},
    }
    file = folder / "live.yaml"
    file.write_text(document(made, tls, {"endpoints": [f"http://127.0.0.1:{made.echo.port}"]}, ANY))
    with exported(file, folder / "live") as envoy:
        shown = ssl.get_server_certificate(("127.0.0.1", envoy.port))
        assert made.ask(envoy.port, RAW, shown="leaver").status == 200
        authority.revoke(leaver.certificate)
        write_identity(folder / "next.pem", folder / "next.key", authority.issue_server("localhost"))
        write_crl(folder / "next.crl", authority.crl())
        for kind in ("key", "pem", "crl"):
            (folder / f"next.{kind}").replace(folder / f"live.{kind}")
        _until(lambda: ssl.get_server_certificate(("127.0.0.1", envoy.port)) != shown)
        _until(lambda: _refused(made, envoy.port))
        assert made.ask(envoy.port, RAW, shown="john").status == 200


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def _refused(made: World, port: int) -> bool:
    try:
        return made.ask(port, RAW, shown="leaver").status == 0
    except OSError:
        return True


async def _talk(upstream: int, where: str, trusted: Path) -> None:
    async def answer(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(f"heard {message}")

    context = ssl.create_default_context(cafile=trusted)
    async with serve(answer, "127.0.0.1", upstream):
        async with connect(f"{where}/chat", ssl=context, proxy=None) as caller:
            await caller.send("me")
            assert await caller.recv() == "heard me"
        with pytest.raises(InvalidStatus, match="403"):
            await connect(f"{where}/plain", ssl=context, proxy=None)


@pytest.fixture
def keys(made: World) -> Iterator[int]:
    """An issuer's key set, over TLS with a certificate of its own authority."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.folder / "server.pem", made.folder / "server.key")
    with published(key_set(made.signer), context) as one:
        yield one.port


@pytest.mark.parametrize(("trusted", "status"), [("ca.pem", 200), ("other.pem", 401)])
def test_keys_are_fetched_from_a_server_of_the_issuer_s_authority(made: World, keys: int, trusted: str, status: int):
    write_certificates(made.folder / "other.pem", [Authority.create("Other CA").certificate])
    text = document(made, {}, {"endpoints": [f"http://127.0.0.1:{made.echo.port}"]}, {**ANY, **JWT})
    file = made.folder / f"keys-{trusted}.yaml"
    text = text.replace("https://id.example.com/keys", f"https://localhost:{keys}/keys").replace(
        "file:ca.pem", f"file:{trusted}"
    )
    file.write_text(text)
    token = made.token(iss="https://id.example.com", aud="a")
    with exported(file, made.folder / f"keys-{trusted}") as envoy:
        said = made.ask(envoy.port, RAW.replace(b"\r\n\r\n", f"\r\nAuthorization: Bearer {token}\r\n\r\n".encode()))
    assert said.status == status


DECIDES = '{{bind: "unix:{folder}/d.sock", socket: {{mode: "0666"}}, decide: {{dialect: envoy-http, {client}}}}}'


def test_what_envoy_cannot_look_up_it_passes_on_and_the_gateway_judges(made: World):
    """A list that may be missing: Envoy lets every certificate through, and asks."""
    soft = CLIENT.replace("crls: [file:ca.crl]", "crls: [file:ca.crl], mode: soft")
    listener = f"{{bind: 127.0.0.1:{made.ports['native']}, tls: {{certificate: file:server.pem, private_key: file:server.key, {soft}}}}}"
    folder = Path(made.folder)
    route = "match: {path: /who}, authenticate: {mtls: {allow: ['spiffe://example.com/bank/*']}}, authorize: anyone"
    made.policy = folder / "soft.yaml"
    made.policy.write_text(
        "version: 1\nlisteners:\n"
        f"  native: {listener}\n  decides: {DECIDES.format(folder=folder, client=soft)}\n"
        "vaults: {folder: {type: files, path: secrets}}\ncredentials: {legacy: {vault: folder}}\n"
        f'upstreams: {{old: {{endpoints: ["http://127.0.0.1:{made.echo.port}"]}}}}\n'
        f"routes: [{{name: who, {route}, inject: [basic: {{credential: legacy}}], upstream: old}}]\n"
    )
    gateway = Gateway(made.file)
    gateway.start()
    raw = b"GET /who HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    try:
        with exported(made.file, folder / "soft", "--listener", "native") as envoy:
            said = {
                name: made.ask(envoy.port, raw, shown=name) for name in ("john", "mallory", "fired", "stranger", None)
            }
    finally:
        gateway.stop()
    assert {name: one.status for name, one in said.items()} == {
        "john": 200,
        "mallory": 401,
        "fired": 401,
        "stranger": 401,
        None: 401,
    }
    assert said["john"].seen["authorization"] == [BASIC]
    assert said["fired"].reason == "certificate.revoked"

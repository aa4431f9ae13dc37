"""Which attacks on TLS and on certificates get through a whole gateway? None: not to the upstream, nor into its name."""

from __future__ import annotations

import asyncio
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.support.gateway_process import GatewayProcess, Reply, curl, gateway_process
from tests.support.live import put
from tests.support.neighbours import program
from tests.support.origin import Origin, ok, origin
from tests.support.pki import expired, later, odd_client, signed_by_openssl

from ostiary.pki import extensions
from ostiary.pki.authority import Authority, Identity, common_name
from ostiary.pki.files import write_certificates, write_crl, write_identity

pytestmark = pytest.mark.integration

FILE = """
version: 1
listeners:
  closed:
    bind: 127.0.0.1:0
    tls:
      certificate: file:server.pem
      private_key: file:server.key
      client:
        mode: {mode}
        authorities: [file:ca.pem]
        depth: 2
        revocation: {{crls: [file:ca.crl], mode: soft}}
    timeouts: {{handshake: 1s}}
  open:
    bind: 127.0.0.1:0
    tls: {{certificate: file:server.pem, private_key: file:server.key}}
upstreams:
  old: {{endpoints: ["http://127.0.0.1:{upstream}"]}}
routes:
  - name: who
    match: {{path: /who}}
    authenticate: {{mtls: {{subject: {subject}, allow: {allow}, issuer: ["CN=Root", "CN=Issuing"]}}}}
    authorize: anyone
    inject: [{{header: {{name: X-Subject, value: "{{principal.subject}}"}}}}]
    upstream: old
"""
USAGE = extensions.key_usage(digital_signature=True)
PLAIN = (x509.BasicConstraints(ca=False, path_length=None), True)
PURPOSE = (x509.ExtendedKeyUsage([extensions.CLIENT]), False)


CLOSED = "Connection: close\r\n\r\n"
HELLO = "GET /who HTTP/1.1\r\nHost: localhost\r\n" + CLOSED


@dataclass
class Scene:
    """A gateway, its upstream, and the authorities that it knows."""

    folder: Path
    root: Authority
    issuing: Authority
    upstream: Origin
    gateway: GatewayProcess

    def port(self, name: str = "closed") -> int:
        ports = {event["listener"]: event["port"] for event in self.gateway.events() if event["event"] == "listening"}
        return int(ports[name])

    def person(self, name: str, identity: Identity) -> str:
        write_identity(self.folder / f"{name}.pem", self.folder / f"{name}.key", identity)
        return name

    async def ask(
        self, name: str | None, *options: str, host: str = "a.example", listener: str = "closed", asked: str = ""
    ) -> Reply:
        files = ("--cert", self.folder / f"{name}.pem", "--key", self.folder / f"{name}.key") if name else ()
        port = self.port(listener)
        resolve = ("--resolve", f"{host}:{port}:127.0.0.1", "--cacert", self.folder / "ca.pem")
        other = ("-H", f"Host: {asked}") if asked else ()
        return await curl(self.folder, f"https://{host}:{port}/who", *resolve, *files, *options, *other)

    async def s_client(self, *options: str, name: str | None = "john", listener: str = "closed", say: str = "") -> str:
        """What the real `openssl s_client` says of a connection."""
        shown = ("-cert", str(self.folder / f"{name}.pem"), "-key", str(self.folder / f"{name}.key")) if name else ()
        where = ("s_client", "-connect", f"127.0.0.1:{self.port(listener)}")
        process = await asyncio.create_subprocess_exec(
            *(program("openssl"), *where, *shown, *options),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(say.encode())
        await process.stdin.drain()
        assert process.stdout is not None
        heard = asyncio.create_task(process.stdout.read())
        await asyncio.wait([heard], timeout=10 if CLOSED in say else 0.7)  # the gateway ends what it has answered
        process.stdin.close()
        said = await asyncio.wait_for(heard, 20)
        await process.wait()
        return said.decode(errors="replace")

    async def reasons(self) -> list[str]:
        await asyncio.sleep(0.5)  # the log is gathered for a moment before it is written
        return [line["reason"] for line in self.gateway.access()]


@asynccontextmanager
async def scene(
    folder: Path, *, mode: str = "required", subject: str = "cn", allow: str = '["**"]'
) -> AsyncIterator[Scene]:
    root = Authority.create("Root")
    issuing = root.intermediate("Issuing")
    write_certificates(folder / "ca.pem", [root.certificate, issuing.certificate])
    server = root.issue_server("a.example", "b.example", "localhost")
    write_identity(folder / "server.pem", folder / "server.key", server)
    write_crl(folder / "ca.crl", root.crl())
    async with origin() as upstream:
        upstream.answers["/who"] = ok(b"hello")
        (folder / "gateway.yaml").write_text(
            FILE.format(mode=mode, upstream=upstream.port, subject=subject, allow=allow)
        )
        async with gateway_process(folder / "gateway.yaml") as gateway:
            world = Scene(folder, root, issuing, upstream, gateway)
            world.person("john", root.issue_client(cn="john", uris=["spiffe://example.com/john"]))
            yield world


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.attack(54, 56)
@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
async def test_a_host_that_the_connection_was_not_made_for_is_421(tmp_path, version):
    async with scene(tmp_path) as world:
        one = await world.ask("john", version)
        other = await world.ask("john", version, asked="b.example")
        neither = await world.ask("john", version, asked="c.example")

    assert [one.status, other.status, neither.status] == [200, 421, 421]
    assert len(world.upstream.heads) == 1


@pytest.mark.attack(54)
async def test_each_request_of_a_connection_is_judged_by_its_own_host(tmp_path):
    async with scene(tmp_path) as world:
        context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        context.load_cert_chain(tmp_path / "john.pem", tmp_path / "john.key")
        where = ("127.0.0.1", world.port())
        reader, writer = await asyncio.open_connection(*where, ssl=context, server_hostname="a.example")
        statuses = []
        for host in ("a.example", "b.example", "a.example"):
            writer.write(f"GET /who HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
            statuses.append(int(head.split(b" ")[1]))
            if b"connection: close" in head.lower():
                break
        writer.close()

    assert statuses[:2] == [200, 421]
    assert len(world.upstream.heads) == statuses.count(200)


@pytest.mark.attack(54)
@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
async def test_a_second_name_on_the_connection_of_the_first_is_421_and_on_one_of_its_own_is_let_in(tmp_path, version):
    async with scene(tmp_path) as world:
        port = world.port()
        shown = ("--cert", tmp_path / "john.pem", "--key", tmp_path / "john.key", "--cacert", tmp_path / "ca.pem")
        told = (*("-w", "%{http_code} %{num_connects} %{http_version}\n"), "-o", tmp_path / "body", version)
        here = [word for name in "ab" for word in ("--resolve", f"{name}.example:{port}:127.0.0.1")]
        first, second = (f"https://{name}.example:{port}/who" for name in "ab")
        again = ("--next", *shown, *told, *here)
        asked = (first, *again, "-H", f"Host: b.example:{port}", first, *again, first, *again, second)
        process = await asyncio.create_subprocess_exec(
            *("curl", "-q", "--silent", "--noproxy", "*", "--max-time", "20"), *shown, *told, *here, *asked,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said, _ = await process.communicate()

    lines = [line.split() for line in said.decode().splitlines()]
    assert [int(status) for status, *_ in lines] == [200, 421, 200, 200]
    assert lines[1][1] == "0"  # on the connection of the first
    assert lines[3][1] == "1"
    assert {line[2] for line in lines} == {"2" if version == "--http2" else "1.1"}


@pytest.mark.attack(56)
async def test_whatever_name_is_asked_for_nobody_gets_in_without_a_certificate(tmp_path):
    names = (None, "LOCALHOST", "localhost.", "unknown.example", "*.example")
    async with scene(tmp_path) as world:
        asked = [("-servername", name) if name else ("-noservername",) for name in names]
        without = [await world.s_client(*one, name=None, say=HELLO) for one in asked]
        shown = [await world.s_client(*one, say=HELLO) for one in asked]

    assert not any("HTTP/1.1" in said for said in without)
    assert [status_of(said) for said in shown] == ["200", "200", "200", "421", "421"]
    assert len(world.upstream.heads) == 3


def status_of(said: str) -> str:
    return said.partition("HTTP/1.1 ")[2][:3]


@pytest.mark.attack(56)
async def test_a_hello_in_small_pieces_is_a_hello(tmp_path):
    async with scene(tmp_path) as world:
        client, out, into = ssl.create_default_context(cafile=tmp_path / "ca.pem"), ssl.MemoryBIO(), ssl.MemoryBIO()
        end = client.wrap_bio(into, out, server_hostname="a.example")
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port())
        heard = b""
        for _ in range(10):
            try:
                end.do_handshake()
                break
            except ssl.SSLWantReadError:
                hello = out.read()
                for at in range(0, len(hello), 40):
                    writer.write(hello[at : at + 40])
                    await asyncio.sleep(0.001)
                heard = await asyncio.wait_for(reader.read(1 << 16), 10)
                if not heard:
                    break
                into.write(heard)
        writer.write(out.read())
        with pytest.raises((ssl.SSLError, ConnectionError)):  # noqa: PT012 - it is told in the first answer of all
            into.write(await asyncio.wait_for(reader.read(1 << 16), 10))
            end.read()
        writer.close()

    assert world.upstream.heads == []


# --- sessions ------------------------------------------------------------------------------------


def resumed(session: str) -> tuple[str, ...]:
    """What brings a session along, if one was given."""
    return ("-sess_in", session) if Path(session).exists() else ()


@pytest.mark.attack(55)
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
async def test_a_session_of_the_open_listener_opens_no_other(tmp_path, version):
    session = str(tmp_path / "session")
    async with scene(tmp_path) as world:
        await world.s_client(version, "-sess_out", session, name=None, listener="open", say=HELLO)
        with_it = resumed(session)
        said = await world.s_client(version, *with_it, name=None, say=HELLO)

    assert "Reused" not in said
    assert world.upstream.heads == []


@pytest.mark.attack(55)
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
async def test_a_session_from_before_a_revocation_is_worth_nothing_after_it(tmp_path, version):
    session = str(tmp_path / "session")
    async with scene(tmp_path) as world:
        first = await world.s_client(version, "-sess_out", session, say=HELLO)
        world.root.revoke(x509.load_pem_x509_certificate((tmp_path / "john.pem").read_bytes()))
        write_crl(tmp_path / "new.crl", world.root.crl())
        put(tmp_path / "ca.crl", (tmp_path / "new.crl").read_bytes())
        async with asyncio.timeout(10):
            while "configuration taken up" not in {one["event"] for one in world.gateway.events()}:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        with_it = resumed(session)
        second = await world.s_client(version, *with_it, say=HELLO)
        third = await world.s_client(version, *with_it, name=None, say=HELLO)

    assert "HTTP/1.1 200" in first
    assert "HTTP/1.1 200" not in second + third
    assert len(world.upstream.heads) == 1


# --- certificates --------------------------------------------------------------------------------


def weak(root: Authority) -> Identity:
    return odd_client(root, [PLAIN, USAGE, PURPOSE], key=rsa.generate_private_key(65537, 1024))


def constrained(root: Authority) -> Identity:
    only = x509.NameConstraints([x509.UniformResourceIdentifier("bank.example")], None)
    bank = root.intermediate("Bank", also=[(only, True)])
    return bank.issue_client(cn="a", uris=["spiffe://elsewhere.example/a"])


def deep(root: Authority) -> Identity:
    return root.intermediate("1", path_length=2).intermediate("2", path_length=1).intermediate("3").issue_client(cn="a")


def beyond_its_path(root: Authority) -> Identity:
    return root.intermediate("1", path_length=0).intermediate("2").issue_client(cn="a")


def self_signed(_: Authority) -> Identity:
    own = Authority.create("john")
    return Identity(own.certificate, own.key)


UNFIT = {
    "no extendedKeyUsage": lambda root: odd_client(root, [PLAIN, USAGE]),
    "anyExtendedKeyUsage": lambda root: odd_client(
        root, [PLAIN, USAGE, (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), False)]
    ),
    "for servers only": lambda root: root.issue_server("a.example"),
    "an authority": lambda root: odd_client(root, [extensions.authority(0)[0], USAGE, PURPOSE]),
    "no signatures": lambda root: odd_client(root, [PLAIN, extensions.key_usage(), PURPOSE]),
    "expired": expired,
    "not yet": later,
    "weak": weak,
    "a name that its authority may not give": constrained,
    "too deep": deep,
    "beyond the path of its authority": beyond_its_path,
    "a stranger's": lambda _: Authority.create("Root").issue_client(cn="john"),
    "self-signed": self_signed,
}


@pytest.mark.attack(58)
async def test_a_certificate_that_is_not_fit_for_a_client_gets_nobody_in(tmp_path):
    told = {}
    async with scene(tmp_path) as world:
        for number, (what, made) in enumerate(UNFIT.items()):
            person = world.person(f"p{number}", made(world.root))
            told[what] = (await world.ask(person, "--ciphers", "DEFAULT@SECLEVEL=0")).status
        world.person("v1", Identity(signed_by_openssl(world.root, tmp_path), world.root.key))
        (tmp_path / "v1.key").write_bytes((tmp_path / "o.key").read_bytes())
        told["X.509 v1"] = (await world.ask("v1")).status
        good = (await world.ask("john")).status

    assert {what: status for what, status in told.items() if status not in (0, 400, 401)} == {}
    assert good == 200
    assert len(world.upstream.heads) == 1


@pytest.mark.attack(58)
async def test_who_was_revoked_is_out_and_so_is_everybody_below_a_revoked_authority(tmp_path):
    async with scene(tmp_path) as world:
        for name, authority in (("jane", world.root), ("below", world.issuing)):
            world.person(name, authority.issue_client(cn=name))
        before = [(await world.ask(name)).status for name in ("jane", "below")]
        world.root.revoke(x509.load_pem_x509_certificate((tmp_path / "jane.pem").read_bytes()))
        world.root.revoke(world.issuing.certificate)
        write_crl(tmp_path / "new.crl", world.root.crl())
        put(tmp_path / "ca.crl", (tmp_path / "new.crl").read_bytes())
        async with asyncio.timeout(10):
            while (await world.ask("below")).status == 200:  # noqa: ASYNC110 - curl has no event
                await asyncio.sleep(0.1)
        after = [(await world.ask(name)).status for name in ("jane", "below", "john")]

    assert before == [200, 200]
    assert after == [401, 401, 200]


# --- names in certificates -----------------------------------------------------------------------


def named(*values: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, value) for value in values])


def with_uris(root: Authority, *uris: str) -> Identity:
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in uris])
    return odd_client(root, [PLAIN, USAGE, PURPOSE, (names, False)])


AMBIGUOUS = {
    "two common names": lambda root: odd_client(root, [PLAIN, USAGE, PURPOSE], subject=named("admin", "x")),
    "a name in a name": lambda root: odd_client(root, [PLAIN, USAGE, PURPOSE], subject=named("x,CN=admin")),
    "an escaped one": lambda root: odd_client(root, [PLAIN, USAGE, PURPOSE], subject=named("x\\,CN=admin")),
    "a look-alike": lambda root: odd_client(root, [PLAIN, USAGE, PURPOSE], subject=named("\u0430dmin")),
    "a name with a NUL": lambda root: odd_client(root, [PLAIN, USAGE, PURPOSE], subject=named("admin\0x")),
    "capitals": lambda root: odd_client(root, [PLAIN, USAGE, PURPOSE], subject=named("ADMIN")),
    "a space": lambda root: odd_client(root, [PLAIN, USAGE, PURPOSE], subject=named("admin ")),
    "a star": lambda root: odd_client(root, [PLAIN, USAGE, PURPOSE], subject=named("*")),
    "none": lambda root: odd_client(root, [PLAIN, USAGE, PURPOSE], subject=common_name(None)),
    "another authority's": lambda root: root.intermediate("Elsewhere").issue_client(cn="admin"),
}


@pytest.mark.attack(59)
async def test_a_name_that_only_resembles_an_allowed_one_or_can_be_read_in_two_ways_is_not_it(tmp_path):
    told = {}
    async with scene(tmp_path, allow="[admin]") as world:
        for number, (what, made) in enumerate(AMBIGUOUS.items()):
            told[what] = (await world.ask(world.person(f"p{number}", made(world.root)))).status
        world.person("admin", world.root.issue_client(cn="admin"))
        good = (await world.ask("admin")).status

    assert {what: status for what, status in told.items() if status not in (0, 401, 403)} == {}
    assert good == 200
    assert len(world.upstream.heads) == 1


@pytest.mark.attack(59)
async def test_several_uris_or_stars_in_one_are_nobody(tmp_path):
    allow = '["spiffe://example.com/bank/*"]'
    told = {}
    async with scene(tmp_path, subject="san.uri", allow=allow) as world:
        good = with_uris(world.root, "spiffe://example.com/bank/a")
        shown = {
            "two": with_uris(world.root, "spiffe://example.com/bank/a", "spiffe://example.com/bank/b"),
            "the star itself": with_uris(world.root, "spiffe://example.com/bank/*/x"),
            "deeper": with_uris(world.root, "spiffe://example.com/bank/a/b"),
            "dots": with_uris(world.root, "spiffe://example.com/bank/../admin"),
            "another host": with_uris(world.root, "spiffe://example.com.evil/bank/a"),
        }
        for number, (what, identity) in enumerate(shown.items()):
            told[what] = (await world.ask(world.person(f"p{number}", identity))).status
        right = (await world.ask(world.person("good", good))).status

    assert set(told.values()) <= {401, 403}, told
    assert right == 200


# --- the protocol --------------------------------------------------------------------------------


@pytest.mark.attack(60)
async def test_old_versions_renegotiation_compression_and_early_data_are_not_to_be_had(tmp_path):
    session = str(tmp_path / "session")
    (tmp_path / "early").write_text("GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n")
    async with scene(tmp_path) as world:
        old = await world.s_client("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
        again = await world.s_client("-tls1_2", say="R\n")
        pressed = await world.s_client("-tls1_2", "-comp")
        await world.s_client("-tls1_3", "-sess_out", session)
        with_it = resumed(session)
        early = await world.s_client("-tls1_3", *with_it, "-early_data", str(tmp_path / "early"))

    assert "Cipher is (NONE)" in old
    assert "RENEGOTIATING" in again
    assert "no renegotiation" in again
    assert "Compression: NONE" in pressed
    assert "Early data was accepted" not in early
    assert world.upstream.heads == []


@pytest.mark.attack(60)
@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\x00\x01\x00"], ids=["silent", "half a hello"])
async def test_a_handshake_that_stalls_is_ended(tmp_path, said):
    async with scene(tmp_path) as world:
        loop = asyncio.get_running_loop()
        began = loop.time()
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port())
        writer.write(said)
        try:
            rest = await asyncio.wait_for(reader.read(), 10)
        except ConnectionError:
            rest = b""
        took = loop.time() - began
        writer.close()

    assert b"HTTP" not in rest
    assert took < 9


# --- what the start needs ------------------------------------------------------------------------


def cut_off(folder: Path) -> None:
    (folder / "ca.crl").write_text((folder / "ca.crl").read_text()[:80])


SPOILT = {
    "no authorities": lambda folder: (folder / "ca.pem").write_text(""),
    "authorities are missing": lambda folder: (folder / "ca.pem").unlink(),
    "a list is missing": lambda folder: (folder / "ca.crl").unlink(),
    "a list that is cut off": cut_off,
    "a stranger's list": lambda folder: write_crl(folder / "ca.crl", Authority.create("Root").crl()),
}


@pytest.mark.attack(57)
async def test_without_what_verifies_callers_a_reload_is_none_and_a_start_neither(tmp_path):
    async with scene(tmp_path) as world:
        write_certificates(tmp_path / "trusted.pem", [world.root.certificate])
        trusting = ("--cacert", str(tmp_path / "trusted.pem"))
        kept = {name: (tmp_path / name).read_bytes() for name in ("ca.pem", "ca.crl")}
        told = {}
        for what, spoil in SPOILT.items():
            spoil(tmp_path)
            world.gateway.signal(signal.SIGHUP)
            await asyncio.sleep(0.5)
            told[what] = ((await world.ask("john", *trusting)).status, (await world.ask(None, *trusting)).status)
            for name, content in kept.items():
                put(tmp_path / name, content)
        refused = [event for event in world.gateway.events() if event["event"].startswith("configuration refused")]
        cut_off(tmp_path)
        command = (sys.executable, "-m", "ostiary", "serve", str(tmp_path / "gateway.yaml"))
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        _, said = await asyncio.wait_for(process.communicate(), 20)

    assert set(told.values()) == {(200, 0)}
    assert refused
    assert process.returncode not in (0, None)
    assert b"listening" not in said

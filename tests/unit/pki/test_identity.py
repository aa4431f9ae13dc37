"""Which certificate does the server show, and where does its key go?"""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from tests.support.handshake import client_context, shake
from tests.support.pkcs11_provider import place
from tests.support.pki import root

from ostiary.config.schema import ListenerTlsSpec
from ostiary.errors import ConfigError
from ostiary.listener.tls import compile_tls
from ostiary.model import Secret
from ostiary.pki import extensions
from ostiary.pki import references as files
from ostiary.pki.authority import Authority, common_name
from ostiary.pki.files import write_certificates, write_identity, write_pkcs12
from ostiary.pki.identity import HeldIdentity, load_identity, with_chain

PASSWORD = "open sesame"


def pem_spec(password: str | None = None) -> ListenerTlsSpec:
    return ListenerTlsSpec(certificate="file:s.pem", private_key="file:s.key", password=password)


def p12_spec(password: str | None = "env:TEST_PASSWORD") -> ListenerTlsSpec:
    return ListenerTlsSpec(pkcs12="file:s.p12", password=password)


@pytest.fixture(autouse=True)
def password(monkeypatch):
    monkeypatch.setenv("TEST_PASSWORD", PASSWORD)


@pytest.fixture
def server():
    return root().intermediate("issuing").issue_server("localhost")


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def shown(spec: ListenerTlsSpec, folder) -> list[bytes]:
    """The chain that a client sees."""
    _, client = shake(compile_tls(spec, folder).context, client_context(), name="localhost")
    return [certificate.public_bytes(1).encode() for certificate in client._sslobj.get_unverified_chain()]


def expected(server) -> list[bytes]:
    return [certificate.public_bytes(Encoding.PEM) for certificate in (server.certificate, *server.chain)]


def test_a_key_that_is_elsewhere_stops_the_start_where_openssl_does_not_find_it(tmp_path, server):
    write_certificates(tmp_path / "s.pem", [server.certificate])
    (tmp_path / "s.key").write_text(place("nobody-made-it"))
    found = load_identity(pem_spec(), tmp_path)
    assert isinstance(found, HeldIdentity)
    assert with_chain(found, ()) is not None
    with pytest.raises(ConfigError, match=r"does not find the private key.*OPENSSL_CONF"):
        compile_tls(pem_spec(), tmp_path)


def test_pem_files_are_shown_with_their_chain(tmp_path, server):
    write_identity(tmp_path / "s.pem", tmp_path / "s.key", server)

    assert shown(pem_spec(), tmp_path) == expected(server)


def test_an_encrypted_key_is_opened_with_its_password(tmp_path, server):
    write_identity(tmp_path / "s.pem", tmp_path / "s.key", server, Secret(PASSWORD))

    assert shown(pem_spec("env:TEST_PASSWORD"), tmp_path) == expected(server)


def test_a_pkcs12_store_is_shown_with_its_chain(tmp_path, server):
    write_pkcs12(tmp_path / "s.p12", server, Secret(PASSWORD))

    assert shown(p12_spec(), tmp_path) == expected(server)


def test_a_pkcs12_store_without_order_and_with_the_root_is_put_in_order(tmp_path):
    outer = root().intermediate("outer", path_length=1)
    server = outer.intermediate("inner").issue_server("localhost")
    others = [root().certificate, *reversed(server.chain)]
    data = pkcs12.serialize_key_and_certificates(None, server.key, server.certificate, others, NoEncryption())
    (tmp_path / "s.p12").write_bytes(data)

    assert shown(p12_spec(None), tmp_path) == expected(server)


@pytest.mark.parametrize("above", [[], ["issuing"]])
def test_a_certificate_that_stands_alone_is_shown_with_those_of_our_authorities_that_issued_it(above):
    authorities = [root()]
    for name in above:
        authorities.append(authorities[-1].intermediate(name))
    server = authorities[-1].issue_server("localhost")
    known = [authority.certificate for authority in authorities]
    alone = replace(server, chain=())

    assert with_chain(alone, [Authority.create("Another root").certificate, *known]).chain == tuple(reversed(known))
    assert with_chain(alone, [Authority.create("Another root").certificate]).chain == ()


def test_that_is_the_chain_that_openssl_would_find(tmp_path):
    authority = root()
    server = replace(authority.issue_server("localhost"), chain=())
    write_identity(tmp_path / "s.pem", tmp_path / "s.key", server)
    write_certificates(tmp_path / "ca.pem", [authority.certificate])
    left_to_openssl = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    left_to_openssl.load_cert_chain(tmp_path / "s.pem", tmp_path / "s.key")
    left_to_openssl.load_verify_locations(tmp_path / "ca.pem")
    _, client = shake(left_to_openssl, client_context(), name="localhost")
    found = [certificate.public_bytes(1).encode() for certificate in client._sslobj.get_unverified_chain()]
    spec = ListenerTlsSpec(
        certificate="file:s.pem",
        private_key="file:s.key",
        client={"mode": "optional", "authorities": ("file:ca.pem",), "profile": "compat"},
    )

    assert shown(spec, tmp_path) == found
    assert len(found) == 2


def test_a_chain_that_was_given_is_left_as_it_is(server):
    assert with_chain(server, [root().certificate]) is server


def test_a_key_leaves_no_file_behind(tmp_path, server, monkeypatch):
    write_pkcs12(tmp_path / "s.p12", server, Secret(PASSWORD))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    before, handles = sorted(tmp_path.iterdir()), open_files()

    compile_tls(p12_spec(), tmp_path)

    assert sorted(tmp_path.iterdir()) == before
    assert open_files() == handles


def test_where_there_is_no_memory_file_the_file_is_private_and_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(files.sys, "platform", "other")
    with files.as_path(b"secret") as path:
        file = Path(path)
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700

    assert not file.exists()


@pytest.mark.parametrize("missing", ["s.pem", "s.key"])
@pytest.mark.parametrize(("content", "why"), [(None, "No such file"), (b"", "empty"), (b"junk", "no PEM")])
def test_a_file_that_is_missing_or_wrong_stops_the_start(tmp_path, server, missing, content, why):
    write_identity(tmp_path / "s.pem", tmp_path / "s.key", server)
    (tmp_path / missing).unlink() if content is None else (tmp_path / missing).write_bytes(content)

    with pytest.raises(ConfigError, match=f"file:{missing}: .*{why}"):
        compile_tls(pem_spec(), tmp_path)


def test_a_key_of_another_certificate_stops_the_start(tmp_path, server):
    write_identity(tmp_path / "s.pem", tmp_path / "s.key", server)
    write_certificates(tmp_path / "s.pem", [root().issue_server("localhost").certificate])

    with pytest.raises(ConfigError, match="does not belong to the first certificate"):
        compile_tls(pem_spec(), tmp_path)


def test_a_chain_in_the_wrong_order_stops_the_start(tmp_path, server):
    write_identity(tmp_path / "s.pem", tmp_path / "s.key", server)
    write_certificates(tmp_path / "s.pem", [*server.chain, server.certificate])

    with pytest.raises(ConfigError, match="the leaf comes first"):
        compile_tls(pem_spec(), tmp_path)


@pytest.mark.parametrize(
    ("written", "given", "why"),
    [
        (Secret(PASSWORD), None, "is encrypted; give its `password`"),
        (None, "env:TEST_PASSWORD", "is not encrypted; leave `password` out"),
        (Secret("another"), "env:TEST_PASSWORD", "this password opens"),
    ],
)
def test_a_password_that_does_not_fit_stops_the_start(tmp_path, server, written, given, why):
    write_identity(tmp_path / "s.pem", tmp_path / "s.key", server, written)

    with pytest.raises(ConfigError, match=why) as refusal:
        compile_tls(pem_spec(given), tmp_path)
    assert PASSWORD not in str(refusal.value)


@pytest.mark.parametrize("given", ["env:TEST_PASSWORD", None])
def test_a_pkcs12_store_that_the_password_does_not_open_stops_the_start(tmp_path, server, given):
    write_pkcs12(tmp_path / "s.p12", server, Secret("another"))

    with pytest.raises(ConfigError, match="not a PKCS#12 file that this password opens"):
        compile_tls(p12_spec(given), tmp_path)


def test_a_pkcs12_store_without_a_key_stops_the_start(tmp_path, server):
    data = pkcs12.serialize_java_truststore([pkcs12.PKCS12Certificate(server.certificate, b"a")], NoEncryption())
    (tmp_path / "s.p12").write_bytes(data)

    with pytest.raises(ConfigError, match="a private key and its certificate are wanted"):
        compile_tls(p12_spec(None), tmp_path)


def test_a_key_that_is_too_small_stops_the_start(tmp_path):
    key = rsa.generate_private_key(65537, 1024)
    leaf = root().issue(common_name("a"), key.public_key(), extensions.leaf(extensions.SERVER), days=9)
    write_certificates(tmp_path / "s.pem", [leaf])
    (tmp_path / "s.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    with pytest.raises(ConfigError, match="not accepted by OpenSSL: EE_KEY_TOO_SMALL"):
        compile_tls(pem_spec(), tmp_path)


def test_the_key_of_the_server_is_in_no_repr(tmp_path, server):
    write_identity(tmp_path / "s.pem", tmp_path / "s.key", server)

    assert "PRIVATE" not in repr(compile_tls(pem_spec(), tmp_path))
    assert isinstance(compile_tls(pem_spec(), tmp_path).context, ssl.SSLContext)

"""Which certificate does a listener show to whom, and do its demands on clients stay the same whichever it shows?"""

from __future__ import annotations

import shutil
import ssl
import subprocess

import pytest
from cryptography import x509
from tests.support.handshake import client_context, peer_of, shake
from tests.support.pki import Files, expired, root

from ostiary.config.schema import ClientSpec, ListenerTlsSpec
from ostiary.errors import ConfigError
from ostiary.listener.tls import ServerTls, compile_tls
from ostiary.model import Secret
from ostiary.pki.authority import Authority
from ostiary.pki.files import pkcs12_bytes, write_identity, write_pkcs12

PASSWORD = Secret("open sesame")


def tls(folder, *also: dict[str, object], **client) -> ServerTls:
    certificate, key = Files(folder).server(root().issue_server("first.example"))
    asked = {"mode": "required", "authorities": [Files(folder).ca(root())], **client}
    spec = ListenerTlsSpec(
        certificate=certificate, private_key=key, also=also, client=ClientSpec.model_validate(asked if client else {})
    )
    return compile_tls(spec, folder)


def pair(folder, name: str, *names: str) -> dict[str, str]:
    write_identity(folder / f"{name}.pem", folder / f"{name}.key", root().issue_server(*names))
    return {"certificate": f"file:{name}.pem", "private_key": f"file:{name}.key"}


def shown(server: ServerTls, name: str | None) -> str:
    """The first name of the certificate that a client is shown."""
    _, client = shake(server.context, client_context(), name=name)
    certificate = x509.load_der_x509_certificate(client.getpeercert(binary_form=True))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.DNSName)[0]


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (None, "first.example"),
        ("first.example", "first.example"),
        ("second.example", "second.example"),
        ("other.example", "second.example"),
        ("SECOND.example", "second.example"),
        ("a.third.example", "*.third.example"),
        ("a.b.third.example", "first.example"),
        ("third.example", "first.example"),
        ("unknown.example", "first.example"),
    ],
)
def test_the_certificate_is_the_one_for_the_name_that_is_asked_for_or_the_first(tmp_path, asked, answer):
    also = (pair(tmp_path, "second", "second.example", "other.example"), pair(tmp_path, "third", "*.third.example"))

    assert shown(tls(tmp_path, *also), asked) == answer


@pytest.mark.attack(56)
@pytest.mark.parametrize("name", [None, "first.example", "second.example"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_whatever_name_is_asked_for_the_demands_on_clients_are_the_same(tmp_path, name, version):
    server = tls(tmp_path, pair(tmp_path, "second", "second.example"), mode="required")
    strangers = [
        None,
        Authority.create("Test root").issue_client(cn="a"),
        expired(root()),
        root().issue_server("a.example"),
    ]

    def context(identity) -> ssl.SSLContext:
        made = client_context(identity, tmp_path) if identity else client_context()
        made.maximum_version = version
        return made

    assert peer_of(server, context(root().issue_client(cn="john")), name=name).certificate.common_names == ("john",)
    for stranger in strangers:
        with pytest.raises(ssl.SSLError):
            shake(server.context, context(stranger), name=name)


def test_the_name_that_was_asked_for_is_remembered(tmp_path):
    server = tls(tmp_path, pair(tmp_path, "second", "second.example"), mode="required")

    peer = peer_of(server, client_context(root().issue_client(cn="a"), tmp_path), name="Second.Example")

    assert peer.server_name == "second.example"


@pytest.mark.attack(55)
def test_a_session_of_one_name_does_not_open_another_without_being_looked_at(tmp_path):
    """TLS 1.2 resumes by session id: the demands are those of the same listener, and the chain is remembered."""
    server = tls(tmp_path, pair(tmp_path, "second", "second.example"), mode="required")
    client = client_context(root().issue_client(cn="a"), tmp_path)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    ours, theirs = shake(server.context, client, name="first.example")
    assert server.peer(ours, "127.0.0.1").certificate is not None

    again, _ = shake(server.context, client, name="second.example", session=theirs.session)

    assert server.peer(again, "127.0.0.1").certificate.common_names == ("a",)


@pytest.mark.attack(55)
def test_a_session_from_before_a_reload_is_not_resumed_after_it(tmp_path):
    client = client_context(root().issue_client(cn="a"), tmp_path)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    before, after = tls(tmp_path, mode="required"), tls(tmp_path, mode="required")
    _, theirs = shake(before.context, client, name="first.example")

    _, same = shake(before.context, client, name="first.example", session=theirs.session)
    _, other = shake(after.context, client, name="first.example", session=theirs.session)

    assert (same.session_reused, other.session_reused) == (True, False)


@pytest.mark.parametrize("which", ["pkcs12", "jks"])
@pytest.mark.integration
def test_a_store_holds_a_certificate_with_its_key_and_its_password_is_needed(tmp_path, monkeypatch, which):
    identity = root().intermediate("issuing").issue_server("second.example")
    write_pkcs12(tmp_path / "s.pkcs12", identity, PASSWORD)
    if which == "jks":
        convert(tmp_path, pkcs12_bytes(identity, PASSWORD))
    monkeypatch.setenv("STORE", "open sesame")
    store = {which: f"file:s.{which}", "password": "env:STORE"}

    assert shown(tls(tmp_path, store), "second.example") == "second.example"
    monkeypatch.setenv("STORE", "wrong")
    with pytest.raises(ConfigError, match=f"s.{which}"):
        tls(tmp_path, store)


def convert(folder, pkcs12: bytes) -> None:
    keytool = shutil.which("keytool")
    if keytool is None:
        pytest.skip("keytool is not installed")
    (folder / "in.p12").write_bytes(pkcs12)
    words = ("-srcstorepass", "open sesame", "-deststorepass", "open sesame", "-noprompt")
    kinds = ("-srckeystore", "in.p12", "-srcstoretype", "PKCS12", "-destkeystore", "s.jks", "-deststoretype", "JKS")
    done = subprocess.run(
        [keytool, "-importkeystore", *kinds, *words], cwd=folder, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout

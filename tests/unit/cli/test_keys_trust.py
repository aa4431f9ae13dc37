"""Where may certificates of others come from, and what is told of them?"""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.jks import jks
from tests.support.pki import root

from ostiary.cli.run import run
from ostiary.keys.certificates import certificates_in
from ostiary.keys.errors import KeyRefused
from ostiary.model import Secret
from ostiary.pki.authority import Identity
from ostiary.pki.files import pem, pkcs12_bytes

PASSWORD = Secret("canary-pass")


@pytest.fixture(scope="module")
def identity() -> Identity:
    return root().intermediate("Below").issue_server("partner.example")


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def key_set(*identities: Identity) -> bytes:
    chains = [[b64encode(der(one)).decode() for one in (each.certificate, *each.chain)] for each in identities]
    return json.dumps({"keys": [{"kty": "EC"}, *({"kty": "EC", "x5c": chain} for chain in chains)]}).encode()


@pytest.mark.parametrize("kind", ["pem", "der", "pkcs12", "jks", "jks without a password", "key set"])
def test_certificates_are_found_in(kind, identity):
    chain = (identity.certificate, *identity.chain)
    data, password, wanted = {
        "pem": (pem(chain), None, chain),
        "der": (der(identity.certificate), None, chain[:1]),
        "pkcs12": (pkcs12_bytes(identity, PASSWORD), PASSWORD, chain),
        "jks": (jks(identity, "canary-pass"), PASSWORD, chain),
        "jks without a password": (jks(identity, "canary-pass"), None, chain),
        "key set": (key_set(identity), None, chain[:1]),
    }[kind]
    assert certificates_in(data, password) == wanted


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"keys": []}', b'{"keys": [{"x5c": ["!"]}]}', b'{"keys": 3}', b"[]", b"\x30\x82", b"words"]
)
def test_where_there_are_none_it_is_said(data):
    with pytest.raises(KeyRefused):
        certificates_in(data)


def test_a_store_does_not_open_with_another_password(identity):
    for data in (pkcs12_bytes(identity, PASSWORD), jks(identity, "canary-pass")):
        with pytest.raises(KeyRefused) as caught:
            certificates_in(data, Secret("other"))
        assert "canary" not in str(caught.value)


class Handler(BaseHTTPRequestHandler):
    pages: dict[str, bytes]

    def do_GET(self) -> None:
        content = self.pages.get(self.path)
        self.send_response(404 if content is None else 302 if self.path == "/moved" else 200)
        self.send_header("Location", "/chain.pem")
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def web(identity) -> Iterator[str]:
    Handler.pages = {
        "/chain.pem": pem([identity.certificate]),
        "/jwks": key_set(identity, root().issue_client(cn="other")),
        "/large": bytes(2 << 20),
        "/moved": b"",
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join(10)
    server.server_close()


def test_files_urls_and_key_sets_are_collected_into_one_file(web, identity, tmp_path: Path, capsys):
    (tmp_path / "store.jks").write_bytes(jks(identity, "canary-pass"))
    out = tmp_path / "trusted.pem"
    code = run(["keys", "trust", str(out), f"{web}/chain.pem", f"{web}/jwks", str(tmp_path / "store.jks"), "--json"])
    document = json.loads(capsys.readouterr().out)
    assert code == 0
    found = x509.load_pem_x509_certificates(out.read_bytes())
    assert [one.subject.rfc4514_string() for one in found] == [one["subject"] for one in document["certificates"]]
    assert found[0] == identity.certificate
    assert len(found) == 3  # the server's, once; somebody else's; and the authority of the store


@pytest.mark.parametrize(
    ("source", "code"),
    [("/none", "keys.unreachable"), ("/large", "keys.too-large"), ("/moved", "keys.unreachable")],
)
def test_what_cannot_be_had_leaves_the_file_as_it_is(web, tmp_path, capsys, source, code):
    out = tmp_path / "trusted.pem"
    out.write_text("before")
    assert run(["keys", "trust", str(out), f"{web}{source}", "--json"]) != 0
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code
    assert out.read_text() == "before"


def test_certificates_are_not_fetched_in_the_clear(tmp_path, capsys):
    assert run(["keys", "trust", str(tmp_path / "out"), "http://partner.example/ca.pem", "--json"]) == 2
    assert "https://" in json.loads(capsys.readouterr().out)["error"]["message"]

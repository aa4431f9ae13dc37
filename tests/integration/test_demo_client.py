"""Do curl and what stands in for it send the same request, octet for octet where it counts?"""

from __future__ import annotations

import json
import shutil
import ssl
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest

from ostiary.demo.client import Curl, Library, choose
from ostiary.demo.issuer import Issuer
from ostiary.demo.places import Places
from ostiary.demo.steps import TOUR, Step, tokens
from ostiary.pki.development import DevelopmentPki, write_development_pki
from ostiary.reasons import Reason

pytestmark = pytest.mark.integration


class Echo(BaseHTTPRequestHandler):
    """Says who asked for what."""

    def do_GET(self) -> None:
        certificate = self.connection.getpeercert() or {}
        names = [value for kind, value in certificate.get("subjectAltName", ()) if kind == "URI"]
        told = [(name.lower(), value) for name, value in self.headers.items()]
        kept = sorted(pair for pair in told if pair[0][:2] in ("au", "x-", "x_", "x."))
        body = json.dumps([self.requestline, names, kept, self.headers.get_all("Host")]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Stage:
    places: Places
    pki: DevelopmentPki
    gateway: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(port=0))

    def identity(self, name: str) -> tuple[Path, Path]:
        return (self.pki.mallory, self.pki.mallory_key) if name == "mallory" else (self.pki.client, self.pki.client_key)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A TLS server that asks for client certificates, and everything that the steps refer to."""
    places = Places(tmp_path_factory.mktemp("a stage"))
    places.clear()
    stage = Stage(places, write_development_pki(places.certificates))
    for name, token in tokens(Issuer("http://127.0.0.1:1"), stage.pki).items():
        places.token(name).write_text(token)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=stage.pki.ca)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_cert_chain(stage.pki.server, stage.pki.server_key)
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        stage.gateway.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield stage
        server.shutdown()
        thread.join(5)


@pytest.mark.parametrize("step", TOUR, ids=lambda step: step.title)
def test_every_step_is_the_same_request_either_way(stage, step):
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    line, *rest = json.loads(Library(stage).send(step).body)
    assert line == f"GET {step.path} HTTP/1.1"
    assert json.loads(Curl(stage, "curl").send(step).body) == [line, *rest]


def test_a_certificate_is_shown_only_where_the_step_says_so(stage):
    shown = [
        json.loads(Library(stage).send(Step("", 200, Reason.ALLOWED, certificate=name)).body)[1]
        for name in (None, "client", "mallory")
    ]
    assert [len(names) for names in shown] == [0, 1, 1]
    assert shown[1] != shown[2]


def test_curl_is_taken_when_it_is_there_and_named_with_its_version(stage, monkeypatch):
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    assert choose(stage).name.startswith("curl ")
    monkeypatch.setenv("PATH", "/nonexistent")
    assert isinstance(choose(stage), Library)

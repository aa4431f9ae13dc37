"""What is found at a live endpoint, on a real socket?"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.handshake import server_tls
from tests.support.pki import root
from tests.support.tls_server import serving

from ostiary.pki.authority import Authority
from ostiary.pki.diagnosis.endpoint import Visit
from ostiary.pki.files import write_identity

pytestmark = pytest.mark.integration


def visit(port: int, *authorities: Authority, host: str = "localhost", **how) -> list[str]:
    trusted = [one.certificate for one in authorities or (root(),)]
    _, findings = Visit(host, port, trusted, **how).look()
    return [finding.name for finding in findings]


@contextmanager
def endpoint(context: ssl.SSLContext | None, answer: bytes = b""):
    """A server that shakes hands, and closes; without a context it only says something."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                try:
                    plain, _ = listening.accept()
                except OSError:
                    return
                plain.settimeout(5)
                try:
                    if context is None:
                        plain.sendall(answer)
                        plain.close()
                    else:
                        with context.wrap_socket(plain, server_side=True) as secure:
                            secure.recv(1)
                except OSError:
                    plain.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            stop.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def server(folder, identity, *, newest: ssl.TLSVersion | None = None, whole: bool = True) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown = identity if whole else replace(identity, chain=())
    write_identity(folder / "s.pem", folder / "s.key", shown)
    context.load_cert_chain(folder / "s.pem", folder / "s.key")
    if newest is not None:
        context.maximum_version = newest
    return context


def test_nothing_is_wrong_with_our_own_listener(tmp_path):
    with serving(server_tls(tmp_path, mode="off"), asyncio.new_event_loop) as port:
        patient, findings = Visit("localhost", port, [root().certificate]).look()

    assert [finding.name for finding in findings] == ["D610"]
    assert len(patient.contents.certificates) == 1


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_it_wants_a_client_certificate(tmp_path, newest):
    context = server(tmp_path, root().issue_server("localhost"), newest=newest)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=ssl.DER_cert_to_PEM_cert(der(root())))

    with endpoint(context) as port:
        assert "D608" in visit(port)


def der(authority: Authority) -> bytes:
    return authority.certificate.public_bytes(Encoding.DER)


def test_it_refuses_this_client_certificate(tmp_path):
    stranger = Authority.create("stranger").issue_client(cn="a")
    write_identity(tmp_path / "a.crt", tmp_path / "a.key", stranger)

    with serving(server_tls(tmp_path, root()), asyncio.new_event_loop) as port:
        assert "D609" in visit(port, certificate=tmp_path / "a.crt", key=tmp_path / "a.key")


def test_it_accepts_this_client_certificate(tmp_path):
    write_identity(tmp_path / "a.crt", tmp_path / "a.key", root().issue_client(cn="a"))

    with serving(server_tls(tmp_path, root()), asyncio.new_event_loop) as port:
        assert visit(port, certificate=tmp_path / "a.crt", key=tmp_path / "a.key") == []


def test_old_tls_only(tmp_path):
    with endpoint(server(tmp_path, root().issue_server("localhost"), newest=ssl.TLSVersion.TLSv1_2)) as port:
        assert visit(port) == ["D604", "D610"]


def test_another_name(tmp_path):
    with endpoint(server(tmp_path, root().issue_server("other.example"))) as port:
        assert visit(port) == ["D610", "D605"]


def test_missing_intermediates(tmp_path):
    identity = root().intermediate("issuing").issue_server("localhost")

    with endpoint(server(tmp_path, identity, whole=False)) as port:
        assert visit(port) == ["D610", "D606"]
    with endpoint(server(tmp_path, identity)) as port:
        assert visit(port) == ["D610"]


def test_unknown_authority(tmp_path):
    identity = Authority.create("stranger").intermediate("issuing").issue_server("localhost")

    with endpoint(server(tmp_path, identity)) as port:
        assert visit(port) == ["D610", "D607"]


def test_no_tls():
    with endpoint(None, b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert visit(port) == ["D603"]


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    assert visit(port) == ["D601"]


def test_no_such_host(monkeypatch):
    def unknown(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert visit(443, host="nowhere.example") == ["D602"]

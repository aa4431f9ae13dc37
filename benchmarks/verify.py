"""Does a peer do its work at all? Nothing is measured before every answer here is the right one."""

from __future__ import annotations

import socket
import ssl
import subprocess
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection

from benchmarks.errors import BenchmarkFailed
from benchmarks.load import h2load
from benchmarks.peers import Peer
from benchmarks.places import LOOPBACK, Place
from benchmarks.workloads import Workload


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, as far as it matters here."""

    status: int
    body: bytes
    tls: str | None


def verify(peer: Peer, place: Place, workloads: list[Workload]) -> None:
    """Return if the peer lets the right caller through, and nobody else.

    Raises:
        BenchmarkFailed: it does not. The text says what it did.
    """
    token = place.material.tokens[0]
    for workload in workloads:
        if workload.load == "h2load":
            _must_speak_http2(peer, place, workload, f"Bearer {token}")
            continue
        answer = ask(place, workload, f"Bearer {token}")
        if (answer.status, len(answer.body), answer.tls) != (200, workload.answer, "TLSv1.3"):
            raise BenchmarkFailed(f"{peer.name} does not serve {workload.name}: {_told(answer)}")
    workloads = [workload for workload in workloads if workload.load != "h2load"]
    if not workloads:
        return
    if peer.judges_tokens:
        _must_refuse(peer, place, workloads[0], None, "a request without a token")
        _must_refuse(peer, place, workloads[0], f"Bearer {place.material.forged}", "a forged token")
    if peer.injects and place.routes == 1:
        _must_inject(peer, place, f"Bearer {token}")
    _must_want_a_certificate(peer, place, workloads[0], f"Bearer {token}")


def unable(place: Place, workload: Workload) -> str | None:
    """Return why a peer cannot be measured with a workload at all, or None."""
    if workload.load != "h2load":
        return None
    if absent := h2load.missing():
        return f"not installed: {absent}"
    context = _context(place)
    context.set_alpn_protocols(["h2"])
    try:
        with (
            socket.create_connection((LOOPBACK, place.port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=LOOPBACK) as connection,
        ):
            chosen = connection.selected_alpn_protocol()
    except OSError as error:
        return f"it refuses HTTP/2 (ALPN): {error.strerror or error}"
    return None if chosen == "h2" else "it does not speak HTTP/2 (ALPN h2 is not taken)"


def _must_speak_http2(peer: Peer, place: Place, workload: Workload, authorization: str) -> None:
    """Ask with the load generator itself, because what it can do is what will be measured."""
    try:
        answer = h2load.once(workload, place, authorization)
        forged = h2load.once(workload, place, f"Bearer {place.material.forged}")
    except (OSError, LookupError, subprocess.SubprocessError) as error:
        raise BenchmarkFailed(f"{peer.name} does not serve {workload.name}: {error}") from error
    if answer != (True, workload.answer) or forged[0] is peer.judges_tokens:
        raise BenchmarkFailed(f"{peer.name} does not serve {workload.name}: {answer}, with a forged token {forged}")


def ask(place: Place, workload: Workload, authorization: str | None, *, certificate: bool = True) -> Answer:
    """Make one request on a connection of its own.

    Raises:
        OSError, HTTPException: there is no answer.
    """
    context = _context(place, certificate=certificate)
    connection = HTTPSConnection(LOOPBACK, place.port, timeout=10, context=context)
    try:
        headers = {} if authorization is None else {"Authorization": authorization}
        connection.request(workload.method, workload.paths()[0], b"x" * workload.upload or None, headers)
        tls = connection.sock.version()  # the answer may close the connection
        response = connection.getresponse()
        return Answer(response.status, response.read(), tls)
    finally:
        connection.close()


def _context(place: Place, *, certificate: bool = True) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(place.material.pki.ca))
    if certificate:
        context.load_cert_chain(place.material.pki.client, place.material.pki.client_key)
    return context


def _must_refuse(peer: Peer, place: Place, workload: Workload, authorization: str | None, what: str) -> None:
    answer = ask(place, workload, authorization)
    if answer.status != 401:
        raise BenchmarkFailed(f"{peer.name} should answer {what} with 401: {_told(answer)}")


def _must_inject(peer: Peer, place: Place, authorization: str) -> None:
    answer = ask(place, Workload("seen", "what arrives upstream", path="/seen"), authorization)
    if answer.body != place.material.basic.encode():
        raise BenchmarkFailed(f"{peer.name} does not show the upstream the Basic credential (status {answer.status})")


def _must_want_a_certificate(peer: Peer, place: Place, workload: Workload, authorization: str) -> None:
    """Without a certificate there is a TLS alert, or, as nginx does it, 400."""
    try:
        answer = ask(place, workload, authorization, certificate=False)
    except (OSError, HTTPException):
        return
    if answer.status != 400:
        raise BenchmarkFailed(f"{peer.name} answers a caller without a certificate: {_told(answer)}")


def _told(answer: Answer) -> str:
    return f"status {answer.status}, {len(answer.body)} octets, {answer.tls}"

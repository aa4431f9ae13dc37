"""A call of Envoy's, but for HTTP/2: a CheckRequest of two kilobytes is decoded, decided, and answered."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from benchmarks.material import AUDIENCE, ISSUER, Material
from benchmarks.micro.timing import step
from ostiary.build import compile_gateway
from ostiary.config.listeners import ListenerLimits
from ostiary.config.load import load
from ostiary.edge.decide.dialects import READERS
from ostiary.edge.decide.grpc.answer import Reply
from ostiary.edge.decide.grpc.codec import decode
from ostiary.edge.decide.grpc.messages import CheckRequest, CheckResponse
from ostiary.edge.decide.grpc.service import Service
from ostiary.edge.decide.handler import Decisions
from ostiary.edge.decide.permit import NoBody
from ostiary.gateway import Gateway
from ostiary.model import Credential, Flow, Headers, Peer, Record, Request, Secret
from ostiary.serve.deciding import told_certificates

_POLICY: Final = """
version: 1
listeners:
  envoy:
    bind: "unix:{folder}/s"
    decide: {{dialect: envoy-grpc, client: {{mode: required, authorities: [file:{ca}]}}}}
issuers:
  bank: {{issuer: "{issuer}", jwks_file: file:jwks.json, audiences: [{audience}], algorithms: [ES256]}}
vaults: {{folder: {{type: files, path: "{folder}"}}}}
credentials: {{legacy: {{vault: folder}}}}
upstreams: {{old: {{endpoints: ["http://127.0.0.1:9"]}}}}
routes:
  - name: accounts
    match: {{path: /accounts/**}}
    authenticate: {{all: [mtls: {{subject: cn, allow: ["*"]}}, jwt: {{issuers: [bank]}}]}}
    authorize: anyone
    inject: [basic: {{credential: legacy}}, header: {{name: X-Subject, value: "{{principal.subject}}"}}]
    upstream: old
"""
_HEAD: Final = {
    "accept": "application/json, text/plain;q=0.9, */*;q=0.1",
    "accept-encoding": "gzip, deflate, br",
    "accept-language": "en-GB,en;q=0.9,de;q=0.7",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "cache-control": "no-cache",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "x-forwarded-for": "192.0.2.7",
    "x-forwarded-proto": "https",
    "x-request-id": "3d7fb7d6-2a0b-4ed5-ae3f-5a6e4a5a5a9f",
}


_CALL: Final = Headers.of([(b"content-type", b"application/grpc")])
_PROXY: Final = Peer("")
_NOTHING: Final = NoBody()


class _Shelf:
    """A credential that is at hand."""

    alias = "legacy"

    def __init__(self, material: Material) -> None:
        self._credential = Credential(self.alias, material.user, Secret(material.password), "1")

    async def get(self) -> Credential:
        return self._credential


class _Kept:
    """An answer that is kept; one that says no is not what is timed."""

    said = b""

    def start(self, status: int, headers: Headers, length: int | None, source: Flow) -> None: ...

    def write(self, data: bytes) -> None:
        self.said = data

    def finish(self, trailers: Headers | None = None) -> None: ...

    def allows(self) -> bool:
        return bool(CheckResponse.FromString(self.said[5:]).HasField("ok_response"))


def grpc_check(material: Material) -> Callable[[], object]:
    """Everything but framing and HTTP/2: certificate and token were seen before."""
    service, content, kept = _service(material), _content(material), _Kept()
    step(_call(service, content, kept))
    assert kept.allows()
    return lambda: step(_call(service, content, kept))


def _call(service: Service, content: bytes, answer: _Kept) -> Coroutine[Any, Any, None]:
    request = Request(
        id="0", method="POST", target=b"/", path="/", host="o", authority=b"o", scheme="http", headers=_CALL,
        peer=_PROXY, body=_NOTHING, record=Record(),
    )  # fmt: skip
    return service.check(request, content, Reply(answer, request.record))


def grpc_decode(material: Material) -> Callable[[], object]:
    """The message alone: octets to plain values."""
    content = _content(material)
    return lambda: decode(content)


def _service(material: Material) -> Service:
    folder = Path(tempfile.mkdtemp(prefix="ostiary-grpc-", dir=material.pki.ca.parent))
    (folder / "jwks.json").write_text(material.jwks)
    text = _POLICY.format(folder=folder, ca=material.pki.ca, issuer=ISSUER, audience=AUDIENCE)
    (folder / "gateway.yaml").write_text(text)
    loaded = load(folder / "gateway.yaml")
    gateway = compile_gateway(loaded, sources={"legacy": _Shelf(material)})
    listener = loaded.spec.listeners["envoy"]
    assert gateway.decisions is not None
    assert listener.decide is not None
    decisions = Decisions(
        gateway.decisions.gateway,
        name="envoy",
        dialect="envoy-grpc",
        read=READERS["envoy-grpc"],
        longest=8192,
        limits=ListenerLimits(),
        forwarded=told_certificates(listener.decide, folder),
    )
    service = Service(decisions, ListenerLimits())
    asyncio.run(_warmed(gateway, service, _content(material)))
    return service


async def _warmed(gateway: Gateway, service: Service, content: bytes) -> None:
    """Have everything fetched; then nothing that a call needs has to be waited for."""
    kept = _Kept()
    await gateway.start()
    async with asyncio.timeout(10):
        while not kept.said or not kept.allows():
            await asyncio.sleep(0.05)
            await _call(service, content, kept)


def _content(material: Material) -> bytes:
    """Return a CheckRequest as Envoy makes it."""
    message = CheckRequest()
    http = message.attributes.request.http
    http.method, http.path, http.host, http.scheme = b"GET", b"/accounts/1?page=2", b"api.example.com", b"https"
    pseudo = ((":authority", http.host), (":path", http.path), (":method", http.method), (":scheme", http.scheme))
    fields = [(name, value.encode()) for name, value in _HEAD.items()]
    for name, value in (*pseudo, *fields, ("authorization", f"Bearer {material.tokens[0]}".encode())):
        http.header_map.headers.add(key=name.encode(), raw_value=value)
    message.attributes.source.address.socket_address.address = b"192.0.2.7"
    message.attributes.source.certificate = quote(material.pki.client.read_text(), safe="").encode()
    octets: bytes = message.SerializeToString()
    return octets

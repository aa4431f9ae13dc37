"""What is timed. Each function sets its piece up and returns the call."""

from __future__ import annotations

import asyncio
import itertools
from base64 import urlsafe_b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from benchmarks.material import AUDIENCE, ISSUER, KEY_ID, Material
from benchmarks.micro.grpc import grpc_check, grpc_decode
from benchmarks.micro.http2 import http2_engine, http2_library
from benchmarks.micro.timing import step
from ostiary.authn.jwt import JwtAuthenticator
from ostiary.authn.mtls import compile_mtls
from ostiary.config.schema import IssuerSpec, MtlsSpec
from ostiary.jwks import Issuer
from ostiary.jwks.source import Document
from ostiary.model import Body, BodySink, Certificate, Headers, Peer, Record, Request
from ostiary.pki import certificate as certificates

Piece = Callable[[Material], Callable[[], object]]


class _NoBody:
    length: int | None = 0

    def flow_to(self, sink: BodySink) -> None:
        sink.finish()

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class _Shelf:
    """A key set that is at hand."""

    origin = "memory"

    def __init__(self, document: str) -> None:
        self._document = Document(document.encode())

    async def fetch(self, validator: str | None) -> Document:  # noqa: ARG002 - it never changes
        return self._document

    async def aclose(self) -> None: ...


def certificate_name(material: Material) -> Callable[[], object]:
    """The client certificate's name, judged."""
    authenticator = compile_mtls(MtlsSpec(allow=("spiffe://**",)))
    request = _request(material, material.tokens[0])
    return lambda: step(authenticator.authenticate(request))


def token_known(material: Material) -> Callable[[], object]:
    """A token that was verified before."""
    authenticator, request = _authenticator(material), _request(material, material.tokens[0])
    return lambda: step(authenticator.authenticate(request))


def signature_alone(material: Material) -> Callable[[], object]:
    """The signature of a token, by nothing but `cryptography`: the key is at hand, r and s are encoded already."""
    header_and_payload, _, encoded = material.tokens[0].rpartition(".")
    signature = urlsafe_b64decode(encoded + "==")
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    key = load_pem_public_key(material.public_key)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    der, data, algorithm = encode_dss_signature(r, s), header_and_payload.encode(), ec.ECDSA(SHA256())
    return lambda: key.verify(der, data, algorithm)


def token_new(material: Material) -> Callable[[], object]:
    """A token that was never seen: each call has an authenticator that remembers nothing."""
    issuer = _issuer(material)
    requests = itertools.cycle([_request(material, token) for token in material.tokens[:100]])
    return lambda: step(JwtAuthenticator([issuer], "when-present").authenticate(next(requests)))


PIECES: Final[tuple[Piece, ...]] = (
    certificate_name,
    token_known,
    signature_alone,
    token_new,
    grpc_decode,
    grpc_check,
    http2_engine,
    http2_library,
)


def _issuer(material: Material) -> Issuer:
    spec = IssuerSpec(issuer=ISSUER, audiences=(AUDIENCE,), algorithms=("ES256",))
    issuer = Issuer("bank", spec, _Shelf(material.jwks))
    asyncio.run(_fetched(issuer))
    return issuer


async def _fetched(issuer: Issuer) -> None:
    await issuer.start()
    await issuer.keys_for(KEY_ID, "ES256")
    await issuer.aclose()


def _authenticator(material: Material) -> JwtAuthenticator:
    return JwtAuthenticator([_issuer(material)], "when-present")


def _certificate(path: Path) -> Certificate:
    return certificates.describe(x509.load_pem_x509_certificate(path.read_bytes()))


def _request(material: Material, token: str) -> Request:
    body: Body = _NoBody()
    fields = [(b"Host", b"localhost"), (b"Accept", b"*/*"), (b"Authorization", b"Bearer " + token.encode())]
    return Request(
        id="0",
        method="GET",
        target=b"/small",
        path="/small",
        host="localhost",
        authority=b"localhost",
        scheme="https",
        headers=Headers.of(fields),
        peer=Peer("127.0.0.1", _certificate(material.pki.client), tls_version="TLSv1.3"),
        body=body,
        record=Record(),
    )

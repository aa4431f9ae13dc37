"""What is timed. Each function sets its piece up and returns the call."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography import x509

from benchmarks.material import AUDIENCE, ISSUER, KEY_ID, Material
from benchmarks.micro.timing import step
from ostiary.authn.jwt import JwtAuthenticator
from ostiary.authn.mtls import compile_mtls
from ostiary.config.schema import IssuerSpec, MtlsSpec
from ostiary.jwks import Issuer
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

    def __init__(self, document: str) -> None:
        self._document = document.encode()

    async def fetch(self) -> bytes:
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


def token_new(material: Material) -> Callable[[], object]:
    """A token that was never seen: each call has an authenticator that remembers nothing."""
    issuer = _issuer(material)
    requests = itertools.cycle([_request(material, token) for token in material.tokens[:100]])
    return lambda: step(JwtAuthenticator([issuer], "when-present").authenticate(next(requests)))


PIECES: Final[tuple[Piece, ...]] = (certificate_name, token_known, token_new)


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

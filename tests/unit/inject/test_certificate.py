"""Does the upstream see the caller's certificate, in the words that it knows, and nobody else's?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.pki import root
from tests.unit.inject.conftest import outbound_of

from ostiary.config.certificates import CertificateHeaderSpec
from ostiary.config.schema import InjectorSpec
from ostiary.errors import ConfigError
from ostiary.inject.certificate import certificate_header
from ostiary.inject.compile import compile_injectors
from ostiary.model import Outbound, Peer
from ostiary.pki.certificate import describe
from ostiary.pki.dialect import DIALECTS, Shown

ISSUING = root().intermediate("issuing")
JOHN = ISSUING.issue_client(cn="john", uris=["spiffe://example.com/john"])
DER, ABOVE = (one.public_bytes(Encoding.DER) for one in (JOHN.certificate, ISSUING.certificate))
CERTIFICATE = replace(describe(JOHN.certificate), chain=(ABOVE,))


def outbound(*headers: tuple[bytes, bytes], certificate=CERTIFICATE) -> Outbound:
    made = outbound_of(headers=headers)
    made.request.peer = Peer("127.0.0.1", certificate)
    return made


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_each_dialect_has_its_header_and_is_read_back(dialect):
    made = outbound()

    await certificate_header(CertificateHeaderSpec(dialect=dialect, chain=True)).inject(made)

    fields = dict(made.headers)
    style = DIALECTS[dialect]
    chain = fields.get(style.chain_header.encode()) if style.chain_header else None
    shown = style.read_both(fields[style.header.encode()], chain)
    assert shown == Shown(DER, (ABOVE,) if style.carries_chain or style.chain_header else ())


async def test_authorities_are_sent_only_when_asked_for():
    made = outbound()

    await certificate_header(CertificateHeaderSpec(dialect="rfc9440")).inject(made)

    assert [name for name, _ in made.headers] == [b"Client-Cert"]


async def test_without_a_certificate_there_is_no_header():
    made = outbound(certificate=None)

    await certificate_header(CertificateHeaderSpec(dialect="nginx")).inject(made)

    assert len(made.headers) == 0


async def test_whatever_the_caller_wrote_there_is_gone():
    made = outbound((b"ssl_client_cert", b"forged"), (b"SSL-Client-Cert", b"forged"))

    await certificate_header(CertificateHeaderSpec(dialect="nginx")).inject(made)

    assert [name for name, _ in made.headers] == [b"SSL-Client-Cert"]
    assert b"forged" not in dict(made.headers).values()


def test_it_owns_its_header_and_that_of_the_chain():
    assert certificate_header(CertificateHeaderSpec(dialect="rfc9440")).owns == {b"client-cert", b"client-cert-chain"}
    assert certificate_header(CertificateHeaderSpec(dialect="apache", header="SSL_CLIENT_CERT")).owns == {
        b"ssl-client-cert"
    }


async def test_two_callers_are_not_mixed_up():
    injector = certificate_header(CertificateHeaderSpec(dialect="haproxy"))
    other = describe(root().issue_client(cn="other").certificate)
    first, second, third = outbound(), outbound(certificate=other), outbound()
    for made in (first, second, third):
        await injector.inject(made)

    assert dict(first.headers) == dict(third.headers) != dict(second.headers)


def test_two_writers_of_its_header_are_a_mistake_of_the_file():
    specs = [InjectorSpec.model_validate(one) for one in (
        {"certificate": {"dialect": "nginx"}}, {"header": {"name": "ssl_client_cert", "value": "x"}},
    )]  # fmt: skip

    with pytest.raises(ConfigError, match="ssl-client-cert"):
        compile_injectors(specs, {})

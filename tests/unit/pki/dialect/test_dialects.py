"""Does a certificate arrive whole, whichever proxy wrote it and whichever reads it, and does nothing else arrive as one?"""

from __future__ import annotations

import base64
from contextlib import suppress
from hashlib import sha256
from itertools import product
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from tests.support.pki import root

from ostiary.pki.dialect import DIALECTS, NotUnderstood, Shown

ISSUING = root().intermediate("issuing")
JOHN = ISSUING.issue_client(
    cn='John "the, one" Doe; By=x', uris=["spiffe://example.com/john?a=1;b"], dns=["john.example"], key="rsa-2048"
)
DER, AUTHORITY = (one.public_bytes(Encoding.DER) for one in (JOHN.certificate, ISSUING.certificate))
PEM = JOHN.certificate.public_bytes(Encoding.PEM)
WHOLE = Shown(DER, (AUTHORITY,))


def read(name: str, value: bytes, chain: bytes | None = None) -> Shown:
    return DIALECTS[name].read_both(value, chain)


def through(name: str, shown: Shown) -> Shown:
    """What is read from what a dialect writes."""
    style = DIALECTS[name]
    return style.read_both(style.write(shown), style.write_chain(shown) if style.chain_header and shown.chain else None)


def with_chain(name: str) -> bool:
    return DIALECTS[name].carries_chain or DIALECTS[name].chain_header is not None


@pytest.mark.parametrize(("first", "second"), list(product(DIALECTS, DIALECTS)))
def test_any_dialect_to_any_dialect(first, second):
    once = through(first, WHOLE)
    twice = through(second, once)

    assert twice.leaf == DER
    assert once.chain == ((AUTHORITY,) if with_chain(first) else ())
    assert twice.chain == ((AUTHORITY,) if with_chain(first) and with_chain(second) else ())


@pytest.mark.parametrize("name", DIALECTS)
def test_a_value_is_fit_for_a_header(name):
    value = DIALECTS[name].write(WHOLE)

    assert value.isascii()
    assert value.decode().isprintable()
    assert value == value.strip()


# --- what the proxies themselves are known to write ---------------------------------------------

ONE_LINE = b"".join(PEM.split(b"\n")[1:-2])
EXAMPLES = {
    "rfc9440": [b":" + base64.b64encode(DER) + b":"],
    "nginx": [quote(PEM, safe="").encode(), quote(PEM, safe="").encode().replace(b"%0A", b"%0a")],
    "apache": [PEM.replace(b"\n", b" "), PEM.replace(b"\n", b" ").strip()],
    "haproxy": [base64.b64encode(DER), b'"' + base64.b64encode(DER) + b'"'],
    "caddy": [base64.b64encode(DER)],
    "traefik": [ONE_LINE, quote(ONE_LINE, safe="").encode()],
    "aws-alb": [quote(PEM, safe="+=/").encode()],
    "envoy": [
        b'Cert="' + quote(PEM, safe="").encode() + b'"',
        b'By=spiffe://mesh/gw;Hash=%b;Cert="%b";Subject="/C=US/CN=a, b";URI=spiffe://x;URI=spiffe://y;DNS=a'
        % (sha256(DER).hexdigest().encode(), quote(PEM, safe="").encode()),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in EXAMPLES.items() for value in values])
def test_what_the_proxy_writes_is_read(name, value):
    assert read(name, value) == Shown(DER)


def test_every_dialect_has_an_example():
    assert set(EXAMPLES) == set(DIALECTS)


def test_the_chain_of_rfc_9440_is_a_list_of_its_own():
    item = b":%b:" % base64.b64encode(AUTHORITY)

    assert read("rfc9440", EXAMPLES["rfc9440"][0], item + b" ,\t" + item).chain == (AUTHORITY, AUTHORITY)


# --- what is none -------------------------------------------------------------------------------

ENVOY = EXAMPLES["envoy"][0]
WRONG = {
    "rfc9440": [
        quote(PEM, safe="").encode(),
        base64.b64encode(DER),
        EXAMPLES["rfc9440"][0] + b";a=1",
        EXAMPLES["rfc9440"][0] + b", " + EXAMPLES["rfc9440"][0],
        b"::",
        b":",
        PEM.replace(b"\n", b" "),
    ],
    "nginx": [PEM, base64.b64encode(DER), quote(PEM + PEM, safe="").encode(), quote(PEM, safe="").encode() + b"%", b"NONE"],
    "apache": [PEM + b"x", quote(PEM, safe="").encode(), PEM + PEM, b"(NULL)"],
    "haproxy": [base64.b64encode(DER)[:-1], b" " + base64.b64encode(DER), base64.urlsafe_b64encode(DER), b'"' + base64.b64encode(DER), PEM],
    "caddy": [b"{http.request.tls.client.certificate_pem}", PEM],
    "traefik": [PEM, ONE_LINE + b",", b"," + ONE_LINE],
    "aws-alb": [PEM, base64.b64encode(DER)],
    "envoy": [
        ENVOY + b"," + ENVOY,
        ENVOY + b";" + ENVOY,
        ENVOY + b";",
        ENVOY + b";Hash=" + b"0" * 64,
        b"Hash=" + b"0" * 64,
        ENVOY + b";Evil=1",
        ENVOY.replace(b"Cert=", b"Chain="),
        ENVOY + b';Chain="' + quote(ISSUING.certificate.public_bytes(Encoding.PEM), safe="").encode() + b'"',
        b'Cert="' + quote(PEM, safe="").encode(),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_what_another_proxy_or_nobody_writes_is_an_error_and_never_no_certificate(name, value):
    if name == "haproxy" and value == base64.urlsafe_b64encode(DER) == base64.b64encode(DER):
        pytest.skip("this certificate is spelt alike in both alphabets")
    with pytest.raises(NotUnderstood):
        read(name, value)


@pytest.mark.parametrize("name", [name for name in DIALECTS if with_chain(name)])
def test_more_certificates_than_a_chain_can_have_are_refused(name):
    with pytest.raises(NotUnderstood):
        through(name, Shown(DER, (AUTHORITY,) * 11))


@pytest.mark.parametrize("name", DIALECTS)
@given(value=st.binary(max_size=200))
def test_whatever_stands_there_is_read_or_refused_and_nothing_else_happens(name, value):
    with suppress(NotUnderstood):
        read(name, value)

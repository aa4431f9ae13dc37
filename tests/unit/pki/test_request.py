"""What does an authority read from a certificate signing request, and which does it refuse?"""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.pki import openssl

from ostiary.pki.errors import PkiError
from ostiary.pki.keys import generate
from ostiary.pki.names import UPN, general_names, show_name, upn_of, utf8_string
from ostiary.pki.request import make_request, read_request
from ostiary.pki.subject import parse_subject

NAMES = general_names(
    uris=["spiffe://example.com/a"], hosts=["a.example", "10.0.0.1"], emails=["a@b.c"], upns=["jörg@any.org"]
)


def pem(request: x509.CertificateSigningRequest) -> bytes:
    return request.public_bytes(Encoding.PEM)


@pytest.mark.parametrize("kind", ["ec-p256", "ec-p384", "rsa-2048", "ed25519"])
@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_what_was_asked_for_is_read(kind, encoding):
    key = generate(kind)

    wish = read_request(make_request(parse_subject("/O=Any Org/CN=John Doe"), NAMES, key).public_bytes(encoding))

    assert wish.subject.rfc4514_string() == "CN=John Doe,O=Any Org"
    assert [show_name(name) for name in wish.names] == [
        "URI:spiffe://example.com/a",
        "DNS:a.example",
        "IP:10.0.0.1",
        "email:a@b.c",
        "UPN:jörg@any.org",
    ]
    assert wish.key == key.public_key()


def test_a_request_by_openssl_is_read(tmp_path):
    done = openssl(
        "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "k", "-subj", "/CN=a b", "-out", "r", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr

    assert read_request((tmp_path / "r").read_bytes()).subject.rfc4514_string() == "CN=a b"


def test_the_signature_must_be_its_own_keys():
    octets = bytearray(make_request(parse_subject("a"), [], generate()).public_bytes(Encoding.DER))
    octets[-5] ^= 1

    with pytest.raises(PkiError, match=r"not signed with its own key|cannot be read"):
        read_request(bytes(octets))


def test_another_subject_under_the_same_signature_is_refused():
    octets = make_request(parse_subject("alice"), [], generate()).public_bytes(Encoding.DER)

    with pytest.raises(PkiError, match="not signed with its own key"):
        read_request(octets.replace(b"alice", b"admin"))


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP192R1())], ids=["rsa1024", "p192"]
)
def test_a_weak_key_is_refused(key):
    request = x509.CertificateSigningRequestBuilder(parse_subject("a")).sign(key, hashes.SHA256())

    with pytest.raises(PkiError, match="too weak"):
        read_request(pem(request))


def test_a_request_without_any_name_is_refused():
    request = x509.CertificateSigningRequestBuilder(parse_subject("")).sign(generate(), hashes.SHA256())

    with pytest.raises(PkiError, match="no name"):
        read_request(pem(request))
    with pytest.raises(PkiError, match="needs a name"):
        make_request(parse_subject(""), [], generate())


@pytest.mark.parametrize("data", [b"", b"nothing", b"-----BEGIN CERTIFICATE REQUEST-----\n"])
def test_what_is_no_request_is_refused(data):
    with pytest.raises(PkiError, match="not a certificate signing request"):
        read_request(data)


def test_alternative_names_are_ascii_but_for_the_upn():
    with pytest.raises(PkiError):
        general_names(uris=["spiffe://exämple/a"])


@pytest.mark.parametrize("text", ["", "a" * 127, "a" * 128, "ü" * 200])
def test_a_upn_is_written_and_read_whatever_its_length(text):
    assert upn_of(x509.OtherName(UPN, utf8_string(text))) == text


@pytest.mark.parametrize("der", [b"\x0c\x05abc", b"\x13\x03abc", b"\x0c\x81\x03abc", b"\x0c\x02\xff\xff"])
def test_a_upn_in_another_encoding_is_not_guessed_at(der):
    with pytest.raises(ValueError, match="UTF8String"):
        upn_of(x509.OtherName(UPN, der))

"""What does a certificate say, and which ones say nothing that can be trusted?"""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.support.pki import odd_client, root

from ostiary.errors import InvalidCertificate
from ostiary.pki.authority import common_name
from ostiary.pki.certificate import describe, parse, validity
from ostiary.reasons import Reason


def attribute(oid: x509.ObjectIdentifier, value: str) -> x509.NameAttribute:
    return x509.NameAttribute(oid, value)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def alternative(*names: x509.GeneralName) -> list[tuple[x509.ExtensionType, bool]]:
    return [(x509.SubjectAlternativeName(list(names)), False)]


def patched(certificate: x509.Certificate, old: bytes, new: bytes) -> bytes:
    """The certificate with octets replaced: its signature is void, what it says is what matters here."""
    assert len(old) == len(new)
    assert old in der(certificate)
    return der(certificate).replace(old, new)


def test_every_kind_of_name_is_told_apart():
    client = root().issue_client(cn="John Doe", uris=["spiffe://a/b"], dns=["a.example"], emails=["j@a.example"])

    said = describe(client.certificate)

    assert said.subject == "CN=John Doe"
    assert said.issuer == "CN=Test root"
    assert said.common_names == ("John Doe",)
    assert (said.san_uris, said.san_dns, said.san_emails) == (("spiffe://a/b",), ("a.example",), ("j@a.example",))
    assert said.serial == client.certificate.serial_number


def test_the_thumbprint_is_the_one_of_rfc_8705():
    client = root().issue_client(cn="a")
    digest = hashlib.sha256(der(client.certificate)).digest()

    assert describe(client.certificate).thumbprint == base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_an_escaped_comma_in_a_common_name_does_not_make_a_second_name():
    said = describe(odd_client(root(), [], subject=common_name("a,CN=admin")).certificate)

    assert said.common_names == ("a,CN=admin",)
    assert said.subject == r"CN=a\,CN=admin"


def test_a_name_of_several_attributes_shows_each_of_them():
    both = x509.RelativeDistinguishedName(
        [attribute(NameOID.COMMON_NAME, "a"), attribute(NameOID.ORGANIZATION_NAME, "CN=admin")]
    )

    said = describe(odd_client(root(), [], subject=x509.Name([both])).certificate)

    assert said.common_names == ("a",)


def test_every_common_name_counts():
    two = x509.Name([attribute(NameOID.COMMON_NAME, "a"), attribute(NameOID.COMMON_NAME, "admin")])

    assert describe(odd_client(root(), [], subject=two).certificate).common_names == ("a", "admin")


def test_a_common_name_that_looks_like_a_host_is_not_an_alternative_name():
    assert describe(root().issue_client(cn="admin.example.com").certificate).san_dns == ()


@pytest.mark.attack(59)
@pytest.mark.parametrize(
    "character", ["\x00", "\n", "\r", "\x1b", "\x7f", "\x85", "\u200b", "\u202e", "\u2028", "\ufeff", "\u00a0"]
)
def test_a_common_name_with_a_character_that_does_not_print_is_refused(character):
    client = odd_client(root(), [], subject=common_name(f"admin{character}x"))

    with pytest.raises(InvalidCertificate) as refusal:
        describe(client.certificate)
    assert refusal.value.reason is Reason.CERTIFICATE_UNSUITABLE
    assert "admin" not in refusal.value.detail


def test_any_other_part_of_the_subject_with_a_control_character_is_refused():
    subject = x509.Name([attribute(NameOID.COMMON_NAME, "a"), attribute(NameOID.ORGANIZATION_NAME, "x\r\ny")])

    with pytest.raises(InvalidCertificate):
        describe(odd_client(root(), [], subject=subject).certificate)


@pytest.mark.attack(59)
@pytest.mark.parametrize(
    "name",
    [
        x509.DNSName("a.example.com.bad.example"),
        x509.UniformResourceIdentifier("spiffe://a.example.com.bad.example"),
        x509.RFC822Name("x@a.example.com.bad.example"),
    ],
)
def test_an_alternative_name_with_a_nul_is_refused(name):
    client = odd_client(root(), alternative(name))

    with pytest.raises(InvalidCertificate) as refusal:
        describe(parse(patched(client.certificate, b".com.bad", b".com\0bad")))
    assert refusal.value.reason is Reason.CERTIFICATE_UNSUITABLE


@pytest.mark.attack(59)
def test_an_alternative_name_outside_ascii_is_refused():
    client = odd_client(root(), alternative(x509.DNSName("abcd.example")))

    with pytest.raises(InvalidCertificate):
        describe(parse(patched(client.certificate, b"abcd.example", b"ab\xc3\xa9.example")))


def test_a_common_name_that_is_not_utf_8_is_refused():
    client = odd_client(root(), [], subject=common_name("abcd"))

    with pytest.raises(InvalidCertificate):
        parse(patched(client.certificate, b"\x0c\x04abcd", b"\x0c\x04ab\xc3\x28"))


def test_an_extension_that_stands_twice_is_refused():
    marks = [
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00"), False),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.2"), b"\x05\x00"), False),
    ]
    certificate = odd_client(root(), marks).certificate
    encoded = [b"\x2b\x06\x01\x04\x01\x83\xb2\x03" + bytes([n]) for n in (1, 2)]

    with pytest.raises(InvalidCertificate):
        parse(patched(certificate, encoded[1], encoded[0]))


@pytest.mark.parametrize("junk", [b"", b"0", b"\x30\x03\x02\x01\x01", b"-----BEGIN CERTIFICATE-----"])
def test_what_is_no_certificate_is_refused(junk):
    with pytest.raises(InvalidCertificate):
        parse(junk)


def test_a_certificate_is_valid_from_its_first_to_its_last_second():
    said = describe(root().issue_client(cn="a").certificate)

    validity(said, said.not_before)
    validity(said, said.not_after)


@pytest.mark.parametrize(
    ("edge", "beyond", "reason"),
    [("not_before", -1, Reason.CERTIFICATE_NOT_YET_VALID), ("not_after", +1, Reason.CERTIFICATE_EXPIRED)],
)
def test_a_certificate_is_not_valid_a_second_earlier_or_later(edge, beyond, reason):
    said = describe(root().issue_client(cn="a").certificate)

    with pytest.raises(InvalidCertificate) as refusal:
        validity(said, getattr(said, edge) + beyond)
    assert refusal.value.reason is reason

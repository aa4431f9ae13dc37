"""Which lists does a certificate name, and for whom is a list?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from tests.support.pki import odd_client, root

from ostiary.pki.extensions import CLIENT, leaf
from ostiary.pki.published import lists_of, scope_of


def uri(text: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(text)


def naming(*points: x509.DistributionPoint) -> x509.Certificate:
    return odd_client(root(), [*leaf(CLIENT), (x509.CRLDistributionPoints(points), False)]).certificate


def test_every_url_of_every_point_in_order_and_once():
    one = x509.DistributionPoint([uri("http://a.example/1"), uri("https://b.example/1")], None, None, None)
    two = x509.DistributionPoint([uri("http://a.example/1"), uri("http://c.example/")], None, None, None)

    assert lists_of(naming(one, two)) == ("http://a.example/1", "https://b.example/1", "http://c.example/")


def test_what_is_not_had_over_http_is_left_out():
    name = x509.DirectoryName(root().certificate.subject)
    assert lists_of(naming(x509.DistributionPoint([uri("ldap://a.example/"), name], None, None, None))) == ()


def test_lists_for_some_reasons_and_lists_of_others_are_left_out():
    some = x509.DistributionPoint([uri("http://a.example/")], None, frozenset([x509.ReasonFlags.key_compromise]), None)
    another = x509.DirectoryName(root().certificate.subject)
    theirs = x509.DistributionPoint([uri("http://b.example/")], None, None, [another])

    assert lists_of(naming(some, theirs)) == ()


def test_a_certificate_that_names_none():
    assert lists_of(root().issue_client(cn="a").certificate) == ()


def a_list(*marks: x509.ExtensionType) -> x509.CertificateRevocationList:
    now = datetime.now(UTC)
    builder = x509.CertificateRevocationListBuilder(root().certificate.subject, now, now + timedelta(days=1))
    for mark in marks:
        builder = builder.add_extension(mark, critical=True)
    return builder.sign(root().key, hashes.SHA256())


def point(*urls: str) -> x509.IssuingDistributionPoint:
    return x509.IssuingDistributionPoint(
        [uri(url) for url in urls],
        None,
        only_contains_user_certs=False,
        only_contains_ca_certs=False,
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )


def test_a_list_is_for_all_unless_it_names_its_point():
    assert scope_of(a_list()) is None
    assert scope_of(a_list(point("http://a.example/1"))) == {"http://a.example/1"}

"""Which names may an authority give that may not give all? (RFC 5280, section 4.2.1.10)"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from tests.support.pki import root

from ostiary.pki.permitted import forbidden

MAKERS = {
    "dns": x509.DNSName,
    "email": x509.RFC822Name,
    "uri": x509.UniformResourceIdentifier,
    "id": lambda text: x509.RegisteredID(x509.ObjectIdentifier(text)),
}


def general(text: str, *, limit: bool) -> x509.GeneralName:
    """Read `kind:value`."""
    kind, _, value = text.partition(":")
    if kind == "ip":
        found: IPv4Address | IPv6Address | IPv4Network | IPv6Network
        found = ip_network(value) if limit else ip_address(value)
        return x509.IPAddress(found)
    if kind == "dn":
        pairs = [part.split("=") for part in value.split(",")]
        known = {"O": NameOID.ORGANIZATION_NAME, "CN": NameOID.COMMON_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME}
        return x509.DirectoryName(x509.Name([x509.NameAttribute(known[name], said) for name, said in pairs]))
    return MAKERS[kind](value)


def refused(*names: str, permitted: tuple[str, ...] = (), excluded: tuple[str, ...] = (), subject: str = "") -> int:
    """Return how many names an authority with these limits may not give."""
    limits = x509.NameConstraints(
        [general(one, limit=True) for one in permitted] or None, [general(one, limit=True) for one in excluded] or None
    )
    authority = root().intermediate("limited", also=[(limits, True)])
    key = root().issue_client(cn="a").certificate.public_key()
    alternative = [(x509.SubjectAlternativeName([general(one, limit=False) for one in names]), False)] if names else []
    whom = general(f"dn:{subject}", limit=False).value if subject else x509.Name([])
    return len(list(forbidden(authority.issue(whom, key, alternative, days=1), authority.certificate)))


CASES = [
    ("dns:example.com", "dns:a.example.com", True),
    ("dns:example.com", "dns:example.com", True),
    ("dns:example.com", "dns:A.EXAMPLE.com", True),
    ("dns:EXAMPLE.com", "dns:a.example.com", True),
    ("dns:example.com", "dns:notexample.com", False),
    ("dns:example.com", "dns:example.com.evil.test", False),
    ("dns:a.example.com", "dns:example.com", False),
    ("dns:", "dns:anything.test", True),
    ("dns:.example.com", "dns:a.example.com", True),
    ("dns:.example.com", "dns:notexample.com", False),
    ("email:example.com", "email:a@example.com", True),
    ("email:example.com", "email:a@EXAMPLE.com", True),
    ("email:EXAMPLE.com", "email:a@example.com", True),
    ("email:example.com", "email:a@b.example.com", False),
    ("email:.example.com", "email:a@b.example.com", True),
    ("email:.example.com", "email:a@example.com", False),
    ("email:a@example.com", "email:a@example.com", True),
    ("email:a@example.com", "email:b@example.com", False),
    ("uri:example.com", "uri:https://example.com/a", True),
    ("uri:example.com", "uri:https://user@EXAMPLE.com:8443/a", True),
    ("uri:EXAMPLE.com", "uri:spiffe://example.com/a://b", True),
    ("uri:example.com", "uri:https://a.example.com/", False),
    ("uri:.example.com", "uri:https://a.example.com/", True),
    ("uri:.example.com", "uri:https://example.com/", False),
    ("uri:example.com", "uri:https://evil.test/example.com", False),
    ("uri:example.com", "uri:https://example.com@evil.test/", False),
    ("uri:example.com", "uri:https://evil.test?@example.com/", False),
    ("uri:example.com", "uri:https://evil.test#@example.com/", False),
    ("uri:example.com", "uri:https://evil.test\\@example.com/", False),
    ("ip:10.0.0.0/8", "ip:10.255.255.255", True),
    ("ip:10.0.0.0/8", "ip:11.0.0.0", False),
    ("ip:10.0.0.0/8", "ip:::a00:1", False),
    ("ip:2001:db8::/32", "ip:2001:db8::1", True),
    ("ip:2001:db8::/32", "ip:2001:db9::1", False),
]


@pytest.mark.parametrize(("limit", "name", "within"), CASES)
def test_what_is_within_a_limit_is_allowed_by_one_kind_and_taken_by_the_other(
    limit: str, name: str, within: bool
) -> None:
    assert refused(name, permitted=(limit,)) == (not within)
    assert refused(name, excluded=(limit,)) == within


@pytest.mark.parametrize(
    ("subject", "within"), [("O=bank,CN=a", True), ("O=bank", True), ("O=other,CN=a", False), ("CN=a,O=bank", False)]
)
def test_a_subject_is_within_a_limit_that_it_begins_with(subject: str, within: bool) -> None:
    assert refused(subject=subject, permitted=("dn:O=bank",)) == (not within)
    assert refused(subject=subject, excluded=("dn:O=bank",)) == within


@pytest.mark.parametrize(
    ("limit", "name"),
    [
        ("id:1.2.3", "id:1.2.3"),
        ("uri:example.com", "uri:urn:example.com"),
        ("uri:example.com", "uri:https:/example.com"),
        ("uri:example.com", "uri:file:///example.com"),
        ("uri:example.com", "uri:https://192.0.2.1/"),
        ("uri:example.com", "uri:https://[2001:db8::1]/"),
        ("uri:192.0.2.1", "uri:https://192.0.2.1/"),
        ("uri:example.com", "uri:https://ex%61mple.com/"),
    ],
)
def test_what_nobody_here_can_tell_is_neither_permitted_nor_beside_what_is_excluded(limit: str, name: str) -> None:
    assert refused(name, permitted=(limit,)) == 1
    assert refused(name, excluded=(limit,)) == 1


def test_one_of_several_limits_is_enough_and_every_exclusion_counts() -> None:
    limits = ("dns:a.test", "dns:b.test")
    assert refused("dns:x.a.test", "dns:x.b.test", permitted=limits) == 0
    assert refused("dns:x.a.test", "dns:x.b.test", "dns:c.test", permitted=limits) == 1
    assert refused("dns:x.a.test", "dns:x.b.test", "dns:c.test", excluded=limits) == 2
    assert refused("dns:x.a.test", "dns:y.a.test", permitted=("dns:a.test",), excluded=("dns:x.a.test",)) == 1


def test_a_limit_of_one_kind_says_nothing_of_another() -> None:
    assert refused("email:a@evil.test", "uri:https://evil.test/", "ip:192.0.2.1", permitted=("dns:example.com",)) == 0
    assert refused("email:a@evil.test", subject="CN=a", excluded=("dns:evil.test",)) == 0


def test_a_certificate_without_names_breaks_no_limit() -> None:
    assert refused(permitted=("dns:example.com", "dn:O=bank")) == 0
    assert refused(subject="CN=a", permitted=("dns:example.com",)) == 0


def test_an_authority_without_limits_may_give_all() -> None:
    authority = root().intermediate("free")
    given = authority.issue_client(cn="a", dns=["a.test"], uris=["urn:a"], emails=["a@a.test"]).certificate
    assert list(forbidden(given, authority.certificate)) == []


def test_an_address_in_the_subject_is_an_address() -> None:
    limits = x509.NameConstraints([x509.RFC822Name("example.com")], None)
    authority = root().intermediate("limited", also=[(limits, True)])
    key = root().issue_client(cn="a").certificate.public_key()
    for address, count in (("a@example.com", 0), ("a@evil.test", 1), ("a@ex\u00e4mple.com", 1)):
        subject = x509.Name([x509.NameAttribute(NameOID.EMAIL_ADDRESS, address)])
        assert len(list(forbidden(authority.issue(subject, key, [], days=1), authority.certificate))) == count

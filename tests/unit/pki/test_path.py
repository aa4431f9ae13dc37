"""Is a certificate that comes without a handshake judged as OpenSSL would have judged it in one?"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from tests.support.pki import CLIENT_AUTH, odd_client, openssl, root

from ostiary.errors import InvalidCertificate
from ostiary.pki import extensions
from ostiary.pki.authority import Authority, Identity, common_name
from ostiary.pki.files import pem
from ostiary.pki.names import general_names
from ostiary.pki.path import build
from ostiary.reasons import Reason

EKU = (x509.ExtendedKeyUsage([CLIENT_AUTH]), False)
USAGE = extensions.key_usage(digital_signature=True)
TOP = Authority.create("top")


@cache
def limited(*, permitted: tuple[x509.GeneralName, ...] = (), excluded: tuple[x509.GeneralName, ...] = ()) -> Authority:
    mark = (x509.NameConstraints(list(permitted) or None, list(excluded) or None), True)
    return TOP.intermediate("limited", also=[mark])


def named(by: Authority, subject: x509.Name | None = None, **names) -> Identity:
    listed = general_names(**names)
    alternative = extensions.alternative_names(listed, subject_empty=False)
    return odd_client(by, [*extensions.leaf(extensions.CLIENT), *alternative], subject=subject or common_name("a"))


DNS = (x509.DNSName("bank.example"),)
MAIL = (x509.RFC822Name("bank.example"),)
URI = (x509.UniformResourceIdentifier(".bank.example"),)
NET = (x509.IPAddress(ip_network("10.0.0.0/8")),)
ORG = (
    x509.DirectoryName(
        x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Bank")]),
    ),
)
BANKER = x509.Name(
    [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Bank"), x509.NameAttribute(NameOID.COMMON_NAME, "a")]
)

GOOD: dict[str, Callable[[], Identity]] = {
    "below the root": lambda: TOP.issue_client(cn="a"),
    "below an intermediate": lambda: TOP.intermediate("one").issue_client(cn="a"),
    "below three": lambda: (
        TOP.intermediate("one", path_length=2)
        .intermediate("two", path_length=1)
        .intermediate("three")
        .issue_client(cn="a")
    ),
    "a host within": lambda: named(limited(permitted=DNS), hosts=["a.bank.example"]),
    "the host itself": lambda: named(limited(permitted=DNS), hosts=["bank.example"]),
    "a mail address within": lambda: named(limited(permitted=MAIL), emails=["a@bank.example"]),
    "a URI within": lambda: named(limited(permitted=URI), uris=["spiffe://a.bank.example/x"]),
    "an address within": lambda: named(limited(permitted=NET), hosts=["10.1.2.3"]),
    "a subject within": lambda: named(limited(permitted=ORG), BANKER),
    "nothing excluded": lambda: named(limited(excluded=DNS), hosts=["a.example"]),
}

BAD: dict[str, Callable[[], Identity]] = {
    "another authority": lambda: Authority.create("top").issue_client(cn="a"),
    "too many authorities": lambda: TOP.intermediate("one", path_length=0).intermediate("two").issue_client(cn="a"),
    "a leaf that issues": lambda: _below_a_leaf(),
    "a critical extension": lambda: odd_client(
        TOP, [EKU, USAGE, (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]
    ),
    "a host without": lambda: named(limited(permitted=DNS), hosts=["a.bank.example.evil.example"]),
    "a host that ends alike": lambda: named(limited(permitted=DNS), hosts=["evilbank.example"]),
    "one host of two without": lambda: named(limited(permitted=DNS), hosts=["a.bank.example", "a.example"]),
    "a mail address without": lambda: named(limited(permitted=MAIL), emails=["a@evil.example"]),
    "a mail address below": lambda: named(limited(permitted=MAIL), emails=["a@b.bank.example"]),
    "a URI without": lambda: named(limited(permitted=URI), uris=["spiffe://evil.example/x"]),
    "an address without": lambda: named(limited(permitted=NET), hosts=["11.1.2.3"]),
    "a subject without": lambda: named(limited(permitted=ORG), common_name("a")),
    "a host excluded": lambda: named(limited(excluded=DNS), hosts=["a.bank.example"]),
}


def _below_a_leaf() -> Identity:
    leaf = TOP.issue_client(cn="leaf")
    return Authority(leaf.certificate, leaf.key, chain=(leaf.certificate,)).issue_client(cn="a")


def judged(identity: Identity, depth: int = 10) -> tuple[x509.Certificate, ...]:
    return build(identity.certificate, identity.chain, (TOP.certificate,), depth)


def openssl_says(identity: Identity, folder: Path) -> str:
    (folder / "leaf.pem").write_bytes(pem([identity.certificate]))
    (folder / "chain.pem").write_bytes(pem(identity.chain) or pem([TOP.certificate]))
    (folder / "root.pem").write_bytes(pem([TOP.certificate]))
    done = openssl(
        "verify", "-purpose", "sslclient", "-CAfile", "root.pem", "-untrusted", "chain.pem", "leaf.pem", cwd=folder
    )
    return "accepted" if done.returncode == 0 else "refused"


@pytest.mark.integration
@pytest.mark.parametrize("case", GOOD)
def test_accepted_as_by_openssl(case, tmp_path):
    identity = GOOD[case]()

    assert judged(identity)[-1] == TOP.certificate
    assert openssl_says(identity, tmp_path) == "accepted"


@pytest.mark.integration
@pytest.mark.parametrize("case", BAD)
def test_refused_as_by_openssl(case, tmp_path):
    identity = BAD[case]()

    with pytest.raises(InvalidCertificate):
        judged(identity)
    assert openssl_says(identity, tmp_path) == "refused"


def test_the_chain_is_leaf_first_and_ends_with_our_authority():
    issuing = TOP.intermediate("issuing")
    leaf = issuing.issue_client(cn="a")

    assert judged(leaf) == (leaf.certificate, issuing.certificate, TOP.certificate)


def test_what_is_shown_in_whatever_order_is_put_in_order():
    one = TOP.intermediate("one", path_length=1)
    two = one.intermediate("two")
    leaf = two.issue_client(cn="a").certificate
    unrelated = Authority.create("x").certificate

    shown = (unrelated, one.certificate, TOP.certificate, two.certificate)
    assert build(leaf, shown, (TOP.certificate,), 4) == (leaf, two.certificate, one.certificate, TOP.certificate)


def test_an_authority_that_is_shown_is_not_believed_for_itself():
    stranger = Authority.create("stranger")
    leaf = stranger.issue_client(cn="a").certificate

    with pytest.raises(InvalidCertificate) as error:
        build(leaf, (stranger.certificate,), (TOP.certificate,), 4)
    assert error.value.reason is Reason.CERTIFICATE_UNTRUSTED


def test_an_intermediate_may_be_the_trust_anchor():
    issuing = TOP.intermediate("issuing")
    leaf = issuing.issue_client(cn="a").certificate

    assert build(leaf, (), (issuing.certificate,), 4) == (leaf, issuing.certificate)


def test_where_both_are_trusted_the_chain_goes_up_to_the_root_which_may_have_revoked_what_is_between():
    issuing = TOP.intermediate("issuing")
    leaf = issuing.issue_client(cn="a").certificate

    for anchors in ((issuing.certificate, TOP.certificate), (TOP.certificate, issuing.certificate)):
        assert build(leaf, (), anchors, 4) == (leaf, issuing.certificate, TOP.certificate)


def test_one_of_our_authorities_is_not_its_own_client():
    with pytest.raises(InvalidCertificate):
        build(TOP.certificate, (), (TOP.certificate,), 4)


def test_the_depth_is_bounded():
    deep = TOP.intermediate("one", path_length=1).intermediate("two").issue_client(cn="a")

    assert len(judged(deep, depth=3)) == 4
    with pytest.raises(InvalidCertificate):
        judged(deep, depth=2)


def test_many_authorities_of_one_name_are_tried_for_a_while_only(monkeypatch):
    tried = []
    monkeypatch.setattr("ostiary.pki.path._signed", lambda below, above: tried.append(above) or False)
    crowd = tuple(Authority.create("crowd").certificate for _ in range(100))
    leaf = Authority.create("crowd").issue_client(cn="a").certificate

    with pytest.raises(InvalidCertificate):
        build(leaf, crowd, (root().certificate,), 4)
    assert len(tried) == 64

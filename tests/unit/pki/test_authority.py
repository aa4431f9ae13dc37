"""Are the certificates of our own CA ones that a strict verifier accepts?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.pki import openssl

from ostiary.pki.authority import Authority, Identity
from ostiary.pki.extensions import Extension
from ostiary.pki.files import pem


def verify(folder, root: Authority, identity: Identity, purpose: str, *crls: x509.CertificateRevocationList) -> str:
    (folder / "ca.pem").write_bytes(pem([root.certificate]))
    (folder / "chain.pem").write_bytes(pem(identity.chain) or pem([root.certificate]))
    (folder / "leaf.pem").write_bytes(pem([identity.certificate]))
    (folder / "crl.pem").write_bytes(b"".join(crl.public_bytes(Encoding.PEM) for crl in crls))
    revocation = ["-crl_check_all", "-CRLfile", "crl.pem"] if crls else []
    done = openssl(
        *("verify", "-x509_strict", "-purpose", purpose, "-CAfile", "ca.pem", "-untrusted", "chain.pem"),
        *(*revocation, "leaf.pem"),
        cwd=folder,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("key", ["ec-p256", "ec-p384", "rsa-2048", "ed25519"])
def test_a_client_certificate_passes_strict_verification(tmp_path, key):
    root = Authority.create("root", key=key)
    client = root.issue_client(
        cn="client", uris=["spiffe://example.com/a"], dns=["a.example"], emails=["a@b.c"], key=key
    )

    assert verify(tmp_path, root, client, "sslclient").strip() == "leaf.pem: OK"


def test_a_client_without_a_subject_passes_because_its_alternative_name_is_critical(tmp_path):
    root = Authority.create("root")

    assert "OK" in verify(tmp_path, root, root.issue_client(uris=["spiffe://example.com/a"]), "sslclient")


def test_a_client_certificate_is_none_for_a_server_and_the_other_way_round(tmp_path):
    root = Authority.create("root")

    assert "certificate purpose" in verify(tmp_path, root, root.issue_client(cn="a"), "sslserver")
    assert "certificate purpose" in verify(tmp_path, root, root.issue_server("a.example"), "sslclient")


def test_a_server_certificate_names_hosts_and_addresses(tmp_path):
    root = Authority.create("root")
    server = root.issue_server("localhost", "127.0.0.1", "::1")

    assert "OK" in verify(tmp_path, root, server, "sslserver")
    names = server.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_a_chain_over_intermediates_passes(tmp_path):
    root = Authority.create("root")
    issuing = root.intermediate("middle", path_length=1).intermediate("issuing")

    assert "OK" in verify(tmp_path, root, issuing.issue_client(cn="deep"), "sslclient")


def test_the_path_length_of_an_authority_holds(tmp_path):
    root = Authority.create("root", path_length=0)

    text = verify(tmp_path, root, root.intermediate("below").issue_client(cn="a"), "sslclient")

    assert "path length constraint exceeded" in text


def test_name_constraints_of_an_intermediate_hold(tmp_path):
    root = Authority.create("root")
    only: Extension = (x509.NameConstraints([x509.DNSName("bank.example")], None), True)
    bank = root.intermediate("bank", also=[only])

    assert "OK" in verify(tmp_path, root, bank.issue_client(dns=["a.bank.example"]), "sslclient")
    assert "permitted subtree violation" in verify(
        tmp_path, root, bank.issue_client(dns=["other.example"]), "sslclient"
    )


def test_a_revoked_certificate_is_on_the_next_list(tmp_path):
    root = Authority.create("root")
    good, bad = root.issue_client(cn="good"), root.issue_client(cn="bad")
    root.revoke(bad.certificate)

    assert "OK" in verify(tmp_path, root, good, "sslclient", root.crl())
    assert "certificate revoked" in verify(tmp_path, root, bad, "sslclient", root.crl())


def test_revocation_lists_are_numbered_upwards():
    root = Authority.create("root")

    numbers = [root.crl().extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for _ in range(3)]

    assert numbers == [1, 2, 3]


def test_an_authority_does_not_revoke_what_another_issued():
    with pytest.raises(ValueError, match="its own authority"):
        Authority.create("one").revoke(Authority.create("other").issue_client(cn="a").certificate)


def test_serial_numbers_are_random_and_positive():
    root = Authority.create("root")
    serials = {root.issue_client(cn="a").certificate.serial_number for _ in range(5)}

    assert len(serials) == 5
    assert all(0 < serial < 1 << 159 for serial in serials)


def test_the_clock_decides_when_a_certificate_is_valid():
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    client = Authority.create("root", clock=lambda: moment).issue_client(cn="a", days=2)

    assert client.certificate.not_valid_before_utc == moment - timedelta(minutes=5)
    assert client.certificate.not_valid_after_utc == moment + timedelta(days=2)


def test_a_private_key_is_in_no_repr():
    root = Authority.create("root")

    assert "key" not in repr(root).lower()
    assert "key" not in repr(root.issue_client(cn="a")).lower()

"""Can somebody be an authority, and somebody else its user, with `ostiary certs` alone?"""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.support.commands import Run, runner
from tests.support.pki import openssl

from ostiary.pki.certificate import describe

CA = "/C=UK/ST=England/L=London/O=Any Org/CN=sftofluid-prod-mtls"
JOHN = "/C=UK/ST=England/L=London/O=Any Org/OU=Any Org Engineering/CN=John-Doe"


@pytest.fixture
def certs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    return runner("certs", monkeypatch, capsys)


@pytest.fixture
def signed(certs: Run) -> Run:
    """The flow of the documentation for a user called John: three commands."""
    assert certs("ca", CA).code == 0
    assert certs("request", JOHN, "--name", "johndoe").code == 0
    assert certs("sign", "johndoe.csr", "--days", "730", "--yes").code == 0
    return certs


def certificate(path: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(Path(path).read_bytes())


def mode(path: str) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


def test_three_commands_make_an_authority_and_a_client(signed):
    john, root = certificate("johndoe.crt"), certificate("pki/ca.pem")

    john.verify_directly_issued_by(root)
    assert john.subject.rfc4514_string() == "CN=John-Doe,OU=Any Org Engineering,O=Any Org,L=London,ST=England,C=UK"
    assert isinstance(john.public_key(), ec.EllipticCurvePublicKey)
    assert load_pem_private_key(Path("johndoe.key").read_bytes(), None).public_key() == john.public_key()
    assert (john.not_valid_after_utc - john.not_valid_before_utc).days == 730


def test_private_keys_are_for_the_owner_only(signed):
    assert [mode("johndoe.key"), mode("pki/private/ca.key"), mode("pki/private")] == [0o600, 0o600, 0o700]


def test_rsa_on_request(certs):
    assert certs("ca", CA, "--key", "rsa-4096").code == 0
    assert certs("request", JOHN, "--name", "j", "--key", "rsa-2048").code == 0
    assert certs("sign", "j.csr", "--yes").code == 0

    keys = [certificate(file).public_key() for file in ("pki/ca.pem", "j.crt")]
    assert [isinstance(key, rsa.RSAPublicKey) and key.key_size for key in keys] == [4096, 2048]


@pytest.mark.parametrize("place", ["pki/ca.key", "pki/../pki/ca.key"])
def test_the_authoritys_key_does_not_lie_among_public_files_unless_asked(certs, place):
    refused = certs("ca", CA, "--key-file", place, "--json")

    assert (refused.code, refused.document["error"]["code"]) == (1, "certs.key-beside")
    assert not Path("pki").exists()
    assert certs("ca", CA, "--key-file", place, "--beside").code == 0
    assert mode("pki/ca.key") == 0o600


def test_the_authoritys_key_may_lie_elsewhere(certs):
    assert certs("ca", CA, "--key-file", "vault/ca.key").code == 0
    assert certs("crl").code == 0
    assert not Path("pki/private").exists()


def test_an_authority_below_another_signs_with_its_chain_and_is_revoked_by_the_one_above(certs):
    assert certs("ca", "/CN=Root", "--folder", "root", "--path-length", "1").code == 0
    assert certs("ca", "/CN=Issuing", "--folder", "issuing", "--below", "root", "--days", "1000").code == 0
    certs("request", JOHN, "--name", "j")
    assert certs("sign", "j.csr", "--ca", "issuing", "--yes").code == 0
    done = openssl(
        *(
            "verify",
            "-x509_strict",
            "-purpose",
            "sslclient",
            "-CAfile",
            "root/ca.pem",
            "-untrusted",
            "issuing/chain.pem",
        ),
        "j.crt",
    )

    assert done.stdout == "j.crt: OK\n"
    assert len(x509.load_pem_x509_certificates(Path("j.crt").read_bytes())) == 2
    assert certs("revoke", "issuing/ca.pem", "--ca", "root").code == 0
    (entry,) = x509.load_pem_x509_crl(Path("root/ca.crl").read_bytes())
    assert entry.serial_number == certificate("issuing/ca.pem").serial_number


@pytest.mark.parametrize("path_length", ["0", "1"])
def test_an_authority_that_allows_none_below_it_issues_none(certs, path_length):
    certs("ca", "/CN=Root", "--folder", "root", "--path-length", "0")

    refused = certs(
        "ca", "/CN=x", "--folder", "x", "--below", "root", "--days", "9", "--path-length", path_length, "--json"
    )

    assert refused.code == 1
    assert "allows 0 below it" in refused.document["error"]["message"]
    assert not Path("x").exists()


def test_nothing_is_written_over(signed):
    before = Path("johndoe.key").read_bytes(), Path("pki/private/ca.key").read_bytes()

    assert signed("request", JOHN, "--name", "johndoe").code == 1
    assert signed("ca", CA).code == 1
    assert signed("sign", "johndoe.csr", "--yes").code == 1
    assert before == (Path("johndoe.key").read_bytes(), Path("pki/private/ca.key").read_bytes())


def test_nobody_signs_without_having_seen_the_names(certs):
    certs("ca", CA)
    certs("request", "/CN=admin", "--name", "a", "--uri", "spiffe://any.org/admin")

    refused = certs("sign", "a.csr")

    assert refused.code == 2
    assert "CN=admin" in refused.err
    assert "URI:spiffe://any.org/admin" in refused.err
    assert not Path("a.crt").exists()


def test_the_authority_has_the_last_word_on_names(certs):
    certs("ca", CA)
    certs("request", "/CN=admin", "--name", "a", "--uri", "spiffe://any.org/admin")
    certs("sign", "a.csr", "--yes", "--subject", "/CN=john", "--uri", "spiffe://any.org/john", "--upn", "john@any.org")

    (found,) = certs("inspect", "a.crt", "--json").document

    assert found["subject"] == "CN=john"
    assert found["names"] == ["URI:spiffe://any.org/john", "UPN:john@any.org"]


@pytest.mark.parametrize("which", ["file", "serial", "colons"])
def test_a_revoked_certificate_is_in_the_next_list(signed, which):
    serial = f"{certificate('johndoe.crt').serial_number:040x}"
    colons = ":".join(serial[at : at + 2] for at in range(0, 40, 2))
    name = {"file": "johndoe.crt", "serial": serial, "colons": colons}[which]

    assert signed("revoke", name, "--reason", "keyCompromise").code == 0

    (entry,) = x509.load_pem_x509_crl(Path("pki/ca.crl").read_bytes())
    assert entry.serial_number == int(serial, 16)
    (listed,) = signed("list", "--json").document
    assert (listed["state"], listed["reason"]) == ("revoked", "keyCompromise")


def test_another_authoritys_certificate_is_not_revoked(signed):
    signed("ca", "/CN=other", "--folder", "other")
    signed("sign", "johndoe.csr", "--ca", "other", "--out", "o.crt", "--yes")

    refused = signed("revoke", "o.crt", "--json")

    assert refused.document["error"]["code"] == "certs.not-ours"


def test_crl_publishes_anew(signed):
    assert signed("crl", "--days", "1", "--json").document == {"crl": "pki/ca.crl", "number": 2}


def test_list_names_what_expires_soon_and_says_so_with_its_exit_code(signed):
    assert signed("list", "--within", "30d").code == 0
    soon = signed("list", "--within", "731d", "--json")

    assert (soon.code, [entry["subject"][:11] for entry in soon.document]) == (1, ["CN=John-Doe"])
    assert "CN=John-Doe" in signed("list").out


def test_check_says_when_anybodys_certificates_and_lists_end_and_its_exit_code_whether_that_is_soon(signed):
    good = signed("check", "johndoe.crt", "pki/ca.pem", "--within", "60d")
    soon = signed("check", "johndoe.crt", "pki/ca.pem", "--within", "731d", "--json")
    overdue = signed("check", "pki/ca.crl", "--within", "8d", "--json")
    nothing = signed("check", "johndoe.csr")

    assert (good.code, [line.split()[0] for line in good.out.splitlines()]) == (0, ["good", "good"])
    assert (soon.code, [one["state"] for one in soon.document]) == (1, ["soon", "good"])
    assert soon.document[0]["days"] in (729, 730)
    assert (overdue.code, overdue.document[0]["kind"], overdue.document[0]["state"]) == (1, "revocation list", "soon")
    assert (nothing.code, nothing.out) == (1, "")


def test_inspect_shows_the_thumbprint_that_tokens_are_bound_to(signed):
    (found,) = signed("inspect", "johndoe.crt", "--json").document

    assert found["x5t#S256"] == describe(certificate("johndoe.crt")).thumbprint
    assert found["for"] == ["clients (clientAuth)"]
    assert found["x5t#S256"] in signed("inspect", "johndoe.crt").out


@pytest.mark.parametrize("file", ["johndoe.csr", "pki/ca.crl", "johndoe.key", "pki/ca.pem"])
def test_inspect_reads_every_kind_of_file_and_shows_no_key(signed, file):
    shown = signed("inspect", file)

    assert shown.code == 0
    assert "kind" in shown.out
    assert Path(file).read_text().split("\n")[1] not in shown.out


def test_a_password_is_never_an_argument(certs, monkeypatch):
    refused = certs("ca", CA, "--password", "hunter2")

    assert refused.code == 2
    assert "hunter2" not in refused.out + refused.err
    monkeypatch.setenv("CA_PASSWORD", "hunter2")
    assert certs("ca", CA, "--password", "env:CA_PASSWORD").code == 0
    assert b"ENCRYPTED" in Path("pki/private/ca.key").read_bytes()
    assert certs("crl").code == 1
    assert certs("crl", "--password", "env:CA_PASSWORD").code == 0


def test_a_name_of_nothing_is_no_request(certs):
    ended = certs("sign", "", "--json")
    assert (ended.code, ended.document["error"]["code"]) == (3, "system")


def test_a_file_that_is_not_there_is_something_else_than_a_no(certs):
    assert certs("inspect", "nowhere.pem").code == 3
    assert certs("list").code == 1

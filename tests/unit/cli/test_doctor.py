"""Does `ostiary doctor` say in plain words what is wrong, and which command mends it?"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.commands import Run, runner
from tests.support.pki import root, signed_by_openssl

from ostiary.cli.run import run
from ostiary.model import Secret
from ostiary.pki.authority import Authority
from ostiary.pki.diagnosis.codes import CODES
from ostiary.pki.files import write_certificates, write_crl, write_identity, write_pkcs12


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `ostiary doctor` in a folder with a client, its key, its authority and the authority's list."""
    monkeypatch.chdir(tmp_path)
    john = root().issue_client(cn="john", uris=["spiffe://example.com/john"])
    (tmp_path / "keys").mkdir()
    write_identity(tmp_path / "john.crt", tmp_path / "keys/john.key", john)
    write_certificates(tmp_path / "ca.pem", [root().certificate])
    write_crl(tmp_path / "ca.crl", root().crl())
    return runner("doctor", monkeypatch, capsys)


def test_nothing_is_wrong_with_what_belongs_together(doctor):
    ran = doctor("john.crt", "keys/john.key", "ca.crl")

    assert (ran.code, ran.err) == (0, "")
    assert doctor("john.crt", "keys/john.key", "ca.pem", "ca.crl", "--json").codes == ["D207"]


def test_an_error_has_its_code_its_words_and_its_remedy(doctor, tmp_path):
    write_certificates(tmp_path / "v1.crt", [signed_by_openssl(root(), tmp_path)])

    ran = doctor("v1.crt")

    assert ran.code == 1
    assert "error D101: X.509 v1 has no extensions: nothing says what it is for." in ran.out
    assert "  help: ostiary certs request CN=a --name NAME; ostiary certs sign NAME.csr" in ran.out


def test_compat_puts_up_with_what_the_listener_puts_up_with(doctor, tmp_path):
    assert doctor("v1.pem", "--json").code == 3
    signed_by_openssl(root(), tmp_path)

    assert doctor("o.pem").code == 1
    assert doctor("o.pem", "--profile", "compat").code == 0


def test_groups_can_be_asked_for_and_left_out(doctor, tmp_path):
    signed_by_openssl(root(), tmp_path)

    assert doctor("o.pem", "--only", "chain", "--json").codes == ["D226"]
    assert "D226" not in doctor("o.pem", "--skip", "chain", "--json").codes


def test_a_key_that_others_can_read(doctor, tmp_path):
    (tmp_path / "keys/john.key").chmod(0o644)

    ran = doctor("john.crt", "keys/john.key", "ca.pem")

    assert ran.code == 1
    assert "help: chmod 600 keys/john.key" in ran.out


def test_another_ones_key(doctor, tmp_path):
    write_identity(tmp_path / "o.crt", tmp_path / "keys/o.key", root().issue_client(cn="o"))

    assert "D301" in doctor("john.crt", "keys/o.key", "--json").codes


def test_a_store_is_opened_with_its_password_which_is_never_an_argument(doctor, tmp_path, monkeypatch):
    monkeypatch.setenv("STORE", "open sesame")
    write_pkcs12(tmp_path / "john.p12", root().issue_client(cn="john"), Secret("open sesame"))

    (locked,) = doctor("john.p12", "--json").document
    assert (locked["code"], locked["remedy"]) == ("D501", "give its --password")
    assert doctor("john.p12", "--password", "env:STORE", "--json").codes == ["D503", "D114", "D226"]


def test_a_revoked_certificate(doctor, tmp_path):
    authority = Authority.create("top")
    bad = authority.issue_client(cn="bad")
    authority.revoke(bad.certificate)
    write_certificates(tmp_path / "bad.crt", [bad.certificate])
    write_crl(tmp_path / "bad.crl", authority.crl())

    assert "D408" in doctor("bad.crt", "bad.crl", "--json").codes


def test_what_is_not_there_is_something_else_than_a_no(doctor):
    assert doctor("nowhere.pem").code == 3


@pytest.mark.parametrize("code", CODES)
def test_help_explains_every_code(code, capsys):
    assert run(["help", code.lower()]) == 0
    assert CODES[code].text in capsys.readouterr().out


@pytest.mark.parametrize(
    ("identity", "code", "said"),
    [
        (("none.crt", "keys/john.key"), 3, "error: No such file or directory (none.crt)"),
        (("john.crt", "none.key"), 3, "error: No such file or directory (none.key)"),
        (("ca.pem", "keys/john.key"), 1, "error: it cannot be shown: "),
        (("ca.crl", "keys/john.key"), 1, "error: it cannot be shown: "),
        (("john.crt", "locked.key"), 1, "error: it cannot be shown: "),
    ],
)
def test_a_certificate_that_cannot_be_shown_is_no_fault_of_the_endpoint(doctor, tmp_path, identity, code, said):
    john = root().issue_client(cn="john")
    write_identity(tmp_path / "other.crt", tmp_path / "locked.key", john, Secret("canary-pass"))

    ran = doctor("127.0.0.1:1", "--cert", identity[0], "--key", identity[1])

    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(said)


def test_the_password_opens_the_key_that_is_shown(doctor, tmp_path):
    write_identity(tmp_path / "a.crt", tmp_path / "a.key", root().issue_client(cn="a"), Secret("canary-pass"))
    (tmp_path / "word").write_text("canary-pass")

    ran = doctor("127.0.0.1:1", "--cert", "a.crt", "--key", "a.key", "--password", "file:word")

    assert "D601" in ran.out, "it is asked, and nobody answers"

"""Does an authority in a folder remember what it has issued, and keep its key to itself?"""

from __future__ import annotations

import stat
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from tests.support.pki import openssl

from ostiary.model import Secret
from ostiary.pki.authority import Authority
from ostiary.pki.errors import PkiError
from ostiary.pki.extensions import CLIENT, SERVER
from ostiary.pki.folder import KEY, AuthorityFolder
from ostiary.pki.keys import generate, private_pem
from ostiary.pki.names import general_names
from ostiary.pki.register import Register
from ostiary.pki.request import Wish, make_request, read_request
from ostiary.pki.subject import parse_subject

SUBJECT = parse_subject("/C=UK/O=Any Org/CN=Any CA")


def wish(subject: str = "/O=Any Org/CN=John Doe", *uris: str) -> Wish:
    request = make_request(parse_subject(subject), general_names(uris=uris), generate())
    return read_request(request.public_bytes(Encoding.DER))


@pytest.fixture
def ca(tmp_path) -> AuthorityFolder:
    folder = AuthorityFolder(tmp_path / "pki")
    folder.create(Authority.create(SUBJECT, path_length=0), Register(KEY), crl_days=7)
    return folder


def crl(ca: AuthorityFolder) -> x509.CertificateRevocationList:
    return x509.load_pem_x509_crl(ca.crl.read_bytes())


def extension(certificate: x509.Certificate, kind):
    return certificate.extensions.get_extension_for_class(kind).value


# --- what it issues -----------------------------------------------------------------------------


def test_a_client_certificate_is_v3_and_says_what_it_is_for(ca):
    made = ca.sign(wish("/O=Any Org/CN=John Doe", "spiffe://any.org/john"), days=730)

    assert made.version is x509.Version.v3
    assert list(extension(made, x509.ExtendedKeyUsage)) == [CLIENT]
    assert extension(made, x509.KeyUsage).digital_signature
    assert extension(made, x509.BasicConstraints).ca is False
    assert extension(made, x509.SubjectAlternativeName).get_values_for_type(x509.UniformResourceIdentifier) == [
        "spiffe://any.org/john"
    ]
    assert extension(made, x509.AuthorityKeyIdentifier).key_identifier == (
        extension(ca.root(), x509.SubjectKeyIdentifier).digest
    )
    assert made.subject.rfc4514_string() == "CN=John Doe,O=Any Org"
    assert (made.not_valid_after_utc - datetime.now(UTC)).days in (729, 730)


def test_a_server_certificate_is_none_for_clients(ca):
    assert list(extension(ca.sign(wish(), days=1, purpose="server"), x509.ExtendedKeyUsage)) == [SERVER]


def test_openssl_is_strict_and_content(ca, tmp_path):
    made = ca.sign(wish(), days=30)
    (tmp_path / "a.crt").write_bytes(made.public_bytes(Encoding.PEM))

    def verified() -> str:
        files = ("-CAfile", str(ca.certificate), "-CRLfile", str(ca.crl))
        done = openssl("verify", "-x509_strict", "-purpose", "sslclient", "-crl_check", *files, "a.crt", cwd=tmp_path)
        return done.stdout + done.stderr

    assert verified().strip() == "a.crt: OK"
    ca.revoke(made.serial_number, "keyCompromise", crl_days=7)
    assert "certificate revoked" in verified()


def test_the_authorities_names_take_the_place_of_those_asked_for(ca):
    made = ca.sign(wish("admin"), days=1, subject=parse_subject("john"), names=general_names(uris=["spiffe://a/b"]))

    assert made.subject.rfc4514_string() == "CN=john"
    assert ca.register().entries[made.serial_number].names == ("URI:spiffe://a/b",)


def test_where_revocation_is_published_is_written_into_every_certificate(tmp_path):
    folder = AuthorityFolder(tmp_path / "pki")
    register = Register(KEY, "http://crl.example/ca.crl", "http://ocsp.example/")
    folder.create(Authority.create(SUBJECT), register, crl_days=7)

    made = folder.sign(wish(), days=1)

    (point,) = extension(made, x509.CRLDistributionPoints)
    assert point.full_name == [x509.UniformResourceIdentifier("http://crl.example/ca.crl")]
    (access,) = extension(made, x509.AuthorityInformationAccess)
    assert access.access_location.value == "http://ocsp.example/"


def test_a_certificate_does_not_outlive_its_authority(ca):
    with pytest.raises(PkiError, match="outlive"):
        ca.sign(wish(), days=4000)


# --- what it remembers --------------------------------------------------------------------------


def test_the_register_survives(ca):
    made = ca.sign(wish(), days=1)
    again = AuthorityFolder(ca.path).register()

    assert again == ca.register()
    assert again.entries[made.serial_number].subject == "CN=John Doe,O=Any Org"
    assert Register.from_json(again.as_json()) == again


def test_the_first_revocation_list_is_there_at_once_and_empty(ca):
    assert list(crl(ca)) == []
    assert crl(ca).is_signature_valid(ca.root().public_key())


def test_a_revoked_certificate_stands_in_every_list_from_then_on(ca):
    made = ca.sign(wish(), days=1)
    ca.revoke(made.serial_number, "superseded", crl_days=7)
    first = crl(ca)
    ca.publish(days=3)

    (entry,) = crl(ca)
    assert entry.serial_number == made.serial_number
    assert extension_of(entry) is x509.ReasonFlags.superseded
    numbers = [one.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for one in (first, crl(ca))]
    assert numbers == [2, 3]


def extension_of(entry: x509.RevokedCertificate) -> x509.ReasonFlags:
    return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason


def test_to_revoke_twice_keeps_the_first_date_and_reason(tmp_path):
    moments = iter(datetime.now(UTC) + timedelta(hours=hour) for hour in range(50))
    folder = AuthorityFolder(tmp_path / "pki", clock=lambda: next(moments))
    folder.create(Authority.create(SUBJECT), Register(KEY), crl_days=7)
    made = folder.sign(wish(), days=20)
    once = folder.revoke(made.serial_number, "keyCompromise", crl_days=7).entries[made.serial_number]

    assert folder.revoke(made.serial_number, "superseded", crl_days=7).entries[made.serial_number] == once


def test_what_it_has_not_issued_it_does_not_revoke(ca):
    with pytest.raises(PkiError, match="was not issued here"):
        ca.revoke(1, "unspecified", crl_days=7)


def test_states(ca):
    made = ca.sign(wish(), days=1)
    entry, now = ca.register().entries[made.serial_number], datetime.now(UTC).timestamp()

    assert entry.state(now) == "valid"
    assert entry.state(now + 2 * 86400) == "expired"
    assert ca.revoke(entry.serial, "unspecified", crl_days=1).entries[entry.serial].state(now) == "revoked"


def test_those_who_come_at_once_wait_for_each_other(ca):
    wishes = [wish(f"/CN=user {number}") for number in range(8)]
    threads = [threading.Thread(target=ca.sign, args=(one,), kwargs={"days": 1}) for one in wishes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(ca.register().entries) == 8


# --- its key ------------------------------------------------------------------------------------


def test_the_key_is_for_the_owner_only_and_not_among_the_public_files(ca):
    key = ca.path / KEY

    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert [b"PRIVATE KEY" in file.read_bytes() for file in ca.path.iterdir() if file.is_file()] == [False] * 3


def test_the_key_may_have_a_password(tmp_path):
    folder = AuthorityFolder(tmp_path / "pki", Secret("open sesame"))
    folder.create(Authority.create(SUBJECT), Register(KEY), crl_days=7)

    with pytest.raises(TypeError):
        load_pem_private_key((folder.path / KEY).read_bytes(), None)
    assert folder.sign(wish(), days=1).version is x509.Version.v3
    with pytest.raises(PkiError, match="is encrypted"):
        AuthorityFolder(folder.path).sign(wish(), days=1)
    with pytest.raises(PkiError, match="this password opens"):
        AuthorityFolder(folder.path, Secret("wrong")).sign(wish(), days=1)


def test_an_authority_is_never_written_over(ca):
    before = (ca.path / KEY).read_bytes()

    with pytest.raises(PkiError, match="is there already"):
        ca.create(Authority.create("other"), Register(KEY), crl_days=7)
    assert (ca.path / KEY).read_bytes() == before


def test_another_ones_key_is_noticed(ca):
    (ca.path / KEY).write_bytes(private_pem(generate()))

    with pytest.raises(PkiError, match="is not the key of"):
        ca.publish(days=1)


# --- what is wrong ------------------------------------------------------------------------------


def test_a_folder_without_an_authority(tmp_path):
    with pytest.raises(PkiError, match="there is no authority"):
        AuthorityFolder(tmp_path).publish(days=1)
    with pytest.raises(PkiError, match="there is no folder"):
        AuthorityFolder(tmp_path / "nowhere").publish(days=1)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', '{"version": 1, "entries": [{}], "key": "k"}'])
def test_a_damaged_register_stops_everything(ca, text):
    (ca.path / "register.json").write_text(text)

    with pytest.raises(PkiError, match="register"):
        ca.sign(wish(), days=1)


def test_renewing_with_the_same_key_and_name_keeps_what_was_issued(ca, tmp_path):
    old = ca.sign(wish(), days=30)
    key = load_pem_private_key((ca.path / KEY).read_bytes(), None)
    renewed = Authority.create(SUBJECT, key=key)

    old.verify_directly_issued_by(renewed.certificate)

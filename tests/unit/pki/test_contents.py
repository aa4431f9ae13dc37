"""Is what a file holds found, whatever form it has?"""

from __future__ import annotations

import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.support.pki import root

from ostiary.model import Secret
from ostiary.pki.contents import read_contents
from ostiary.pki.errors import PkiError
from ostiary.pki.files import chain_pem, pem, pkcs12_bytes
from ostiary.pki.keys import generate, private_pem
from ostiary.pki.request import make_request
from ostiary.pki.subject import parse_subject

PASSWORD = Secret("open sesame")
ISSUING = root().intermediate("issuing")
JOHN = ISSUING.issue_client(cn="john", key="rsa-2048")


def test_pem_with_everything_in_it():
    request = make_request(parse_subject("a"), [], generate())
    data = (
        chain_pem(JOHN)
        + private_pem(JOHN.key)
        + root().crl().public_bytes(Encoding.PEM)
        + request.public_bytes(Encoding.PEM)
    )

    found = read_contents(b"comment\n" + data)

    assert found.form == "PEM"
    assert found.certificates == (JOHN.certificate, ISSUING.certificate)
    assert (len(found.keys), len(found.crls), len(found.requests), found.broken) == (1, 1, 1, ())


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (JOHN.certificate.public_bytes(Encoding.DER), "certificates"),
        (root().crl().public_bytes(Encoding.DER), "crls"),
        (make_request(parse_subject("a"), [], generate()).public_bytes(Encoding.DER), "requests"),
        (JOHN.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), "keys"),
    ],
    ids=["certificate", "crl", "request", "key"],
)
def test_der(data, kind):
    found = read_contents(data)

    assert found.form == "DER"
    assert len(getattr(found, kind)) == 1


def test_an_encrypted_key_is_locked_until_its_password_comes():
    data = private_pem(JOHN.key, PASSWORD)

    assert read_contents(data).locked == 1
    assert read_contents(data, Secret("wrong")).locked == 1
    assert len(read_contents(data, PASSWORD).keys) == 1


def test_pkcs12_needs_its_password():
    data = pkcs12_bytes(JOHN, PASSWORD)

    found = read_contents(data, PASSWORD)

    assert (found.form, found.certificates, len(found.keys)) == ("PKCS#12", (JOHN.certificate, ISSUING.certificate), 1)
    for wrong in (None, Secret("wrong")):
        with pytest.raises(PkiError, match="PKCS#12"):
            read_contents(data, wrong)


def test_what_is_cut_off_or_not_to_be_read_is_named():
    certificate = pem([JOHN.certificate])

    assert read_contents(certificate + certificate[:100]).broken == ("a block that is cut off",)
    assert read_contents(certificate.replace(b"\nMII", b"\nAAA")).broken == ("CERTIFICATE",)


@pytest.mark.parametrize(
    "data", [b"", b"  \n", b"hello", b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce\x00", b"\x30\x03\x02\x01\x00"]
)
def test_what_holds_nothing_of_the_kind_is_refused(data):
    with pytest.raises(PkiError):
        read_contents(data, PASSWORD)


# --- Java's own format, made by Java's own tool ------------------------------------------------


@pytest.fixture(scope="module")
def java_store(tmp_path_factory) -> bytes:
    """A JKS file with a key and its chain, and one trusted certificate."""
    keytool = shutil.which("keytool")
    if keytool is None:
        pytest.skip("keytool is not installed")
    folder = tmp_path_factory.mktemp("jks")
    (folder / "john.p12").write_bytes(pkcs12_bytes(JOHN, PASSWORD, "john"))
    (folder / "root.pem").write_bytes(pem([root().certificate]))
    words = ("-storepass", "open sesame", "-noprompt")
    calls = [
        (
            *("-importkeystore", "-srckeystore", "john.p12", "-srcstoretype", "PKCS12", "-srcstorepass", "open sesame"),
            *("-destkeystore", "s.jks", "-deststoretype", "JKS", "-deststorepass", "open sesame", "-noprompt"),
        ),
        ("-importcert", "-alias", "root", "-file", "root.pem", "-keystore", "s.jks", "-storetype", "JKS", *words),
    ]
    for call in calls:
        done = subprocess.run([keytool, *call], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return (folder / "s.jks").read_bytes()


@pytest.mark.integration
def test_jks_by_keytool_is_read(java_store):
    found = read_contents(java_store, PASSWORD)

    assert found.form == "JKS"
    assert set(found.certificates) == {JOHN.certificate, ISSUING.certificate, root().certificate}
    (key,) = found.keys
    assert key.public_key() == JOHN.certificate.public_key()


@pytest.mark.integration
def test_jks_without_a_password_shows_certificates_and_keeps_the_key(java_store):
    found = read_contents(java_store)

    assert (len(found.certificates), found.keys, found.locked) == (3, (), 1)


@pytest.mark.integration
@pytest.mark.parametrize("place", [10, 200, -1])
def test_jks_that_was_changed_is_refused(java_store, place):
    changed = bytearray(java_store)
    changed[place] ^= 1

    with pytest.raises(PkiError, match="changed, or this is not its password"):
        read_contents(bytes(changed), PASSWORD)
    with pytest.raises(PkiError, match="changed, or this is not its password"):
        read_contents(java_store, Secret("wrong"))


@pytest.mark.integration
def test_jks_that_is_cut_off_anywhere_never_ends_in_a_crash(java_store):
    for size in range(4, len(java_store), 97):
        with pytest.raises(PkiError):
            read_contents(java_store[:size])

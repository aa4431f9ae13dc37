"""Which keys can be brought along, and which are refused?"""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from tests.support.jks import jks
from tests.support.pki import root

from ostiary.keys.errors import KeyRefused
from ostiary.keys.material import make, read_material
from ostiary.model import Secret
from ostiary.pki.authority import Identity
from ostiary.pki.files import chain_pem, pkcs12_bytes
from ostiary.pki.keys import private_pem

PASSWORD = Secret("changeit")
OTHER = Secret("canary-another-password")


@pytest.fixture(scope="module")
def identity() -> Identity:
    return root().intermediate("Below").issue_client(cn="gateway")


@pytest.mark.parametrize("kind", ["ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "ed25519"])
def test_a_key_in_pem_is_read(kind):
    made = make(kind)
    assert read_material(private_pem(made.private), None).public == made.public


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_an_encrypted_key_is_opened_with_its_password(form):
    made = make("ec-p256")
    data = made.private.private_bytes(Encoding.PEM, form, BestAvailableEncryption(PASSWORD.reveal()))
    assert read_material(data, PASSWORD).public == made.public


def test_the_chain_comes_from_the_same_file_or_from_another(identity):
    key, chain = private_pem(identity.key), chain_pem(identity)
    beside, inside = read_material(key, None, chain), read_material(key + chain, None)
    assert beside.certificates == inside.certificates == (identity.certificate, *identity.chain)


@pytest.mark.parametrize("store", ["pkcs12", "jks"])
def test_a_store_gives_key_and_chain_without_the_root(identity, store):
    data = pkcs12_bytes(identity, PASSWORD) if store == "pkcs12" else jks(identity, "changeit")
    found = read_material(data, PASSWORD)
    assert found.public == identity.key.public_key()
    assert found.certificates == (identity.certificate, *identity.chain)


@pytest.mark.parametrize("store", ["pem", "pkcs12", "jks"])
@pytest.mark.parametrize("password", [OTHER, None], ids=["wrong", "missing"])
def test_without_the_right_password_nothing_is_opened_and_none_is_told(identity, store, password):
    data = {
        "pem": private_pem(identity.key, PASSWORD),
        "pkcs12": pkcs12_bytes(identity, PASSWORD),
        "jks": jks(identity, "changeit"),
    }[store]
    with pytest.raises(KeyRefused) as caught:
        read_material(data, password)
    assert "canary" not in str(caught.value)


def test_a_password_for_a_key_that_has_none_is_refused():
    with pytest.raises(KeyRefused, match="not encrypted"):
        read_material(private_pem(make("ec-p256").private), PASSWORD)


def test_a_certificate_of_another_key_is_refused(identity):
    with pytest.raises(KeyRefused, match="not a pair"):
        read_material(private_pem(make("ec-p256").private), None, chain_pem(identity))


def test_a_mismatched_pair_in_a_store_is_refused(identity):
    other = make("ec-p256").private
    data = jks(Identity(identity.certificate, other, identity.chain), "changeit")
    with pytest.raises(KeyRefused, match="not a pair"):
        read_material(data, PASSWORD)


def test_a_store_without_a_key_is_refused(identity):
    data = pkcs12.serialize_key_and_certificates(
        None, None, None, [identity.certificate], BestAvailableEncryption(b"changeit")
    )
    with pytest.raises(KeyRefused, match="no private key"):
        read_material(data, PASSWORD)


@pytest.mark.parametrize(
    "key",
    [rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP521R1())],
    ids=["rsa-1024", "p-521"],
)
def test_keys_of_other_kinds_and_sizes_are_refused(key):
    with pytest.raises(KeyRefused):
        read_material(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), None)


@pytest.mark.parametrize(
    "data", [b"", b"\x30", b"\x30\x82", b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce", b"words", bytes(64)]
)
def test_what_is_no_key_is_refused(data):
    with pytest.raises(KeyRefused):
        read_material(data, PASSWORD)


def test_a_key_does_not_print():
    assert "private" not in repr(make("ec-p256"))

"""In which forms may an issuer publish its keys, and what of them is judged?"""

from __future__ import annotations

import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.support.certificates import certificate_of, public_pem
from tests.support.tokens import Signer, key_set

from ostiary.jwks.formats import Form
from ostiary.jwks.keyset import KeySet

ALLOWED = frozenset(("RS256", "ES256", "ES384", "ES512", "EdDSA"))
RSA, EC = Signer("rsa", "RS256"), Signer("ec")


def read(document: str, form: Form = "any") -> KeySet:
    return KeySet.read(document.encode(), ALLOWED, form, time.time())


def dropped(document: str) -> list[str]:
    with_a_good_one = document + "\n" + public_pem(EC)
    return [drop.why for drop in read(with_a_good_one).dropped]


def test_a_map_of_certificates_gives_each_key_its_id() -> None:
    keys = read(json.dumps({"a1": certificate_of(RSA), "b2": certificate_of(EC)}), "certificates")
    assert {key.kid for key in keys.keys} == {"a1", "b2"}
    found = keys.find("a1", "RS256")
    assert found is not None
    assert found.public.public_numbers() == RSA.private.public_key().public_numbers()  # type: ignore[union-attr]


def test_one_bad_certificate_of_a_map_takes_no_other_with_it() -> None:
    keys = read(json.dumps({"good": certificate_of(RSA), "old": certificate_of(EC, days=1, started=-9), "x": "junk"}))
    assert {key.kid for key in keys.keys} == {"good"}
    assert [(drop.kid, drop.why) for drop in keys.dropped] == [
        ("old", "its certificate has expired"),
        ("x", "it cannot be read"),
    ]


def test_a_certificate_of_tomorrow_counts_tomorrow() -> None:
    assert dropped(certificate_of(RSA, started=1)) == ["its certificate is not valid yet"]


def test_a_weak_key_in_a_certificate_is_as_weak_as_anywhere() -> None:
    (why,) = dropped(certificate_of(Signer("weak", "RS256", bits=1024)))
    assert "1024 bits" in why


@pytest.mark.parametrize("alg", ["RS256", "ES256", "ES384", "ES512", "EdDSA"])
def test_public_keys_and_certificates_in_pem_verify_whatever_id_a_token_names(alg: str) -> None:
    signer = Signer(None, alg)
    for document in (public_pem(signer), certificate_of(signer)):
        keys = read(document)
        for kid in (None, "anything"):
            key = keys.find(kid, alg)
            assert key is not None
            assert key.kid is None


def test_ed448_in_pem_is_read_too() -> None:
    assert read(public_pem(Signer(None, "EdDSA", bits=448))).find(None, "EdDSA")


def test_two_keys_of_one_algorithm_in_pem_are_ambiguous_and_verify_nothing() -> None:
    keys = read(public_pem(EC) + public_pem(Signer("other")) + public_pem(RSA))
    assert keys.find("ec", "ES256") is None
    assert keys.find("ec", "RS256") is not None


def test_pem_with_a_private_key_is_a_mistake_that_is_named() -> None:
    private = EC.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert dropped(private) == ["it is a private key, so it is no longer secret"]


def test_a_curve_that_no_algorithm_has_is_left_out() -> None:
    odd = ec.generate_private_key(ec.SECP256K1()).public_key()
    pem = odd.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert dropped(pem) == ["it cannot be read"]


@pytest.mark.parametrize(
    ("document", "form"),
    [
        (certificate_of(EC), "jwks"),  # a place for key sets
        (json.dumps({"a": certificate_of(EC)}), "jwks"),
        (key_set(EC).decode(), "certificates"),  # a place for certificates
        ("-----BEGIN CERTIFICATE-----\nnonsense", "any"),
        ("", "any"),
        ("{}", "any"),
        ("{}", "certificates"),
        ('{"a": 5}', "certificates"),
    ],
)
def test_what_does_not_belong_in_a_place_is_refused_there(document: str, form: Form) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - one exception for what is no key set
        read(document, form)


def test_a_file_may_be_any_of_them() -> None:
    for document in (key_set(EC).decode(), certificate_of(EC), public_pem(EC), json.dumps({"ec": certificate_of(EC)})):
        assert read(document).find("ec", "ES256")

"""Which chains does a listener accept, beyond what OpenSSL says of them?"""

from __future__ import annotations

import ssl
import warnings

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from tests.support.handshake import client_context, peer_of, server_tls
from tests.support.pki import expired, later, odd_client, root, signed_by_openssl, signed_with_sha1

from ostiary.errors import InvalidCertificate
from ostiary.listener.profile import check_chain, check_leaf
from ostiary.pki import extensions
from ostiary.pki.authority import Authority, common_name
from ostiary.pki.certificate import parse
from ostiary.reasons import Reason

ANY = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
LEAF = (x509.BasicConstraints(ca=False, path_length=None), True)
USAGE = extensions.key_usage(digital_signature=True)
CLIENT = (x509.ExtendedKeyUsage([extensions.CLIENT]), False)

BOTH = pytest.mark.parametrize("profile", ["strict", "compat"])


def _usage(**said: bool) -> tuple[x509.KeyUsage, bool]:
    bits = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    bits += ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{bit: said.get(bit, False) for bit in bits}), True


def verdict(folder, identity, profile: str = "strict", *authorities, **client) -> str:
    """What becomes of a client: accepted, or by whom it is refused, and why."""
    tls = server_tls(folder, *(authorities or (root(),)), profile=profile, **client)
    try:
        peer_of(tls, client_context(identity, folder))
    except ssl.SSLCertVerificationError as error:
        return f"openssl: {error.verify_message}"
    except InvalidCertificate as error:
        return f"profile: {error.detail}" if error.reason is Reason.CERTIFICATE_UNSUITABLE else str(error.reason)
    return "accepted"


@BOTH
@pytest.mark.parametrize("key", ["ec-p256", "ec-p384", "rsa-2048", "ed25519"])
def test_a_client_certificate_as_it_should_be_is_accepted(tmp_path, profile, key):
    assert verdict(tmp_path, root().issue_client(cn="a", key=key), profile) == "accepted"


@pytest.mark.attack(58)
def test_a_certificate_without_extended_key_usage_is_accepted_by_compat_only(tmp_path):
    identity = odd_client(root(), [LEAF, USAGE])

    assert "no extendedKeyUsage" in verdict(tmp_path, identity, "strict")
    assert verdict(tmp_path, identity, "compat") == "accepted"


@pytest.mark.attack(58)
@BOTH
@pytest.mark.parametrize("purpose", [ANY, extensions.SERVER, ExtendedKeyUsageOID.CODE_SIGNING])
def test_a_certificate_for_another_purpose_is_refused_in_the_handshake(tmp_path, profile, purpose):
    identity = odd_client(root(), [LEAF, USAGE, (x509.ExtendedKeyUsage([purpose]), False)])

    assert "purpose" in verdict(tmp_path, identity, profile)
    assert verdict(tmp_path, identity, profile).startswith("openssl")


@BOTH
@pytest.mark.parametrize("purpose", [ANY, extensions.SERVER])
def test_another_purpose_is_refused_even_if_openssl_should_accept_it(profile, purpose):
    leaf = odd_client(root(), [LEAF, USAGE, (x509.ExtendedKeyUsage([purpose]), False)]).certificate

    with pytest.raises(InvalidCertificate, match="clientAuth"):
        check_leaf(leaf, profile=profile)


@BOTH
def test_a_certificate_for_client_and_server_is_accepted(tmp_path, profile):
    identity = odd_client(root(), [LEAF, USAGE, (x509.ExtendedKeyUsage([extensions.SERVER, extensions.CLIENT]), False)])

    assert verdict(tmp_path, identity, profile) == "accepted"


@pytest.mark.attack(58)
@BOTH
def test_an_authority_is_not_a_client(tmp_path, profile):
    identity = odd_client(
        root(),
        [
            (x509.BasicConstraints(ca=True, path_length=0), True),
            _usage(digital_signature=True, key_cert_sign=True),
            CLIENT,
        ],
    )

    assert verdict(tmp_path, identity, profile) == "profile: an authority is not a client"


@BOTH
def test_a_key_that_is_not_for_signatures_is_refused(tmp_path, profile):
    identity = odd_client(root(), [LEAF, _usage(key_agreement=True), CLIENT])

    assert verdict(tmp_path, identity, profile) == "profile: keyUsage lacks digitalSignature"


@pytest.mark.attack(58)
@BOTH
def test_an_expired_certificate_is_refused(tmp_path, profile):
    assert verdict(tmp_path, expired(root()), profile) == "openssl: certificate has expired"


@pytest.mark.attack(58)
@BOTH
def test_a_certificate_that_is_not_valid_yet_is_refused(tmp_path, profile):
    assert verdict(tmp_path, later(root()), profile) == "openssl: certificate is not yet valid"


@pytest.mark.attack(58)
@BOTH
def test_an_rsa_key_of_1024_bits_is_refused(tmp_path, profile):
    identity = odd_client(root(), [LEAF, USAGE, CLIENT], key=rsa.generate_private_key(65537, 1024))

    assert "key too weak" in verdict(tmp_path, identity, profile)
    with pytest.raises(InvalidCertificate, match="too weak"):
        check_chain([identity.certificate, root().certificate], profile=profile, depth=4)


@BOTH
def test_an_elliptic_curve_below_p_256_is_refused(tmp_path, profile):
    identity = odd_client(root(), [LEAF, USAGE, CLIENT], key=ec.generate_private_key(ec.SECP224R1()))

    with pytest.raises(InvalidCertificate, match="too weak"):
        check_chain([identity.certificate, root().certificate], profile=profile, depth=4)


@BOTH
def test_a_signature_over_sha_1_is_refused(tmp_path, profile):
    certificate = signed_with_sha1(root(), tmp_path)

    with pytest.raises(InvalidCertificate, match="sha1"):
        check_chain([certificate, root().certificate], profile=profile, depth=4)


@pytest.mark.attack(58)
@BOTH
def test_a_chain_longer_than_the_depth_is_refused(tmp_path, profile):
    issuing = root().intermediate("one", path_length=1).intermediate("two")
    identity = issuing.issue_client(cn="a")

    assert verdict(tmp_path, identity, profile, depth=3) == "accepted"
    assert verdict(tmp_path, identity, profile, depth=2) == "profile: 3 authorities above the leaf, 2 allowed"


@pytest.mark.attack(58)
@BOTH
def test_a_name_that_its_authority_may_not_give_is_refused(tmp_path, profile):
    only = (x509.NameConstraints([x509.UniformResourceIdentifier("bank.example")], None), True)
    bank = root().intermediate("bank", also=[only])

    assert verdict(tmp_path, bank.issue_client(uris=["spiffe://bank.example/a"]), profile) == "accepted"
    assert "permitted subtree" in verdict(tmp_path, bank.issue_client(uris=["spiffe://other.example/a"]), profile)


@BOTH
def test_an_authority_below_one_that_may_have_none_is_refused(tmp_path, profile):
    below = root().intermediate("one", path_length=0).intermediate("two")

    assert "path length" in verdict(tmp_path, below.issue_client(cn="a"), profile)


@BOTH
def test_a_leaf_does_not_issue(tmp_path, profile):
    parent = root().issue_client(cn="leaf")
    child = Authority(parent.certificate, parent.key, chain=(parent.certificate,)).issue_client(cn="child")

    assert verdict(tmp_path, child, profile).startswith("openssl: invalid CA certificate")


@BOTH
def test_an_unknown_critical_extension_is_refused(tmp_path, profile):
    unknown = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00"), True)

    assert (
        verdict(tmp_path, odd_client(root(), [LEAF, USAGE, CLIENT, unknown]), profile)
        == "openssl: unhandled critical extension"
    )


@BOTH
def test_a_name_that_does_not_print_is_refused(tmp_path, profile):
    identity = odd_client(root(), [LEAF, USAGE, CLIENT], subject=common_name("admin\x00.evil"))

    assert "does not print" in verdict(tmp_path, identity, profile)


def test_a_serial_number_that_is_not_positive_is_refused_by_strict():
    issued = (root().issue_client(cn="a").certificate for _ in range(100))
    certificate = next(one for one in issued if one.serial_number.bit_length() % 8)  # no octet of padding before it
    raw = certificate.public_bytes(Encoding.DER)
    serial = certificate.serial_number.to_bytes(20, "big").lstrip(b"\0")
    negative = bytes([serial[0] | 0x80]) + serial[1:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        changed = parse(raw.replace(serial, negative, 1))
        assert changed.serial_number < 0

        with pytest.raises(InvalidCertificate, match="serial"):
            check_leaf(changed, profile="strict")


def test_an_intermediate_may_be_trusted_without_its_root(tmp_path):
    bank, other = root().intermediate("bank"), root().intermediate("other")

    assert verdict(tmp_path, bank.issue_client(cn="a"), "strict", bank) == "accepted"
    assert verdict(tmp_path, other.issue_client(cn="a"), "strict", bank).startswith("openssl")
    assert verdict(tmp_path, root().issue_client(cn="a"), "strict", bank).startswith("openssl")


@pytest.mark.attack(58)
def test_a_leaf_of_x_509_v1_is_refused_by_strict_with_the_remedy(tmp_path):
    leaf = signed_by_openssl(root(), tmp_path)
    if leaf.version is not x509.Version.v1:
        pytest.skip("this openssl makes v3 where older ones make v1")

    with pytest.raises(InvalidCertificate, match=r"X\.509 v1.*issue it as v3, or use profile: compat"):
        check_leaf(leaf, profile="strict")
    check_leaf(leaf, profile="compat")

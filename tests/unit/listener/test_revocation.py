"""When is a client certificate known to be revoked, and when is it not known?"""

from __future__ import annotations

import ssl
import time
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.handshake import client_context, peer_of, server_tls
from tests.support.pki import NOW, Files

from ostiary.errors import ConfigError, InvalidCertificate
from ostiary.pki.authority import Authority, Identity, common_name, sign
from ostiary.pki.keys import generate
from ostiary.reasons import Reason

BOTH = pytest.mark.parametrize("mode", ["hard", "soft"])


def listener(folder, *authorities: Authority, crls, mode: str = "hard", **how):
    files = Files(folder)
    references = tuple(files.crl(crl, name=f"{number}.crl") for number, crl in enumerate(crls))
    return server_tls(folder, *authorities, revocation={"crls": references, "mode": mode}, **how)


def verdict(folder, tls, identity: Identity) -> str:
    """What becomes of a client: accepted, refused in the handshake, or refused by us."""
    try:
        peer_of(tls, client_context(identity, folder))
    except ssl.SSLCertVerificationError as error:
        return f"openssl: {error.verify_message}"
    except InvalidCertificate as error:
        return str(error.reason)
    return "accepted"


@pytest.fixture
def authority() -> Authority:
    return Authority.create("root")


@BOTH
def test_a_certificate_on_no_list_is_accepted(tmp_path, authority, mode):
    authority.revoke(authority.issue_client(cn="bad").certificate)
    tls = listener(tmp_path, authority, crls=[authority.crl()], mode=mode)

    assert verdict(tmp_path, tls, authority.issue_client(cn="good")) == "accepted"


@pytest.mark.attack(58)
@pytest.mark.parametrize(("mode", "by"), [("hard", "openssl: certificate revoked"), ("soft", "certificate.revoked")])
def test_a_revoked_leaf_is_refused(tmp_path, authority, mode, by):
    bad = authority.issue_client(cn="bad")
    authority.revoke(bad.certificate)

    assert verdict(tmp_path, listener(tmp_path, authority, crls=[authority.crl()], mode=mode), bad) == by


@pytest.mark.attack(58)
@pytest.mark.parametrize(("mode", "by"), [("hard", "openssl: certificate revoked"), ("soft", "certificate.revoked")])
def test_a_leaf_of_a_revoked_authority_is_refused(tmp_path, authority, mode, by):
    bad = authority.intermediate("bad")
    authority.revoke(bad.certificate)
    tls = listener(tmp_path, authority, bad, crls=[authority.crl(), bad.crl()], mode=mode)

    assert verdict(tmp_path, tls, bad.issue_client(cn="a")) == by


@pytest.mark.parametrize(("mode", "by"), [("hard", "openssl: certificate revoked"), ("soft", "certificate.revoked")])
def test_a_leaf_revoked_by_its_intermediate_is_refused(tmp_path, authority, mode, by):
    issuing = authority.intermediate("issuing")
    good, bad = issuing.issue_client(cn="good"), issuing.issue_client(cn="bad")
    issuing.revoke(bad.certificate)
    tls = listener(tmp_path, authority, issuing, crls=[authority.crl(), issuing.crl()], mode=mode)

    assert verdict(tmp_path, tls, good) == "accepted"
    assert verdict(tmp_path, tls, bad) == by


@pytest.mark.parametrize(("mode", "by"), [("hard", "openssl: certificate revoked"), ("soft", "certificate.revoked")])
def test_revocation_holds_where_an_intermediate_is_trusted_without_its_root(tmp_path, authority, mode, by):
    issuing = authority.intermediate("issuing")
    good, bad = issuing.issue_client(cn="good"), issuing.issue_client(cn="bad")
    issuing.revoke(bad.certificate)
    tls = listener(tmp_path, issuing, crls=[issuing.crl()], mode=mode)

    assert verdict(tmp_path, tls, good) == "accepted"
    assert verdict(tmp_path, tls, bad) == by


def test_an_intermediate_without_a_list_is_refused_by_hard_and_accepted_by_soft(tmp_path, authority):
    unlisted = authority.intermediate("unlisted").issue_client(cn="a")
    crls = [authority.crl()]

    assert verdict(tmp_path, listener(tmp_path, authority, crls=crls), unlisted).startswith(
        "openssl: unable to get cert"
    )
    assert verdict(tmp_path, listener(tmp_path, authority, crls=crls, mode="soft"), unlisted) == "accepted"


def test_the_same_serial_number_of_another_authority_is_not_revoked(tmp_path, authority):
    other = Authority.create("root")  # of the same name, with another key
    bad = authority.issue_client(cn="bad")
    other._revoked[bad.certificate.serial_number] = NOW
    tls = listener(tmp_path, authority, other, crls=[authority.crl(), other.crl()], mode="soft")

    assert verdict(tmp_path, tls, bad) == "accepted"


def test_soft_still_refuses_what_an_overdue_list_names(tmp_path, authority):
    bad, good = authority.issue_client(cn="bad"), authority.issue_client(cn="good")
    authority.revoke(bad.certificate)
    old = authority.crl(start=NOW - timedelta(days=9), days=1)
    tls = listener(tmp_path, authority, crls=[old], mode="soft")

    assert verdict(tmp_path, tls, bad) == "certificate.revoked"
    assert verdict(tmp_path, tls, good) == "accepted"


def test_a_list_that_becomes_overdue_while_the_gateway_runs_is_not_relied_on_any_more(tmp_path, authority):
    now = [time.time()]
    tls = listener(tmp_path, authority, crls=[authority.crl(days=1)], clock=lambda: now[0])
    client = authority.issue_client(cn="a")
    assert verdict(tmp_path, tls, client) == "accepted"

    now[0] += 2 * 86400

    assert verdict(tmp_path, tls, client) == str(Reason.CERTIFICATE_REVOCATION_UNKNOWN)


@BOTH
def test_two_lists_of_one_authority_hold_together(tmp_path, authority, mode):
    one, other = authority.issue_client(cn="one"), authority.issue_client(cn="other")
    authority.revoke(one.certificate)
    first = authority.crl()
    authority._revoked.clear()
    authority.revoke(other.certificate)
    tls = listener(tmp_path, authority, crls=[first, authority.crl()], mode=mode)

    assert verdict(tmp_path, tls, one) != "accepted"
    assert verdict(tmp_path, tls, other) != "accepted"


@BOTH
def test_a_list_may_be_der_as_well(tmp_path, authority, mode):
    bad = authority.issue_client(cn="bad")
    authority.revoke(bad.certificate)
    (tmp_path / "der.crl").write_bytes(authority.crl().public_bytes(Encoding.DER))
    tls = server_tls(tmp_path, authority, revocation={"crls": ("file:der.crl",), "mode": mode})

    assert verdict(tmp_path, tls, bad) != "accepted"


@BOTH
def test_several_lists_may_stand_in_one_file(tmp_path, authority, mode):
    issuing = authority.intermediate("issuing")
    bad = issuing.issue_client(cn="bad")
    issuing.revoke(bad.certificate)
    both = authority.crl().public_bytes(Encoding.PEM) + issuing.crl().public_bytes(Encoding.PEM)
    (tmp_path / "both.crl").write_bytes(both)
    tls = server_tls(tmp_path, authority, issuing, revocation={"crls": ("file:both.crl",), "mode": mode})

    assert verdict(tmp_path, tls, bad) != "accepted"


@BOTH
def test_a_list_that_is_cut_off_behind_a_good_one_stops_the_start(tmp_path, authority, mode):
    good = authority.crl().public_bytes(Encoding.PEM)
    (tmp_path / "cut.crl").write_bytes(good + good[:200])

    with pytest.raises(ConfigError, match="cut off"):
        server_tls(tmp_path, authority, revocation={"crls": ("file:cut.crl",), "mode": mode})


# --- what stops the start -----------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("content", "why"), [(None, "No such file"), (b"", "empty"), (b"junk", "no revocation list in it")]
)
def test_a_list_that_is_missing_or_unreadable_stops_the_start(tmp_path, authority, mode, content, why):
    if content is not None:
        (tmp_path / "ca.crl").write_bytes(content)

    with pytest.raises(ConfigError, match=f"file:ca.crl: .*{why}"):
        server_tls(tmp_path, authority, revocation={"crls": ("file:ca.crl",), "mode": mode})


@BOTH
def test_a_list_signed_by_nobody_we_trust_stops_the_start(tmp_path, authority, mode):
    stranger = Authority.create("root")

    with pytest.raises(ConfigError, match=r"0\.crl: the revocation list of 'CN=root' is not signed by one of"):
        listener(tmp_path, authority, crls=[stranger.crl()], mode=mode)


@BOTH
def test_a_list_whose_signature_is_broken_stops_the_start(tmp_path, authority, mode):
    raw = bytearray(authority.crl().public_bytes(Encoding.DER))
    raw[-1] ^= 1
    (tmp_path / "broken.crl").write_bytes(raw)

    with pytest.raises(ConfigError, match="not signed by"):
        server_tls(tmp_path, authority, revocation={"crls": ("file:broken.crl",), "mode": mode})


@BOTH
def test_a_list_of_an_authority_that_may_not_sign_lists_stops_the_start(tmp_path, mode):
    key, name = generate(), common_name("plain")
    bits = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"), False)
    bits |= dict.fromkeys(("key_agreement", "crl_sign", "encipher_only", "decipher_only"), False)
    marks = [
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (x509.KeyUsage(key_cert_sign=True, **bits), True),
    ]
    certificate = sign(name, key.public_key(), name, key, marks, NOW, NOW + timedelta(days=9))
    authority = Authority(certificate, key)

    with pytest.raises(ConfigError, match="not signed by"):
        listener(tmp_path, authority, crls=[authority.crl()], mode=mode)


@pytest.mark.parametrize(("begin", "days", "why"), [(-9, 1, "was due to be replaced"), (1, 9, "begins at")])
def test_a_list_that_is_not_current_stops_the_start_in_hard_mode_only(tmp_path, authority, begin, days, why):
    crl = authority.crl(start=NOW + timedelta(days=begin), days=days)

    with pytest.raises(ConfigError, match=why):
        listener(tmp_path, authority, crls=[crl])
    assert listener(tmp_path, authority, crls=[crl], mode="soft")


def test_an_authority_without_a_list_stops_the_start_in_hard_mode_only(tmp_path, authority):
    other = Authority.create("other")

    with pytest.raises(ConfigError, match="no list of 'CN=other'"):
        listener(tmp_path, authority, other, crls=[authority.crl()])
    assert listener(tmp_path, authority, other, crls=[authority.crl()], mode="soft")


@BOTH
@pytest.mark.parametrize(
    "extension",
    [
        x509.DeltaCRLIndicator(1),  # without a number of its own
        x509.IssuingDistributionPoint(None, None, False, True, None, False, False),
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00"),
    ],
    ids=["delta", "authorities only", "unknown"],
)
def test_a_list_that_is_not_complete_stops_the_start(tmp_path, authority, mode, extension):
    builder = x509.CertificateRevocationListBuilder(authority.certificate.subject, NOW, NOW + timedelta(days=1))
    crl = builder.add_extension(extension, critical=True).sign(authority.key, hashes.SHA256())

    with pytest.raises(ConfigError, match="and this one is"):
        listener(tmp_path, authority, crls=[crl], mode=mode)

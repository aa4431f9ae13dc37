"""Which answers about a certificate are worth anything?"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st
from tests.support.pki import odd_client

from ostiary.pki import extensions
from ostiary.pki.authority import Authority, Identity
from ostiary.pki.ocsp import NotAnswered, question, responder_of, verdict

NOW = datetime.now(UTC).replace(microsecond=0)
CA = Authority.create("CA")
JOHN = CA.issue_client(cn="john")
STRANGER = Authority.create("CA")
OTHER = CA.issue_client(cn="other")
SIGNING = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)
DELEGATE = odd_client(CA, [extensions.key_usage(digital_signature=True), SIGNING])


def answer(
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    *,
    about: x509.Certificate = JOHN.certificate,
    issuer: x509.Certificate = CA.certificate,
    by: Identity | None = None,
    days: tuple[float, float | None] = (-1, 1),
) -> bytes:
    begin, end = NOW + timedelta(days=days[0]), None if days[1] is None else NOW + timedelta(days=days[1])
    revoked = NOW - timedelta(hours=1) if status is ocsp.OCSPCertStatus.REVOKED else None
    signer = by or Identity(CA.certificate, CA.key)
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(about, issuer, hashes.SHA1(), status, begin, end, revoked, None)
        .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
    )
    if by is not None:
        builder = builder.certificates([by.certificate])
    return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8)
    return bytes([tag]) + (size if len(content) < 128 else bytes([0x80 + len(size)]) + size) + content


def over_sha_1(whole: bytes) -> bytes:
    """The same answer, signed by the same key over SHA-1, which no library does any more."""
    said = ocsp.load_der_ocsp_response(whole).tbs_response_bytes
    key = CA.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signature = der(0x03, b"\0", key.sign(said, ec.ECDSA(hashes.SHA1())))
    basic = der(0x30, said, der(0x30, bytes.fromhex("06072a8648ce3d0401")), signature)
    kind = bytes.fromhex("06092b0601050507300101")
    return der(0x30, b"\x0a\x01\x00", der(0xA0, der(0x30, kind, der(0x04, basic))))


def judged(octets: bytes):
    return verdict(octets, JOHN.certificate, CA.certificate, NOW.timestamp())


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (ocsp.OCSPCertStatus.GOOD, "good"),
        (ocsp.OCSPCertStatus.REVOKED, "revoked"),
        (ocsp.OCSPCertStatus.UNKNOWN, "unknown"),
    ],
)
def test_what_the_authority_says_counts(status, state):
    found = judged(answer(status))

    assert (found.state, round(found.until - NOW.timestamp())) == (state, 86400)


def test_an_answer_may_leave_its_end_open():
    assert judged(answer(days=(-0.04, None))).until is None


@pytest.mark.attack(58)
@pytest.mark.parametrize("status", [ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.UNKNOWN])
def test_but_then_it_must_be_a_new_one_or_it_could_be_shown_for_ever(status):
    with pytest.raises(NotAnswered):
        judged(answer(status, days=(-0.05, None)))


def test_what_was_revoked_stays_revoked_where_no_end_is_named():
    assert judged(answer(ocsp.OCSPCertStatus.REVOKED, days=(-300, None))).state == "revoked"


def test_one_whom_the_authority_has_made_its_responder_may_answer():
    assert judged(answer(by=DELEGATE)).state == "good"


@pytest.mark.parametrize(
    "octets",
    [
        answer(about=OTHER.certificate),
        answer(issuer=Authority.create("CA").certificate),
        answer(by=Identity(STRANGER.certificate, STRANGER.key)),
        answer(by=OTHER),
        answer(by=odd_client(Authority.create("CA"), [SIGNING])),
        answer(days=(-3, -1)),
        over_sha_1(answer()),
        answer(days=(1, 2)),
        ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER),
        b"",
        b"hello",
    ],
    ids=[
        *(
            "another certificate",
            "another issuer",
            "a stranger",
            "a client",
            "another's delegate",
            "old",
            "SHA-1",
            "early",
        ),
        *("try later", "empty", "text"),
    ],
)
def test_everything_else_is_no_answer(octets):
    with pytest.raises(NotAnswered):
        judged(octets)


@given(place=st.integers(0, 10_000), octet=st.integers(1, 255))
def test_a_changed_answer_never_says_something_else(place, octet):
    changed = bytearray(answer(ocsp.OCSPCertStatus.REVOKED))
    changed[place % len(changed)] ^= octet
    with suppress(NotAnswered):
        assert judged(bytes(changed)).state == "revoked"


def test_the_question_names_certificate_and_issuer():
    asked = ocsp.load_der_ocsp_request(question(JOHN.certificate, CA.certificate))

    assert asked.serial_number == JOHN.certificate.serial_number


def test_the_responder_is_the_one_that_the_certificate_names():
    named = odd_client(CA, extensions.published("http://crl.example/ca.crl", "http://ocsp.example/"))

    assert responder_of(named.certificate) == "http://ocsp.example/"
    assert responder_of(JOHN.certificate) is None

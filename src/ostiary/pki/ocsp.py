"""Questions to an OCSP responder, and what its answers are worth (RFC 6960). Pure: octets in, a verdict out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

State: TypeAlias = Literal["good", "revoked", "unknown"]

ASK: Final = "application/ocsp-request"
_SKEW: Final = 300.0
"""Seconds by which a responder's clock may be ahead of ours."""

_OPEN: Final = 3600.0
"""Seconds for which an answer without an end is a new one: who leaves it out says that he always knows more (RFC 6960,
section 4.2.2.1), and whoever has kept such an answer from before a revocation must not be able to show it for ever."""

_STATES: Final[dict[ocsp.OCSPCertStatus, State]] = {
    ocsp.OCSPCertStatus.GOOD: "good",
    ocsp.OCSPCertStatus.REVOKED: "revoked",
    ocsp.OCSPCertStatus.UNKNOWN: "unknown",
}


class NotAnswered(Exception):
    """An answer that proves nothing. The text says why, for the log."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a responder says of a certificate.

    Attributes:
        state: good, revoked, or unknown to it.
        until: how long that holds, seconds since the epoch; None when it does not say.
    """

    state: State
    until: float | None


def responder_of(certificate: x509.Certificate) -> str | None:
    """Return the responder that a certificate names (RFC 5280, section 4.2.2.1), or None."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return None
    for one in access:
        place = one.access_location
        if one.access_method == AuthorityInformationAccessOID.OCSP and isinstance(
            place, x509.UniformResourceIdentifier
        ):
            return place.value
    return None


def question(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """Return the question whether a certificate is revoked, as DER.

    SHA-1 only names the issuer here, as every responder understands (RFC 5019, section 2.1.1).
    """
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303 - see above
    return builder.build().public_bytes(Encoding.DER)


def verdict(answer: bytes, certificate: x509.Certificate, issuer: x509.Certificate, now: float) -> Verdict:
    """Return what an answer says.

    Args:
        answer: as received.
        certificate: what was asked about.
        issuer: who issued it.
        now: seconds since the epoch.

    Raises:
        NotAnswered: it is about something else, not signed by who may, out of date, or no answer at all.
    """
    try:
        response = ocsp.load_der_ocsp_response(answer)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise NotAnswered(f"the responder says {response.response_status.name.lower()}")
        single = _about(response, certificate, issuer)
        _check_signature(response, issuer, now)
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as error:
        raise NotAnswered(f"not an answer that can be believed ({type(error).__name__})") from None
    state = _STATES[single.certificate_status]
    begin = single.this_update_utc.timestamp()
    until = None if single.next_update_utc is None else single.next_update_utc.timestamp()
    latest = begin + _OPEN if until is None and state != "revoked" else until
    if begin > now + _SKEW or (latest is not None and latest < now):
        raise NotAnswered("an answer of another time")
    return Verdict(state, until)


def _about(
    response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> ocsp.OCSPSingleResponse:
    """Return the part of an answer that is about a certificate, told by serial, issuer's name and issuer's key."""
    for single in response.responses:
        asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, single.hash_algorithm).build()
        told = (single.serial_number, single.issuer_name_hash, single.issuer_key_hash)
        if told == (asked.serial_number, asked.issuer_name_hash, asked.issuer_key_hash):
            return single
    raise NotAnswered("an answer about another certificate")


def _check_signature(response: ocsp.OCSPResponse, issuer: x509.Certificate, now: float) -> None:
    """Return when the issuer has signed, or one whom it has made its responder (RFC 6960, section 4.2.2.2).

    Raises:
        NotAnswered: neither has.
    """
    delegates = [one for one in response.certificates if one != issuer and _delegate(one, issuer, now)]
    for signer in (issuer, *delegates):
        if _signed(response, signer):
            return
    raise NotAnswered("signed by nobody who may answer for that authority")


def _delegate(certificate: x509.Certificate, issuer: x509.Certificate, now: float) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound):
        return False
    begin, end = certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()
    return ExtendedKeyUsageOID.OCSP_SIGNING in usage and begin <= now <= end


def _signed(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, digest = signer.public_key(), response.signature_hash_algorithm
    signature, signed = response.signature, response.tbs_response_bytes
    if isinstance(digest, hashes.SHA1 | hashes.MD5):
        return False
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and digest is not None:
            key.verify(signature, signed, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey) and digest is not None:
            key.verify(signature, signed, padding.PKCS1v15(), digest)
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        else:
            return False
    except InvalidSignature:
        return False
    return True

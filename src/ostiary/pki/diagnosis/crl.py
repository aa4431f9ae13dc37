"""Can a revocation list be relied on, and whom does it name (RFC 5280, section 5)?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from ostiary.config.crls import incomplete
from ostiary.pki.diagnosis.finding import Finding, authority_anew, called, extension

_SOON = timedelta(days=1)
_PUBLISH = "ostiary certs crl --ca FOLDER"


def crl(one: x509.CertificateRevocationList, known: Sequence[x509.Certificate], now: datetime) -> Iterator[Finding]:
    """Look at a revocation list.

    Args:
        one: it.
        known: certificates of authorities; whether it is signed is judged when its issuer is among them.
        now: the time, aware of its zone.
    """
    about = f"the list of {one.issuer.rfc4514_string()}"
    yield from _current(one, about, now)
    authorities = [authority for authority in known if authority.subject == one.issuer]
    if authorities and not any(signed(one, authority) for authority in authorities):
        yield Finding("D404", about, _PUBLISH)
    for authority in authorities:
        usage = extension(authority, x509.KeyUsage)
        if usage is not None and not usage.value.crl_sign:
            yield Finding("D409", called(authority), authority_anew(authority))
    yield from _kind(one, about)


def revoked(certificate: x509.Certificate, lists: Sequence[x509.CertificateRevocationList]) -> Iterator[Finding]:
    """Look whether a certificate is named by one of its authority's lists."""
    for one in lists:
        entry = one.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is not None and one.issuer == certificate.issuer:
            since = f"since {entry.revocation_date_utc:%Y-%m-%d %H:%M} UTC"
            yield Finding("D408", called(certificate), "have a new one issued, with a new key", since)


def _current(one: x509.CertificateRevocationList, about: str, now: datetime) -> Iterator[Finding]:
    due = one.next_update_utc
    if one.last_update_utc > now:
        begin = f"at {one.last_update_utc:%Y-%m-%d %H:%M} UTC"
        yield Finding("D403", about, "compare `date -u` here and at the authority", begin)
    elif due is None:
        yield Finding("D402", about, _PUBLISH)
    elif due < now:
        yield Finding("D401", about, _PUBLISH, f"since {due:%Y-%m-%d %H:%M} UTC")
    elif due - now < _SOON:
        yield Finding("D406", about, _PUBLISH, f"by {due:%Y-%m-%d %H:%M} UTC")


def _kind(one: x509.CertificateRevocationList, about: str) -> Iterator[Finding]:
    kinds = {type(found.value) for found in one.extensions}
    if (what := incomplete(one)) is not None:
        yield Finding("D405", about, "configure the authority to publish complete lists", f"it is {what}")
    if x509.CRLNumber not in kinds:
        yield Finding("D407", about, _PUBLISH)


def signed(one: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    """Whether an authority's key has signed a revocation list."""
    try:
        return one.is_signature_valid(authority.public_key())  # type: ignore[arg-type]  # other keys raise TypeError
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False

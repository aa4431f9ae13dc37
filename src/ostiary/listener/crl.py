"""One certificate revocation list (RFC 5280, section 5): read it, and see whether it may be relied on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import structlog
from cryptography import x509

from ostiary.config.crls import incomplete
from ostiary.config.values import FileRef
from ostiary.errors import ConfigError
from ostiary.listener.profile import extension

_log = structlog.get_logger("ostiary.listener")

_BEGIN: Final = b"-----BEGIN X509 CRL-----"
_PEM: Final = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)


def parse(reference: FileRef, data: bytes) -> Iterator[x509.CertificateRevocationList]:
    """Yield the lists in a file: any number as PEM, or one as DER.

    Raises:
        ConfigError: there is none in it, or one is cut off.
    """
    blocks = _PEM.findall(data)
    if len(blocks) != data.count(_BEGIN):
        raise ConfigError(f"{reference}: a revocation list in it is cut off")
    try:
        if blocks:
            yield from [x509.load_pem_x509_crl(block) for block in blocks]
        else:
            yield x509.load_der_x509_crl(data)
    except ValueError:
        raise ConfigError(f"{reference}: no revocation list in it, neither PEM nor DER") from None


def issuer_of(
    reference: FileRef, crl: x509.CertificateRevocationList, authorities: Sequence[x509.Certificate]
) -> x509.Certificate:
    """Return the authority that signed a list which we understand.

    Raises:
        ConfigError: the list is not understood, or none of the authorities signed it.
    """
    what = incomplete(crl)
    if what is not None:
        raise ConfigError(f"{reference}: complete revocation lists and deltas are understood, and this one is {what}")
    for authority in authorities:
        if authority.subject == crl.issuer and _signed(crl, authority):
            return authority
    by = repr(crl.issuer.rfc4514_string())
    raise ConfigError(f"{reference}: the revocation list of {by} is not signed by one of tls.client.authorities")


def _signed(crl: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    usage = extension(authority, x509.KeyUsage)
    if usage is not None and not usage.crl_sign:
        return False
    try:
        return crl.is_signature_valid(authority.public_key())  # type: ignore[arg-type]  # other keys raise TypeError
    except TypeError:
        return False


def check_current(reference: FileRef, crl: x509.CertificateRevocationList, *, hard: bool, now: datetime) -> None:
    """Return when a list is current; when it is not, say so in the log.

    Raises:
        ConfigError: it is not, in hard mode.
    """
    due = crl.next_update_utc
    if crl.last_update_utc <= now and due is not None and now <= due:
        return
    state = "names no next update" if due is None else f"was due to be replaced at {due.isoformat()}"
    state = f"begins at {crl.last_update_utc.isoformat()}" if crl.last_update_utc > now else state
    if hard:
        raise ConfigError(f"{reference}: the revocation list {state}; fetch the authority's current one")
    _log.warning("revocation list is not current", file=str(reference), state=state)

"""Revocation lists (RFC 5280, section 5).

`hard` wants a current list of every authority in the chain below the trust anchor; OpenSSL checks it
within the handshake, and we check it again, because we can say why. `soft` accepts an authority whose
list is missing or overdue, but never a certificate that any of its lists names, however old: that it
was revoked once is known.

Only lists that the authority itself has signed are understood: complete ones, and deltas beside them. Others are
refused at the start rather than half understood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ostiary.config.crls import delta_of
from ostiary.config.schema import RevocationSpec
from ostiary.errors import ConfigError, InvalidCertificate
from ostiary.listener.authorities import name_of
from ostiary.listener.crl import check_current, issuer_of, parse
from ostiary.listener.fetched import FetchedLists
from ostiary.listener.revoked import Revoked, Signer, joined, signer, together
from ostiary.pki.references import read
from ostiary.reasons import Reason


@dataclass(frozen=True, slots=True)
class Revocation:
    """What is known of revoked certificates.

    Attributes:
        hard: whether an authority without a current list is refused.
        lists: what each authority's lists say.
        pem: the lists themselves, for OpenSSL.
        fetched: lists that come by URL while the gateway runs, or None.
    """

    hard: bool
    lists: Mapping[Signer, Revoked]
    pem: bytes
    fetched: FetchedLists | None = None

    def check(self, chain: Sequence[x509.Certificate], now: float) -> None:
        """Return when no certificate of a chain, leaf first, is known to be revoked.

        Raises:
            InvalidCertificate: one is, or `hard` is asked for and it cannot be known.
        """
        for certificate, issuer in pairwise(chain):
            self._check_one(certificate, issuer, now)

    def _check_one(self, certificate: x509.Certificate, issuer: x509.Certificate, now: float) -> None:
        said = self._said(signer(issuer))
        if said is not None and certificate.serial_number in said.serials:
            detail = f"serial {certificate.serial_number:x} is revoked by {name_of(issuer)}"
            raise InvalidCertificate(detail, reason=Reason.CERTIFICATE_REVOKED)
        if self.hard and (said is None or not said.covers(certificate, now)):
            detail = f"no current revocation list of {name_of(issuer)}"
            raise InvalidCertificate(detail, reason=Reason.CERTIFICATE_REVOCATION_UNKNOWN)

    def _said(self, issuer: Signer) -> Revoked | None:
        """Return what the lists of an authority say: those from files, and those that were fetched."""
        return together((self.lists.get(issuer), None if self.fetched is None else self.fetched.lists.get(issuer)))

    def covers(self, certificate: x509.Certificate, issuer: Signer, now: float) -> bool:
        """Whether a current list would name a certificate if its issuer had revoked it."""
        said = self._said(issuer)
        return said is not None and said.covers(certificate, now)

    def inherit(self, previous: Revocation) -> None:
        """Keep the lists that a configuration before has fetched."""
        if self.fetched is not None and previous.fetched is not None:
            self.fetched.inherit(previous.fetched)


def load_revocation(
    spec: RevocationSpec, authorities: Sequence[x509.Certificate], folder: Path, now: datetime
) -> Revocation:
    """Return what the configured lists say.

    Raises:
        ConfigError: a list cannot be read, is not signed by one of the authorities, or is of a kind that is not
            understood; or, in hard mode, one is overdue or missing.
    """
    hard = spec.mode == "hard" and spec.distribution_points is None  # else `Points` looks whether something is missing
    lists: dict[Signer, Revoked] = {}
    written: list[bytes] = []
    for reference in spec.crls:
        for crl in parse(reference, read(reference, folder)):
            issuer = issuer_of(reference, crl, authorities)
            check_current(reference, crl, hard=hard, now=now)
            lists[signer(issuer)] = joined(lists.get(signer(issuer)), crl)
            if delta_of(crl) is None:  # which OpenSSL knows nothing of
                written.append(crl.public_bytes(Encoding.PEM))
    if hard and not spec.urls:
        _check_complete(lists, authorities, now)
    fetched = FetchedLists(spec.urls, authorities, spec.refresh, spec.timeout) if spec.urls else None
    return Revocation(hard, lists, b"".join(written), fetched)


def _check_complete(lists: Mapping[Signer, Revoked], authorities: Sequence[x509.Certificate], now: datetime) -> None:
    for authority in authorities:
        if authority.not_valid_after_utc < now:
            continue
        said = lists.get(signer(authority))
        if said is not None and said.deltas and not (said.until or any(said.parts.values())):
            detail = f"a delta of {name_of(authority)} builds on a complete list that is not among crls"
            raise ConfigError(f"tls.client.revocation: {detail}")
        if said is None:
            raise ConfigError(
                f"tls.client.revocation: no list of {name_of(authority)} among crls, so none of its certificates "
                "could be accepted; add it, or use mode: soft"
            )

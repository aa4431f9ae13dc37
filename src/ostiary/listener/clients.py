"""What OpenSSL has verified -> a certificate of the model, or a refusal.

A chain is judged once and remembered, because the same clients come again; what depends on the time
(dates, revocation lists) is asked for every connection.

Sessions are why the memory is more than a convenience. TLS 1.3 sends no tickets here, but in TLS 1.2
OpenSSL resumes sessions by their id, Python cannot forbid it, and then nothing is verified again: there is
no chain to look at. Such a connection is given what was found in the full handshake, at today's time;
if that is not remembered, it is refused. We remember as many clients as OpenSSL remembers sessions.

After a reload, connections that live are asked again, with what the new files say: who was revoked, or
whose authority is no longer trusted, gets no further. They are known by what was remembered before.
"""

from __future__ import annotations

import _ssl
import hashlib
import ssl
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from cachetools import LRUCache
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ostiary.errors import InvalidCertificate
from ostiary.listener.profile import Profile, check_chain
from ostiary.listener.revocation import Revocation
from ostiary.listener.revoked import Signer, signer
from ostiary.listener.tally import Soonest
from ostiary.model import Certificate
from ostiary.pki.certificate import describe, parse, unsuitable, validity
from ostiary.reasons import Reason

_SESSIONS: Final = 20 * 1024  # SSL_SESSION_CACHE_MAX_SIZE_DEFAULT


@dataclass(frozen=True, slots=True)
class Judged:
    """A chain that was found good.

    Attributes:
        digest: SHA-256 of all its certificates: another chain is judged anew.
        certificate: what the leaf says.
        chain: the certificates, leaf first, trust anchor last.
        until: when the first of them expires, seconds since the epoch.
    """

    digest: bytes
    certificate: Certificate
    chain: tuple[x509.Certificate, ...]
    until: float


@dataclass(frozen=True, slots=True)
class ClientCertificates:
    """The demands of a listener on client certificates.

    Attributes:
        profile: strict or compat.
        depth: how many authorities may stand above the leaf.
        revocation: what is known of revoked certificates, or None when nobody asks.
        clock: seconds since the epoch.
        authorities: the trust anchors: one of them must be in every chain.
        required: whether there is no connection without a certificate.
        soonest: those whose certificate ends first.
    """

    profile: Profile
    depth: int
    revocation: Revocation | None
    clock: Callable[[], float] = time.time
    authorities: frozenset[Signer] = frozenset()
    required: bool = False
    soonest: Soonest = field(default_factory=Soonest, init=False, repr=False)
    _judged: LRUCache[bytes, Judged] = field(default_factory=lambda: LRUCache(_SESSIONS), init=False, repr=False)
    _before: LRUCache[bytes, Judged] = field(default_factory=lambda: LRUCache(_SESSIONS), init=False, repr=False)

    def inherit(self, previous: ClientCertificates) -> None:
        """Know the chains that the listener of the configuration before knew; each is judged anew."""
        for known in (previous._before, previous._judged):
            self._before.update(known)
        if self.revocation is not None and previous.revocation is not None:
            self.revocation.inherit(previous.revocation)

    def of(self, ssl_object: ssl.SSLObject) -> Certificate | None:
        """Return the certificate of a connection whose handshake is done, or None when there is none.

        Raises:
            InvalidCertificate: there is one, and it proves nobody.
        """
        leaf = ssl_object.getpeercert(binary_form=True)
        if leaf is None:
            if self.required:
                raise InvalidCertificate("none was asked for before", reason=Reason.CERTIFICATE_MISSING)
            return None
        judged = self._judge(leaf, verified_chain(ssl_object))
        now = self.clock()
        validity(judged.certificate, now)
        if now > judged.until:
            raise InvalidCertificate("an authority of the chain has expired", reason=Reason.CERTIFICATE_EXPIRED)
        if self.revocation is not None:
            self.revocation.check(judged.chain, now)
        return judged.certificate

    def _judge(self, leaf: bytes, ders: Sequence[bytes]) -> Judged:
        known = self._judged.get(leaf)
        if not ders:
            if known is not None:
                return known
            ders = self._chain_before(leaf)
        digest = hashlib.sha256(b"".join(ders)).digest()
        if known is not None and known.digest == digest:
            return known
        if ders[0] != leaf:
            raise unsuitable("the verified chain is not that of the certificate")
        judged = self._judged[leaf] = self._found_good(digest, ders)
        return judged

    def _chain_before(self, leaf: bytes) -> Sequence[bytes]:
        before = self._before.get(leaf)
        if before is None:
            raise unsuitable("a resumed session, of which no verified chain is known")
        return [certificate.public_bytes(Encoding.DER) for certificate in before.chain]

    def _found_good(self, digest: bytes, ders: Sequence[bytes]) -> Judged:
        chain = tuple(parse(der) for der in ders)
        check_chain(chain, profile=self.profile, depth=self.depth)
        if self.authorities.isdisjoint(signer(authority) for authority in chain[1:]):
            raise InvalidCertificate("no trusted authority above it", reason=Reason.CERTIFICATE_UNTRUSTED)
        until = min(certificate.not_valid_after_utc.timestamp() for certificate in chain)
        certificate = replace(describe(chain[0]), chain=tuple(ders[1:]))
        self.soonest.note(certificate.subject, certificate.not_after, self.clock())
        return Judged(digest, certificate, chain, until)


def verified_chain(ssl_object: ssl.SSLObject) -> Sequence[bytes]:
    """Return the chain that OpenSSL verified, leaf first, as DER; empty on a resumed session.

    It is public from Python 3.13 on; 3.11 and 3.12 have it one level deeper.
    """
    if sys.version_info >= (3, 13):
        return ssl_object.get_verified_chain()
    chain = ssl_object._sslobj.get_verified_chain() or ()  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    return [certificate.public_bytes(_ssl.ENCODING_DER) for certificate in chain]

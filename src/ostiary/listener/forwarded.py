"""The caller's certificate, as a proxy in front tells it.

    who is the proxy?  ->  what does its header show?  ->  is it a certificate that we would have let in?

The header of anybody but the proxy means nothing, and goes no further. The proxy's own certificate is never the
caller's. What the proxy shows is verified as in a handshake: chain, dates, purpose, revocation; only that the caller
holds the key is the proxy's word. A header that cannot be read is a refusal, and never "no certificate".
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import Final

import structlog
from cachetools import LRUCache
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ostiary.config.schema import ClientSpec, ForwardedSpec
from ostiary.errors import BadRequest, InvalidCertificate
from ostiary.listener.authorities import load_authorities
from ostiary.listener.local import LocalPeers, compile_local
from ostiary.listener.profile import Profile, check_chain
from ostiary.listener.revocation import Revocation, load_revocation
from ostiary.listener.tally import Soonest
from ostiary.model import Certificate, Headers, Peer, fold
from ostiary.pki.certificate import describe, parse, validity
from ostiary.pki.condition import Condition, condition
from ostiary.pki.dialect import DIALECTS, NotUnderstood, Shown, Style
from ostiary.pki.path import build
from ostiary.reasons import Reason

_log = structlog.get_logger("ostiary.listener")

_REMEMBERED: Final = 4096
_QUIET: Final = 60.0
"""Seconds between two lines of the log about a proxy whose configuration is wrong."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """Who the proxies are.

    Attributes:
        networks: their addresses; empty for any.
        conditions: what the names of their own certificate must be; empty for none asked.
        local: their processes, on a unix socket; None where that is not asked.
    """

    networks: tuple[IPv4Network | IPv6Network, ...]
    conditions: tuple[Condition, ...]
    local: LocalPeers | None = None

    def covers(self, peer: Peer) -> bool:
        """Whether the other end of a connection is one of them."""
        if self.networks and not self._near(peer.address):
            return False
        if self.local is not None and not self.local.covers(peer.local):
            return False
        if not self.conditions:
            return True
        certificate = peer.certificate
        try:
            return certificate is not None and all(one.holds(certificate) for one in self.conditions)
        except InvalidCertificate:  # a name that is there twice: that is not the proxy
            return False

    def _near(self, address: str) -> bool:
        try:
            found: IPv4Address | IPv6Address = ip_address(address)
        except ValueError:
            return False
        if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        return any(found in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class Judged:
    """A certificate that was told, and found good; dates and revocation are asked with every request.

    Attributes:
        certificate: what the leaf says.
        chain: leaf first, trust anchor last.
        since, until: when all of them are valid, seconds since the epoch.
    """

    certificate: Certificate
    chain: tuple[x509.Certificate, ...]
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Forwarded:
    """Takes the caller's certificate from a header.

    Attributes:
        trusted: who may tell it.
        style: the proxy's dialect.
        header, chain_header: its headers, in lower case; no chain header, or None.
        required: whether every request needs a certificate.
        anchors: our authorities.
        profile, depth, revocation: as for certificates that are shown in a handshake.
        clock: seconds since the epoch.
        soonest: the callers whose certificate ends first.
    """

    trusted: Trusted
    style: Style
    header: bytes
    chain_header: bytes | None
    required: bool
    anchors: tuple[x509.Certificate, ...]
    profile: Profile
    depth: int
    revocation: Revocation | None
    clock: Callable[[], float] = time.time
    soonest: Soonest = field(default_factory=Soonest, init=False, repr=False)
    _judged: LRUCache[bytes, Judged] = field(default_factory=lambda: LRUCache(_REMEMBERED), init=False, repr=False)
    _told: list[float] = field(default_factory=lambda: [0.0], init=False, repr=False)

    def proxy(self, peer: Peer) -> Peer:
        """Return the other end of a connection; of a proxy without the name that it asked for in TLS.

        That one is the gateway's own. The hosts of a proxy's requests are those that its callers ask for, so that
        they are not compared with it (RFC 9110, section 7.4).
        """
        return replace(peer, server_name=None) if self.trusted.covers(peer) else peer

    def peer(self, peer: Peer, headers: Headers) -> Peer:
        """Return who the caller is, seen past the proxy. The header goes no further, whoever wrote it.

        Args:
            peer: the other end of the connection.
            headers: of the request; the certificate is taken out.

        Raises:
            BadRequest: the proxy's header is there twice, or in another spelling.
            InvalidCertificate: what it shows proves nobody, or nothing is shown where a certificate is required.
        """
        if not self.trusted.covers(peer):
            self._strip(headers)
            return peer
        self._check_spelling(headers)
        value = headers.only(fold(self.header))
        chain = None if self.chain_header is None or value is None else _joined(headers.all(fold(self.chain_header)))
        self._strip(headers)
        return replace(peer, certificate=self._certificate(value, chain))

    def told(self, value: bytes | None) -> Certificate | None:
        """Return the caller's certificate, as somebody tells it who was found to be the proxy, apart from other fields.

        Args:
            value: in the dialect, or None when nothing is said.

        Raises:
            InvalidCertificate: it proves nobody, or nothing is said where a certificate is required.
        """
        return self._certificate(value, None)

    def inherit(self, previous: Forwarded) -> None:
        """Keep the revocation lists that a configuration before has fetched."""
        if self.revocation is not None and previous.revocation is not None:
            self.revocation.inherit(previous.revocation)

    def _check_spelling(self, headers: Headers) -> None:
        """Refuse the header in another spelling: the proxy replaces its own, and lets `X_Cert` of a caller pass."""
        names = self._names
        for name, folded, _ in headers.fields:
            if folded in names and name.lower() not in (self.header, self.chain_header):
                detail = f"{name.decode('latin-1')} is another spelling of {self.header.decode()}"
                raise BadRequest(detail, reason=Reason.REQUEST_AMBIGUOUS)

    @property
    def _names(self) -> tuple[bytes, ...]:
        return tuple(fold(name) for name in (self.header, self.chain_header) if name is not None)

    def _strip(self, headers: Headers) -> None:
        gone = self._names
        if any(name in gone for _, name, _ in headers.fields):
            headers.fields = [one for one in headers.fields if one[1] not in gone]

    def _certificate(self, value: bytes | None, chain: bytes | None) -> Certificate | None:
        if value is None or value in self.style.absent:
            if self.required:
                raise InvalidCertificate("the proxy tells of none", reason=Reason.CERTIFICATE_MISSING)
            return None
        judged = self._known(value, chain)
        now = self.clock()
        validity(judged.certificate, now)
        if now > judged.until:
            raise InvalidCertificate("an authority of the chain has expired", reason=Reason.CERTIFICATE_EXPIRED)
        if now < judged.since:
            detail = "an authority of the chain is not valid yet"
            raise InvalidCertificate(detail, reason=Reason.CERTIFICATE_NOT_YET_VALID)
        if self.revocation is not None:
            self.revocation.check(judged.chain, now)
        return judged.certificate

    def _known(self, value: bytes, chain: bytes | None) -> Judged:
        """Return what was found of a header. It is the octets that are remembered: the same ones mean the same."""
        digest = hashlib.sha256(b"%d:%b%b" % (len(value), value, chain or b"")).digest()
        known = self._judged.get(digest)
        if known is None:
            known = self._judged[digest] = self._judge(self._read(value, chain))
        return known

    def _read(self, value: bytes, chain: bytes | None) -> Shown:
        try:
            return self.style.read_both(value, chain)
        except NotUnderstood as error:
            if value.startswith(self.style.unfilled):
                self._complain(value)
            raise InvalidCertificate(f"the proxy's header: {error}", reason=Reason.CERTIFICATE_UNREADABLE) from None

    def _complain(self, value: bytes) -> None:
        """Say loudly that the proxy's configuration is wrong: nobody can get in by it."""
        now = self.clock()
        if now >= self._told[0] + _QUIET:
            self._told[0] = now
            shown = value[:80].decode("latin-1")
            _log.error("the proxy sends a placeholder, not a certificate", header=self.header.decode(), value=shown)

    def _judge(self, shown: Shown) -> Judged:
        leaf, *others = (parse(der) for der in (shown.leaf, *shown.chain))
        chain = build(leaf, others, self.anchors, self.depth)
        check_chain(chain, profile=self.profile, depth=self.depth)
        since = max(one.not_valid_before_utc.timestamp() for one in chain)
        until = min(one.not_valid_after_utc.timestamp() for one in chain)
        certificate = replace(describe(leaf), chain=tuple(one.public_bytes(Encoding.DER) for one in chain[1:]))
        self.soonest.note(certificate.subject, certificate.not_after, self.clock())
        return Judged(certificate, chain, since, until)


def _joined(values: Sequence[bytes]) -> bytes | None:
    """Return the fields of a list as one (RFC 9110, section 5.3)."""
    return b", ".join(values) if values else None


def compile_forwarded(spec: ForwardedSpec, folder: Path, *, clock: Callable[[], float] = time.time) -> Forwarded:
    """Return what a block of the configuration describes.

    Args:
        spec: `listeners.NAME.forwarded`.
        folder: the folder of the configuration file.
        clock: seconds since the epoch.

    Raises:
        ConfigError: a file is missing or wrong, or a pattern cannot be read.
    """
    style = DIALECTS[spec.dialect]
    conditions = () if spec.proxy is None else tuple(condition(*one) for one in spec.proxy.match.items())
    now = datetime.fromtimestamp(clock(), UTC)
    anchors = load_authorities(spec.client, folder, now)
    return Forwarded(
        Trusted(spec.networks, conditions, None if spec.local is None else compile_local(spec.local)),
        style,
        (spec.header or style.header).lower().encode(),
        None if style.chain_header is None else style.chain_header.lower().encode(),
        spec.client.mode == "required",
        anchors,
        spec.client.profile,
        spec.client.depth,
        _revocation(spec.client, anchors, folder, now),
        clock,
    )


def _revocation(
    spec: ClientSpec, anchors: tuple[x509.Certificate, ...], folder: Path, now: datetime
) -> Revocation | None:
    if spec.revocation is None or not spec.revocation.listed:
        return None
    return load_revocation(spec.revocation, anchors, folder, now)

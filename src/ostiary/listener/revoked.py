"""What an authority's revocation lists say.

A delta (RFC 5280, section 5.2.4) tells what was revoked since a complete list. Beside one that it builds on it only
makes the answer stricter: what it names is revoked, and when it ends nothing current is known any more. Without
such a list it says nothing of those that it does not name. What it takes off again (removeFromCRL) counts again with
the next complete list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from math import inf
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ostiary.config.crls import delta_of, number_of
from ostiary.pki.published import lists_of, scope_of

Signer: TypeAlias = tuple[bytes, bytes]
"""An authority: its name and its key, so that two of one name are told apart."""
Scope: TypeAlias = frozenset[str] | None
"""For which distribution points a list is; None: for all certificates of its signer."""


@dataclass(frozen=True, slots=True)
class Complete:
    """What the complete lists of one scope say of themselves.

    Attributes:
        number: the highest of them (section 5.2.3); -1 without one.
        until: when the last of them is overdue, seconds since the epoch; 0.0 without an end.
    """

    number: int
    until: float


@dataclass(frozen=True, slots=True)
class Delta:
    """What has changed in a scope.

    Attributes:
        number: its own.
        base: that of the complete list that it builds on, or a later one.
        until: when it is overdue, seconds since the epoch; 0.0 without an end.
        serials: the certificates that were revoked since.
    """

    number: int
    base: int
    until: float
    serials: frozenset[int] = field(repr=False)

    def limits(self, complete: Complete) -> float:
        """Return until when both together are current; 0.0 when they do not fit."""
        return min(complete.until, self.until) if self.base <= complete.number else 0.0


@dataclass(frozen=True)
class Revoked:
    """What an authority's lists say.

    Attributes:
        listed: the certificates that are named by complete lists.
        complete: those lists, by scope.
        deltas: what has changed since.
    """

    listed: frozenset[int] = field(repr=False)
    complete: Mapping[Scope, Complete]
    deltas: Mapping[Scope, Delta] = field(default_factory=dict)

    @cached_property
    def serials(self) -> frozenset[int]:
        """The certificates that are revoked."""
        return self.listed.union(*(one.serials for scope in self.deltas if (one := self._news(scope)) is not None))

    @cached_property
    def until(self) -> float:
        """When what is known of all certificates is overdue, seconds since the epoch; 0.0: nothing is."""
        return self._until(None)

    @cached_property
    def parts(self) -> Mapping[str, float]:
        """The same of the certificates of distribution points, by URL."""
        ends = [(url, self._until(scope)) for scope in self.complete for url in scope or ()]
        return {url: max(end for other, end in ends if other == url) for url, _ in ends}

    @property
    def due(self) -> float:
        """When the first of these lists is to be replaced, whatever there is elsewhere, seconds since the epoch."""
        complete = max((one.until for one in self.complete.values()), default=inf)
        return min([complete, *(one.until for one in self.deltas.values())])

    def _until(self, scope: Scope) -> float:
        complete, news = self.complete.get(scope), self._news(scope)
        if complete is None:
            return 0.0
        return complete.until if news is None else news.limits(complete)

    def _news(self, scope: Scope) -> Delta | None:
        """Return a delta that says more than the complete list does, if there is one."""
        delta, complete = self.deltas.get(scope), self.complete.get(scope)
        return delta if delta is not None and (complete is None or complete.number < delta.number) else None

    def covers(self, certificate: x509.Certificate, now: float) -> bool:
        """Whether a list that is current would name a certificate if it were revoked.

        A list with a distribution point is for those certificates that name it (RFC 5280, section 6.3.3, b).
        """
        if now <= self.until:
            return True
        return bool(self.parts) and any(now <= self.parts.get(url, 0.0) for url in lists_of(certificate))


def signer(certificate: x509.Certificate) -> Signer:
    """Return under which name and key an authority signs."""
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return certificate.subject.public_bytes(), key


def said(crl: x509.CertificateRevocationList) -> Revoked:
    """Return what one list says."""
    until = (crl.next_update_utc or datetime.fromtimestamp(0, UTC)).timestamp()
    scope, base = scope_of(crl), delta_of(crl)
    if base is None:
        return Revoked(frozenset(one.serial_number for one in crl), {scope: Complete(number_of(crl), until)})
    serials = frozenset(one.serial_number for one in crl if not _taken_off(one))
    return Revoked(frozenset(), {}, {scope: Delta(number_of(crl), base, until, serials)})


def _taken_off(entry: x509.RevokedCertificate) -> bool:
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return False
    return reason is x509.ReasonFlags.remove_from_crl


def together(lists: Iterable[Revoked | None]) -> Revoked | None:
    """Return what several lists of one authority say together, or None when there is none."""
    known: Revoked | None = None
    for one in lists:
        if one is not None:
            known = one if known is None else _both(known, one)
    return known


def joined(known: Revoked | None, crl: x509.CertificateRevocationList) -> Revoked:
    """Return what an authority's lists say, with one more."""
    return said(crl) if known is None else _both(known, said(crl))


def _both(one: Revoked, other: Revoked) -> Revoked:
    complete = {scope: _one_of(one, other, scope) for scope in (*one.complete, *other.complete)}
    deltas = {scope: _newest(one, other, scope) for scope in (*one.deltas, *other.deltas)}
    return Revoked(one.listed | other.listed, complete, deltas)


def _one_of(one: Revoked, other: Revoked, scope: Scope) -> Complete:
    known = [lists.complete[scope] for lists in (one, other) if scope in lists.complete]
    return Complete(max(each.number for each in known), max(each.until for each in known))


def _newest(one: Revoked, other: Revoked, scope: Scope) -> Delta:
    """Return what deltas of one scope say: the newest, which also names what older ones do."""
    known = [lists.deltas[scope] for lists in (one, other) if scope in lists.deltas]
    newest = max(known, key=lambda each: each.number)
    return replace(newest, serials=frozenset[int]().union(*(each.serials for each in known)))

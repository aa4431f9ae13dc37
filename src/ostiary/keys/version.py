"""The versions of a key: which signs now, and which are published. Pure functions; `now` is an argument.

    version 1  |--- signs ---------------|..... kept .....|
    version 2           |.. published ...|--- signs -------------------
                        made             begins

A version is published from the moment it is made, so that whoever remembers our key set for a while has it
before the first token that it signed arrives. It stays published until the last token that it signed has died.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from cryptography import x509

from ostiary.keys.algorithms import algorithm, kid
from ostiary.pki.keys import PublicKey


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """One version of a key, as far as everybody may know it.

    Attributes:
        id: what whoever keeps it calls it: "1", "2", ...
        order: greater for newer ones.
        public: the public key.
        alg: how it signs (RFC 7518, section 3.1).
        kid: its id in the key set: the thumbprint of the key (RFC 7638).
        enabled: whether it may be used at all.
        begins: when it begins to sign, seconds since the epoch.
        ends: when it signs no more, or None.
        certificates: its certificate and the authorities above it; empty when there is none.
    """

    id: str
    order: int
    public: PublicKey = field(repr=False)
    alg: str
    kid: str
    enabled: bool
    begins: float
    ends: float | None = None
    certificates: tuple[x509.Certificate, ...] = field(default=(), repr=False)


def described(
    name: str,
    order: int,
    public: object,
    wanted: str | None,
    *,
    begins: float,
    ends: float | None = None,
    enabled: bool = True,
) -> KeyVersion:
    """Return a version from its public half; `wanted` is the algorithm of the configuration, or None.

    Raises:
        KeyRefused: we do not sign with such a key, or not with that algorithm.
    """
    alg = algorithm(public, wanted)
    known: PublicKey = public  # type: ignore[assignment]  # `algorithm` has looked at its kind
    return KeyVersion(name, order, known, alg, kid(known, alg), enabled, begins, ends)


def begins(created: Mapping[int, float], lead: float) -> dict[int, float]:
    """Return when versions begin to sign that do not say so: the first at once, each other after it was published.

    Args:
        created: when each was made, by its number; seconds since the epoch.
        lead: how long each is published first, in seconds.
    """
    first = min(created, default=0)
    return {number: moment if number == first else moment + lead for number, moment in created.items()}


def signing(versions: Iterable[KeyVersion], now: float, pin: str | None = None) -> KeyVersion | None:
    """Return the version that signs: the pinned one, or the newest that has begun. None when there is none."""
    able = [one for one in versions if one.enabled and one.begins <= now < _end(one) and pin in (None, one.id)]
    return max(able, key=lambda one: one.order, default=None)


def published(versions: Sequence[KeyVersion], now: float, keep: float, pin: str | None = None) -> list[KeyVersion]:
    """Return the versions that others may meet a signature of, newest first.

    Args:
        versions: all there are.
        now: seconds since the epoch.
        keep: the longest life of what is signed, in seconds.
        pin: the pinned version, or None.
    """
    enabled = sorted((one for one in versions if one.enabled), key=lambda one: -one.order)
    pinned = next((one for one in enabled if one.id == pin), None)
    return [one for one in enabled if now < _stops(one, enabled, pinned) + keep]


def turns(versions: Iterable[KeyVersion], now: float) -> float:
    """Return the next moment at which another version may have to sign; infinity when there is none."""
    moments = (moment for one in versions for moment in (one.begins, _end(one)))
    return min((moment for moment in moments if moment > now), default=inf)


def lasts(versions: Iterable[KeyVersion], now: float, pin: str | None = None) -> float | None:
    """Return until when there is always a version that signs, or None when that has no end.

    What is now is the answer when nothing signs now; a version whose predecessor ends too early leaves a gap.
    """
    able = [one for one in versions if one.enabled and pin in (None, one.id)]
    until = now
    while until != (further := max((_end(one) for one in able if one.begins <= until < _end(one)), default=until)):
        until = further
    return None if until == inf else until


def _end(version: KeyVersion) -> float:
    return inf if version.ends is None else version.ends


def _stops(version: KeyVersion, enabled: Sequence[KeyVersion], pinned: KeyVersion | None) -> float:
    """Return when a version surely signs no more: at its end, or once a newer one has begun.

    A newer one that ends itself, or is held back by a pin, does not count: this one might sign again after it.
    """
    newer = (one for one in enabled if one.order > version.order and (pinned is None or one.order <= pinned.order))
    return min((_end(version), *(one.begins for one in newer if one.ends is None)))

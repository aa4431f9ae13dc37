"""Whether a certificate is revoked, by the lists that the certificates themselves name (RFC 5280, section 4.2.1.13).

Who issues certificates says in them where we look, so only publishers that the configuration names are asked. A list
is fetched when a chain first names it, beside the handshake and the requests of everybody else; whoever showed
that chain waits for the first look at it, a bounded time. From then on it is fetched before it ends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from ostiary.config.clients import RevocationSpec
from ostiary.config.publishers import Publisher
from ostiary.errors import InvalidCertificate, KeysUnavailable
from ostiary.listener.fetched import FetchedLists
from ostiary.listener.links import Link, Links
from ostiary.listener.publication import Publication
from ostiary.listener.revocation import Revocation
from ostiary.model import Certificate
from ostiary.pki.published import lists_of
from ostiary.reasons import Reason

_log = structlog.get_logger("ostiary.listener")

_RETRY: Final = 30
"""Seconds after which a caller about whom nothing is known may come again."""
_OF_ONE: Final = 4
"""Places that are looked at for one certificate."""
_QUIET: Final = 60.0


@dataclass(slots=True)
class Points:
    """Looks at the lists that certificates name.

    Attributes:
        lists: those that are watched.
        publishers: where lists may be fetched.
        hard: whether a certificate of which nothing current is known is refused.
        wait: seconds that a caller waits for the first look at a list.
        most: lists that are watched at most.
        beside: lists that come otherwise, or None.
        clock: seconds since the epoch.
    """

    lists: FetchedLists
    publishers: tuple[Publisher, ...]
    hard: bool
    wait: float
    most: int
    beside: Revocation | None = None
    clock: Callable[[], float] = time.time
    _links: Links = field(default_factory=Links, init=False, repr=False)
    _told: float = field(default=0.0, init=False, repr=False)

    def inherit(self, previous: Points) -> None:
        """Watch what a configuration before has watched, where that is still allowed."""
        for one in previous.lists.publications:
            if self._allowed(one.url):
                for issuer in one.signers:
                    self.lists.watch(one.url, issuer)
        self.lists.inherit(previous.lists)

    def settled(self, certificate: Certificate) -> bool:
        """Whether it is known that a certificate holds, and those above it, without waiting for anything.

        Raises:
            InvalidCertificate: one of them is known not to.
        """
        now = self.clock()
        covered = [self._covered(link, now) for link in self._links.of(certificate)]  # every one: who is revoked counts
        return all(covered)

    async def check(self, certificate: Certificate) -> None:
        """Return when no certificate of a chain is revoked, or nobody can say and that is good enough.

        Raises:
            InvalidCertificate: one is revoked, or names no list that may be fetched, and `hard` is asked for.
            KeysUnavailable: its lists cannot be had now, and `hard` is asked for.
        """
        if self.settled(certificate):
            return
        now = self.clock()
        open_links = [link for link in self._links.of(certificate) if not self._covered(link, now)]
        watched = {link.key: self._watch(link) for link in open_links}
        await self._first_look([one for places in watched.values() for one in places if not one.tried])
        now = self.clock()
        for link in open_links:
            if not self._covered(link, now) and self.hard:
                raise _unknown(link, watched[link.key])

    def _covered(self, link: Link, now: float) -> bool:
        """Whether a current list would name a certificate.

        Raises:
            InvalidCertificate: one of its issuer's does, however old.
        """
        if link.signer is None:
            return False
        said = self.lists.lists.get(link.signer)
        if said is not None and link.certificate.serial_number in said.serials:
            raise InvalidCertificate(f"{link.named} is revoked by its issuer", reason=Reason.CERTIFICATE_REVOKED)
        if said is not None and said.covers(link.certificate, now):
            return True
        return self.beside is not None and self.beside.covers(link.certificate, link.signer, now)

    def _watch(self, link: Link) -> list[Publication]:
        """Return the publications that a certificate names and that may be looked at."""
        if link.issuer is None:
            return []
        urls = [url for url in lists_of(link.certificate) if self._allowed(url)][:_OF_ONE]
        known = {one.url for one in self.lists.publications}
        room = self.most - len(known)
        fresh = [url for url in urls if url not in known][: max(room, 0)]
        if len(fresh) < len(set(urls) - known):
            self._complain(urls)
        found = [self.lists.watch(url, link.issuer) for url in urls if url in known or url in fresh]
        self.lists.tick()
        return found

    async def _first_look(self, places: list[Publication]) -> None:
        tasks = [one.task for one in places if one.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=self.wait)

    def _allowed(self, url: str) -> bool:
        return any(one.covers(url) for one in self.publishers)

    def _complain(self, urls: list[str]) -> None:
        if self.clock() >= self._told + _QUIET:
            self._told = self.clock()
            _log.warning("too many revocation lists: not all are fetched", most=self.most, urls=urls)


def _unknown(link: Link, places: list[Publication]) -> InvalidCertificate | KeysUnavailable:
    reason = Reason.CERTIFICATE_REVOCATION_UNKNOWN
    if not places:
        return InvalidCertificate(f"{link.named} names no list that may be fetched", reason=reason)
    return KeysUnavailable(f"no current list about {link.named}", reason=reason, retry_after=_RETRY)


def compile_points(spec: RevocationSpec, beside: Revocation | None) -> Points | None:
    """Return what looks at the lists that certificates name, or None when none are looked at.

    Args:
        spec: `revocation` of a listener's clients.
        beside: the lists that come otherwise.
    """
    asked = spec.distribution_points
    if asked is None:
        return None
    lists = FetchedLists((), (), spec.refresh, spec.timeout)
    return Points(lists, asked.hosts, spec.mode == "hard", asked.wait, asked.most, beside)

"""Whether a certificate is revoked, by asking (RFC 6960), before its requests go on.

Each certificate of the chain below the trust anchor is asked about, once in a while; those who come in the meantime
wait for the same answer. A good answer is used until the responder says, or `refresh` is over; that somebody is
revoked is remembered in any case.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog
from cachetools import LRUCache

from ostiary.config.publishers import Publisher
from ostiary.errors import InvalidCertificate, KeysUnavailable
from ostiary.listener.links import Link, Links
from ostiary.listener.web import NotFetched, fetch
from ostiary.model import Certificate
from ostiary.pki.ocsp import ASK, NotAnswered, Verdict, question, responder_of, verdict
from ostiary.reasons import Reason

_log = structlog.get_logger("ostiary.listener")

_REMEMBERED: Final = 20 * 1024
_RETRY: Final = 10.0
"""Seconds for which a responder that failed is not asked again about the same certificate."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was found: a verdict, or None when there was no answer; until when it is used; when it was given."""

    verdict: Verdict | None
    until: float
    at: float


@dataclass(slots=True)
class Responder:
    """Asks about client certificates.

    Attributes:
        url: the responder; by default the one that each certificate names.
        hard: whether a certificate without an answer is refused.
        refresh: seconds for which an answer is used at most.
        timeout: seconds for one question.
        leaf_only: whether only the client's own certificate is asked about.
        publishers: where the responders may be that certificates name; empty for nowhere.
        clock: seconds since the epoch.
    """

    url: str | None
    hard: bool
    refresh: float
    timeout: float
    leaf_only: bool = False
    publishers: tuple[Publisher, ...] = ()
    clock: Callable[[], float] = time.time
    _known: LRUCache[bytes, Known] = field(default_factory=lambda: LRUCache(_REMEMBERED), init=False, repr=False)
    _asking: dict[bytes, asyncio.Task[Known]] = field(default_factory=dict, init=False, repr=False)
    _links: Links = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._links = Links(self.leaf_only)

    @property
    def oldest(self) -> float:
        """Age of the oldest answer in use, in seconds; 0.0 without one."""
        given = [known.at for known in self._known.values() if known.verdict is not None]
        return self.clock() - min(given) if given else 0.0

    def inherit(self, previous: Responder) -> None:
        """Know what was answered to the listener of the configuration before."""
        self._known.update(previous._known)

    def settled(self, certificate: Certificate) -> bool:
        """Whether it is known that a certificate holds, and those above it, without asking anybody.

        Raises:
            InvalidCertificate: one of them is known not to.
            KeysUnavailable: nobody could say a moment ago, and `hard` is asked for.
        """
        now = self.clock()
        return all(self._settled(link, now) for link in self._links.of(certificate))

    async def check(self, certificate: Certificate) -> None:
        """Return when no certificate of a chain is revoked, or nobody can say and that is good enough.

        Raises:
            InvalidCertificate: one is revoked, or its authority does not know it.
            KeysUnavailable: nobody can say now, and `hard` is asked for.
        """
        now = self.clock()
        unsettled = [link for link in self._links.of(certificate) if not self._settled(link, now)]
        answers = await asyncio.gather(*(asyncio.shield(self._asked(link)) for link in unsettled))
        for link, known in zip(unsettled, answers, strict=True):
            self._holds(known, link)

    def _settled(self, link: Link, now: float) -> bool:
        known = self._known.get(link.key)
        return known is not None and now <= known.until and self._holds(known, link)

    def _asked(self, link: Link) -> asyncio.Task[Known]:
        """Return the question that is under way about a certificate, or begin one."""
        task = self._asking.get(link.key)
        if task is None:
            task = self._asking[link.key] = asyncio.create_task(self._ask(link))
            task.add_done_callback(lambda _: self._asking.pop(link.key, None))
        return task

    def _holds(self, known: Known, link: Link) -> bool:
        if known.verdict is None:
            if self.hard:
                detail = f"no answer about {link.named}"
                raise KeysUnavailable(detail, reason=Reason.CERTIFICATE_REVOCATION_UNKNOWN, retry_after=int(_RETRY))
        elif known.verdict.state == "revoked":
            raise InvalidCertificate(f"{link.named} is revoked, says the responder", reason=Reason.CERTIFICATE_REVOKED)
        elif known.verdict.state == "unknown" and self.hard:
            detail = f"{link.named} is unknown to the responder"
            raise InvalidCertificate(detail, reason=Reason.CERTIFICATE_REVOCATION_UNKNOWN)
        return True

    async def _ask(self, link: Link) -> Known:
        before = self._known.get(link.key)
        now = self.clock()
        try:
            found = await self._answer(link)
            until = now + self.refresh if found.until is None else min(found.until, now + self.refresh)
            known = Known(found, until, now)
        except (NotFetched, NotAnswered) as error:
            _log.warning("responder did not answer", certificate=link.named, detail=str(error))
            revoked = before is not None and before.verdict is not None and before.verdict.state == "revoked"
            known = Known(before.verdict if before is not None and revoked else None, now + _RETRY, now)
        self._known[link.key] = known
        return known

    def _named(self, link: Link) -> str | None:
        url = responder_of(link.certificate)
        if url is None or not url.startswith(("http://", "https://")):
            return None
        return url if any(one.covers(url) for one in self.publishers) else None

    async def _answer(self, link: Link) -> Verdict:
        if link.issuer is None:
            raise NotAnswered("who issued it is not known")
        url = self.url or self._named(link)
        if url is None:
            raise NotAnswered(
                "the certificate names no responder that may be asked, and neither does the configuration"
            )
        answer = await fetch(url, self.timeout, question=question(link.certificate, link.issuer), kind=ASK)
        return verdict(answer, link.certificate, link.issuer, self.clock())

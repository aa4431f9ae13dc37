"""Whether a certificate is revoked, by asking (RFC 6960), before its requests go on.

Each certificate is asked about once in a while; those who come in the meantime wait for the same answer. A good
answer is used until the responder says, or `refresh` is over; that somebody is revoked is remembered in any case.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog
from cachetools import LRUCache
from cryptography import x509

from ostiary.errors import InvalidCertificate, KeysUnavailable
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
        clock: seconds since the epoch.
    """

    url: str | None
    hard: bool
    refresh: float
    timeout: float
    clock: Callable[[], float] = time.time
    _known: LRUCache[str, Known] = field(default_factory=lambda: LRUCache(_REMEMBERED), init=False, repr=False)
    _asking: dict[str, asyncio.Task[Known]] = field(default_factory=dict, init=False, repr=False)

    @property
    def oldest(self) -> float:
        """Age of the oldest answer in use, in seconds; 0.0 without one."""
        given = [known.at for known in self._known.values() if known.verdict is not None]
        return self.clock() - min(given) if given else 0.0

    def inherit(self, previous: Responder) -> None:
        """Know what was answered to the listener of the configuration before."""
        self._known.update(previous._known)

    def settled(self, certificate: Certificate) -> bool:
        """Whether it is known that a certificate holds, without asking anybody.

        Raises:
            InvalidCertificate: it is known not to.
        """
        known = self._known.get(certificate.thumbprint)
        if known is None or self.clock() > known.until:
            return False
        return self._holds(known, certificate)

    async def check(self, certificate: Certificate) -> None:
        """Return when a certificate is not revoked, or nobody can say and that is good enough.

        Raises:
            InvalidCertificate: it is revoked, or its authority does not know it.
            KeysUnavailable: nobody can say now, and `hard` is asked for.
        """
        if self.settled(certificate):
            return
        task = self._asking.get(certificate.thumbprint)
        if task is None:
            task = self._asking[certificate.thumbprint] = asyncio.create_task(self._ask(certificate))
            task.add_done_callback(lambda _: self._asking.pop(certificate.thumbprint, None))
        self._holds(await asyncio.shield(task), certificate)

    def _holds(self, known: Known, certificate: Certificate) -> bool:
        named = f"serial {certificate.serial:x}"
        if known.verdict is None:
            if self.hard:
                detail = f"no answer about {named}"
                raise KeysUnavailable(detail, reason=Reason.CERTIFICATE_REVOCATION_UNKNOWN, retry_after=int(_RETRY))
        elif known.verdict.state == "revoked":
            raise InvalidCertificate(f"{named} is revoked, says the responder", reason=Reason.CERTIFICATE_REVOKED)
        elif known.verdict.state == "unknown" and self.hard:
            detail = f"{named} is unknown to the responder"
            raise InvalidCertificate(detail, reason=Reason.CERTIFICATE_REVOCATION_UNKNOWN)
        return True

    async def _ask(self, certificate: Certificate) -> Known:
        before = self._known.get(certificate.thumbprint)
        now = self.clock()
        try:
            found = await self._answer(certificate)
            until = now + self.refresh if found.until is None else min(found.until, now + self.refresh)
            known = Known(found, until, now)
        except (NotFetched, NotAnswered) as error:
            _log.warning("responder did not answer", serial=f"{certificate.serial:x}", detail=str(error))
            revoked = before is not None and before.verdict is not None and before.verdict.state == "revoked"
            known = Known(before.verdict if before is not None and revoked else None, now + _RETRY, now)
        self._known[certificate.thumbprint] = known
        return known

    async def _answer(self, certificate: Certificate) -> Verdict:
        if not certificate.chain:
            raise NotAnswered("who issued it is not known")
        leaf, issuer = (x509.load_der_x509_certificate(der) for der in (certificate.der, certificate.chain[0]))
        url = self.url or responder_of(leaf)
        if url is None or not url.startswith(("http://", "https://")):
            raise NotAnswered("the certificate names no responder, and neither does the configuration")
        answer = await fetch(url, self.timeout, question=question(leaf, issuer), kind=ASK)
        return verdict(answer, leaf, issuer, self.clock())

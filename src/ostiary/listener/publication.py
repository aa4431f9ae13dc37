"""What is published at one URL: revocation lists, of those who may sign there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryptography import x509

from ostiary.config.crls import number_of
from ostiary.config.values import FileRef
from ostiary.errors import ConfigError
from ostiary.listener.crl import issuer_of, parse
from ostiary.listener.revoked import Revoked, Signer, joined, signer


@dataclass(frozen=True, slots=True)
class Issue:
    """What was found at a URL, once.

    Attributes:
        content: as it was received.
        at: when, seconds since the epoch.
        number: the highest number of its lists (RFC 5280, section 5.2.3); -1 without one.
        says: what they say, by authority.
    """

    content: bytes = field(repr=False)
    at: float
    number: int
    says: Mapping[Signer, Revoked] = field(repr=False)

    @property
    def kinds(self) -> tuple[bool, bool]:
        """Whether complete lists are there, and whether deltas are."""
        says = self.says.values()
        return any(one.complete for one in says), any(one.deltas for one in says)

    @property
    def until(self) -> float:
        """When the first of its lists is overdue, seconds since the epoch; 0.0 without one."""
        return min((one.due for one in self.says.values()), default=0.0)


@dataclass(slots=True)
class Publication:
    """One URL.

    Attributes:
        url: where it is.
        signers: who may have signed what is there.
        issue: what was found last, or None.
        due: when it is to be looked at again, on the loop's clock.
        tried: whether a look at it has ended, well or not.
        failures: how many have not ended well.
        task: a look that is under way.
    """

    url: str
    signers: tuple[x509.Certificate, ...] = field(repr=False)
    issue: Issue | None = None
    due: float = 0.0
    tried: bool = False
    failures: int = 0
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def idle(self) -> bool:
        """Whether no look is under way."""
        return self.task is None or self.task.done()

    def read(self, content: bytes, at: float) -> Issue:
        """Return what is in a content that came from there.

        Raises:
            ConfigError: it is no list, or one is not signed by who may, or older than what is there.
        """
        issue = read(self.url, content, at, self.signers)
        if self.issue is not None and issue.number < self.issue.number:
            raise ConfigError(f"{self.url}: an older list than the one that was fetched before")
        if self.issue is not None and issue.kinds != self.issue.kinds:
            raise ConfigError(f"{self.url}: a delta in the place of a complete list, or the other way round")
        return issue


def read(url: str, content: bytes, at: float, signers: Sequence[x509.Certificate]) -> Issue:
    """Return what is in a content that came from a URL.

    Raises:
        ConfigError: it is no list, or one is not signed by who may.
    """
    reference, says, number = FileRef(url), dict[Signer, Revoked](), -1
    for crl in parse(reference, content):
        by = signer(issuer_of(reference, crl, signers))
        says[by] = joined(says.get(by), crl)
        number = max(number, number_of(crl))
    return Issue(content, at, number, says)

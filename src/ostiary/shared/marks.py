"""What was used once, anywhere: proofs (RFC 9449, section 11.1), tokens that count for one request.

A mark is a digest with a key that only gateways have; Redis never sees what was used. It is set only where there is
none (`SET NX`), with a value of this very attempt, so that an attempt that is made twice knows itself again.
"""

from __future__ import annotations

import hmac
import secrets
from math import ceil
from typing import Final, Literal, TypeAlias

from ostiary.errors import SharedUnavailable
from ostiary.model import Secret
from ostiary.reasons import Reason
from ostiary.shared.link import Link

Forgotten: TypeAlias = Literal["refuse", "accept"]

_DIGEST: Final = 20
"""Octets of a mark, of the 32 that HMAC-SHA256 has."""
_LONGEST: Final = 60
"""Seconds after which something new counts in any case: clocks of callers may be ahead by so much."""


class Digests:
    """Digests with a key that only gateways have; the key is known once the line has been up.

    Args:
        prefix: what names of keys begin with.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._key = b""

    def learn(self, key: Secret) -> None:
        """Take the key."""
        self._key = key.reveal()

    def name(self, kind: str, what: bytes) -> str:
        """Return the name of the key in Redis that stands for something.

        Raises:
            SharedUnavailable: the key is not known yet.
        """
        return f"{self._prefix}:{kind}:{self.digest(kind, what)}"

    def digest(self, kind: str, what: bytes) -> str:
        """Return the digest of something, in hexadecimal.

        Raises:
            SharedUnavailable: the key is not known yet.
        """
        if not self._key:
            raise SharedUnavailable("the shared key is not known yet", retry_after=1)
        return hmac.digest(self._key, f"{kind}\0".encode() + what, "sha256")[:_DIGEST].hex()


class Marks:
    """Marks of what was used.

    Args:
        link: to Redis.
        digests: what names are made with.
        forgotten: what becomes of what was made before the server remembers.
    """

    def __init__(self, link: Link, digests: Digests, forgotten: Forgotten = "refuse") -> None:
        self._link = link
        self._digests = digests
        self._forgotten = forgotten

    async def use(self, mark: bytes, *, keep: float, before: float) -> bool:
        """Note that something is used now, at whatever gateway. False: it was used before.

        Args:
            mark: what; any octets.
            keep: seconds for which it could be used again.
            before: it cannot have been used before this moment, epoch seconds.

        Raises:
            SharedUnavailable: nobody can know now.
        """
        name, own = self._digests.name("used", mark), secrets.token_bytes(12)
        set_ = await self._link.ask("SET", name, own, "NX", "PX", max(1, int(keep * 1000)))
        if self._forgotten == "refuse" and before < self._link.since:
            wait = min(_LONGEST, ceil(self._link.since - before))
            raise SharedUnavailable("redis may have forgotten it", reason=Reason.SHARED_FORGOTTEN, retry_after=wait)
        return set_ is not None or await self._link.ask("GET", name) == own

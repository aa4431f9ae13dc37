"""Tokens of the gateway, one for each caller: what they are kept in, whatever they are given for.

Their number is bounded; the one that was not used for longest is forgotten for a new one.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from ostiary.errors import CredentialUnavailable
from ostiary.model import Credential, Principal
from ostiary.oauth.endpoint import TokenEndpoint
from ostiary.oauth.grant import Grant
from ostiary.oauth.token import made
from ostiary.renewal import Kept, Made, Partitions

K = TypeVar("K")
S = TypeVar("S")


class CallerToken:
    """The token for one caller; a model.CredentialSource."""

    __slots__ = ("_kept",)

    def __init__(self, kept: Kept[Credential]) -> None:
        self._kept = kept

    async def get(self) -> Credential:
        """Return it; does not suspend while it is fresh.

        Raises:
            Forbidden: there is none for this caller.
            CredentialUnavailable: it cannot be had now.
        """
        return await self._kept.get()

    async def rejected(self, version: str) -> bool:
        """Give up a token that the upstream did not accept; return whether another one can be had."""
        held = self._kept.held
        return held is None or held.value.version != version or self._kept.rejected(held.value)


class TokensOfCallers(Generic[K, S]):
    """The tokens: each is kept under a key (K), and found at once by what was seen of a request before (S).

    Args:
        name: what they are kept under from one configuration to the next: all that they depend on.
        alias: who the gateway is at the issuer, for the log.
        endpoint: where they are asked for.
        most: how many are kept.
        clock: the monotonic clock, in seconds.
    """

    def __init__(
        self,
        name: str,
        alias: str,
        endpoint: TokenEndpoint,
        most: int,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.alias = alias
        self.endpoint = endpoint
        self._most = most
        self._clock = clock
        self._tokens: Partitions[K, Credential] = Partitions(most, clock=clock)
        self._seen: dict[S, tuple[Principal, CallerToken]] = {}
        self._number = 0
        self._offline = False

    async def start(self) -> None:
        """Nothing is asked before a caller comes."""

    async def aclose(self) -> None:
        """Stop asking."""
        await self._tokens.aclose()
        await self.endpoint.aclose()

    def inherit(self, previous: Any) -> None:
        """Begin anew: each token can be asked for again."""

    def stay_offline(self) -> None:
        """Ask nobody, whatever happens."""
        self._offline = True

    def __len__(self) -> int:
        return len(self._tokens)

    def _kept(self, key: K, make: Callable[[], Awaitable[Made[Credential]]]) -> CallerToken:
        """Return the token under a key; one that is not there yet will be made by `make`."""
        return CallerToken(self._tokens.of(key, make))

    def _remember(self, sign: S, principal: Principal, token: CallerToken) -> CallerToken:
        """Find it at once from now on, for as long as the principal is the same object."""
        if len(self._seen) >= self._most:
            self._seen.clear()
        self._seen[sign] = principal, token
        return token

    def _refuse_offline(self) -> None:
        if self._offline:
            raise CredentialUnavailable("nobody is asked offline")

    def _granted(self, grant: Grant, asked: float, end: float = float("inf")) -> Made[Credential]:
        """Return a token that was asked for at `asked`, and must not be used beyond `end` (the clock's seconds)."""
        self._number += 1
        return made(Credential(self.alias, "", grant.token, str(self._number)), grant, asked, 0.5, end)

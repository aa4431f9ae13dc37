"""The gateway's own token for an upstream (client credentials; RFC 6749, section 4.4), kept fresh.

To whoever writes it, it is a credential like those of vaults: fresh from memory without suspending, made anew
behind the requests at about 70 % of its life, asked for once however many want it, never used beyond its end.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from ostiary.errors import CredentialUnavailable, GatewayError
from ostiary.model import Credential
from ostiary.oauth.endpoint import TokenEndpoint
from ostiary.oauth.grant import Grant, RefusedError
from ostiary.reasons import Reason
from ostiary.renewal import Kept, Made

log = structlog.get_logger("ostiary.oauth")

_MARGIN: Final = 10.0  # seconds before its end from which on a token is not used: it has a way to go


@dataclass(frozen=True, slots=True)
class TokenState:
    """What is known of a token now.

    Attributes:
        usable: whether there is one that may be used.
        expires: seconds until it may not, or None when there is none.
        reason: why the last request for one failed, or None when it did not.
    """

    usable: bool
    expires: float | None
    reason: Reason | None


class ClientToken:
    """A token; a model.CredentialSource.

    Args:
        name: what it is kept under from one configuration to the next: all that it depends on.
        alias: who the gateway is at the issuer, for the log.
        endpoint: where it is asked for.
        clock: the monotonic clock, in seconds.
        chance: spreads refreshes; 0.0 to 1.0.
    """

    def __init__(
        self,
        name: str,
        alias: str,
        endpoint: TokenEndpoint,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.alias = alias
        self.endpoint = endpoint
        self._clock = clock
        self._chance = chance
        self._kept: Kept[Credential] = Kept(self._make, clock=clock)
        self._number = 0
        self._offline = False

    async def start(self) -> None:
        """Ask for the first token, without waiting: an issuer that is down stops requests, not the start."""
        if not self._offline:
            self._kept.begin()

    async def aclose(self) -> None:
        """Stop asking."""
        await self._kept.aclose()
        await self.endpoint.aclose()

    def inherit(self, previous: ClientToken) -> None:
        """Go on with the token of the configuration before."""
        self._kept.inherit(previous._kept)
        self._number = previous._number

    def stay_offline(self) -> None:
        """Ask nobody, whatever happens."""
        self._offline = True

    @property
    def state(self) -> TokenState:
        """What is known of it now; nobody is asked."""
        held, failure = self._kept.held, self._kept.failure
        expires = None if held is None else held.dead - self._clock()
        return TokenState(expires is not None and expires > 0, expires, None if failure is None else failure.reason)

    async def get(self) -> Credential:
        """Return the token; does not suspend while it is fresh.

        Raises:
            CredentialUnavailable: it cannot be had, and there is none that may be used.
        """
        return await self._kept.get()

    async def rejected(self, version: str) -> bool:
        """Give up a token that the upstream did not accept; return whether another one can be had."""
        held = self._kept.held
        renewed = held is None or held.value.version != version or self._kept.rejected(held.value)
        log.warning("token rejected upstream", client=self.alias, issuer=self.endpoint.place, renewed=renewed)
        return renewed

    async def _make(self) -> Made[Credential]:
        asked = self._clock()
        try:
            if self._offline:
                raise CredentialUnavailable("nobody is asked offline")
            grant = await self.endpoint.ask(grant_type="client_credentials")
        except RefusedError as error:
            self._tell_of(error)
            raise CredentialUnavailable(
                f"the issuer refuses: {error.word}", reason=Reason.CREDENTIAL_UNUSABLE
            ) from None
        except GatewayError as error:
            self._tell_of(error)
            raise
        self._number += 1
        log.info("token obtained", client=self.alias, issuer=self.endpoint.place, lasts=grant.lasts)
        return made(Credential(self.alias, "", grant.token, str(self._number)), grant, asked, self._chance())

    def _tell_of(self, error: Exception) -> None:
        held = self._kept.held
        served = "the last one" if held is not None and self._clock() < held.dead else "nothing"
        log.warning("token not obtained", client=self.alias, issuer=self.endpoint.place, why=str(error), served=served)


def made(
    credential: Credential, grant: Grant, asked: float, chance: float, end: float = float("inf")
) -> Made[Credential]:
    """Return a token with its times.

    Args:
        credential: the token.
        grant: how long it lasts.
        asked: when it was asked for, seconds on the monotonic clock.
        chance: 0.0 to 1.0; spreads the refreshes of many gateways.
        end: when it must not be used any more in any case, on the same clock.
    """
    lasts = min(grant.lasts, end - asked)
    return Made(credential, due=asked + lasts * (0.65 + 0.1 * chance), dead=asked + lasts - min(_MARGIN, lasts / 10))

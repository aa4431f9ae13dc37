"""Tokens in exchange for those of callers (RFC 8693): the upstream sees who is calling, and never the caller's token.

Each is kept under the digest of the caller's token and of what was verified of it, so that no caller is ever
given another one's; their number is bounded, and none is used beyond the end of either token.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from ostiary.errors import CredentialUnavailable, Forbidden, GatewayError
from ostiary.model import Credential, Outbound, Principal
from ostiary.oauth.callers import CallerToken, TokensOfCallers
from ostiary.oauth.endpoint import TokenEndpoint
from ostiary.oauth.grant import REFUSED_SUBJECT, RefusedError
from ostiary.reasons import Reason
from ostiary.renewal import Made

log = structlog.get_logger("ostiary.oauth")

GRANT: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
TYPE: Final = "urn:ietf:params:oauth:token-type:"
_VERIFIED: Final = frozenset(("jwt", "introspection"))
_SCHEMES: Final = (b"bearer ", b"dpop ")

Key = tuple[str, str, bytes]


class ExchangedTokens(TokensOfCallers[Key, bytes]):
    """The tokens that callers' tokens were exchanged for; seen by the `Authorization` of their requests.

    Args:
        name: what they are kept under from one configuration to the next: all that they depend on.
        alias: who the gateway is at the issuer, for the log.
        endpoint: where they are asked for.
        types: what the caller's token is called, and what is asked for.
        most: how many are kept.
        clock: the monotonic clock, in seconds.
        today: seconds since the epoch.
    """

    def __init__(
        self,
        name: str,
        alias: str,
        endpoint: TokenEndpoint,
        types: dict[str, str],
        most: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(name, alias, endpoint, most, clock=clock)
        self._types = types
        self._today = today

    def of(self, outbound: Outbound) -> CallerToken:
        """Return where the token for a caller comes from.

        Raises:
            Forbidden: the caller was not proven by a token, so there is none to exchange.
        """
        principal, value = outbound.permit.principal, outbound.request.headers.only(b"authorization") or b""
        seen = self._seen.get(value)
        if seen is not None and seen[0] is principal:  # a verified token has one principal while it is remembered
            return seen[1]
        return self._remember(value, principal, self._find(principal, value))

    def _find(self, principal: Principal, value: bytes) -> CallerToken:
        proven, token = proven_by_token(principal), _shown(value)
        if proven is None or token is None:
            raise Forbidden("there is no verified token to exchange", reason=Reason.TOKEN_NOT_EXCHANGED)
        return self._kept(key_of(proven, token), self._maker(token, proven.expires))

    def _maker(self, token: bytes, expires: float | None) -> Callable[[], Awaitable[Made[Credential]]]:
        async def make() -> Made[Credential]:
            return await self._exchange(token, expires)

        return make

    async def _exchange(self, token: bytes, expires: float | None) -> Made[Credential]:
        asked = self._clock()
        end = float("inf") if expires is None else asked + expires - self._today()
        try:
            self._refuse_offline()
            if end <= asked:
                raise Forbidden("the caller's token has ended", reason=Reason.TOKEN_NOT_EXCHANGED)
            grant = await self.endpoint.ask(grant_type=GRANT, subject_token=token.decode("ascii"), **self._types)
        except RefusedError as error:
            log.warning("token not exchanged", client=self.alias, issuer=self.endpoint.place, why=error.word)
            raise _refusal(error.word) from None
        except GatewayError as error:
            log.warning("token not exchanged", client=self.alias, issuer=self.endpoint.place, why=error.detail)
            raise
        return self._granted(grant, asked, end)


def proven_by_token(principal: Principal) -> Principal | None:
    """Return who was proven by the token in `Authorization`, among all who were; or None."""
    return next((one for one in (principal, *principal.others.values()) if one.method in _VERIFIED), None)


def key_of(principal: Principal, token: bytes) -> Key:
    """Return what a token is kept under: whose it is, by whom, and the token itself."""
    return principal.issuer, principal.subject, hashlib.sha256(token).digest()


def _shown(value: bytes) -> bytes | None:
    """Return the token of an `Authorization` field (RFC 6750, section 2.1; RFC 9449, section 7.1)."""
    scheme = next((one for one in _SCHEMES if value[: len(one)].lower() == one), None)
    token = value[len(scheme) :].strip(b" ") if scheme else b""
    return token if token.isascii() and token else None


def _refusal(word: str) -> GatewayError:
    """Return what a refusal ends a request with: it is about the caller's token, or about us."""
    if word in REFUSED_SUBJECT:
        return Forbidden(f"the issuer refuses the exchange: {word}", reason=Reason.TOKEN_NOT_EXCHANGED)
    return CredentialUnavailable(f"the issuer refuses: {word}", reason=Reason.CREDENTIAL_UNUSABLE)

"""Authenticate by a signed token that counts for one request only, known by its `jti` (RFC 7519, section 4.1.7)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ostiary.authn.claims import read_issued
from ostiary.authn.jwt import JwtAuthenticator
from ostiary.errors import InvalidToken
from ostiary.jwks import Issuer
from ostiary.model import Principal, Request
from ostiary.reasons import Reason


class SingleUseAuthenticator(JwtAuthenticator):
    """Judges tokens that count once. The arguments are those of any JwtAuthenticator."""

    single_use = True

    def __init__(self, issuers: Iterable[Issuer], *more: Any, **how: Any) -> None:
        issuers = tuple(issuers)
        super().__init__(issuers, *more, **how)
        self._leeway = max(issuer.spec.leeway for issuer in issuers)

    async def authenticate(self, request: Request) -> Principal | None:
        """Return the token's principal, the first time; None when there is no bearer token.

        Raises:
            BadRequest: Authorization is repeated.
            InvalidToken: there is a token, and it is bad, or was used before.
            KeysUnavailable: there is a token, and it cannot be judged now.
            SharedUnavailable: nobody can know now whether it was used at another gateway.
        """
        principal = await super().authenticate(request)
        if principal is not None:
            await self._use(principal)
        return principal

    async def _use(self, principal: Principal) -> None:
        claims, issued = principal.claims, read_issued(principal.claims)
        identifier = claims.get("jti")
        if identifier is None or issued is None or principal.expires is None:
            raise InvalidToken("a token that counts once needs jti and iat", reason=Reason.TOKEN_CLAIM_MISSING)
        if not isinstance(identifier, str) or not identifier:
            raise InvalidToken("jti is not text", reason=Reason.TOKEN_CLAIM_INVALID)
        mark = f"{claims.get('iss')}\0{identifier}".encode("utf-8", "surrogatepass")
        keep = principal.expires - self._clock()
        assert self._uses is not None  # noqa: S101 - `single_use` says that they are made
        used = await self._uses.use(mark, keep=keep, before=issued - self._leeway)
        if used != "fresh":
            why = "jti was seen before" if used == "seen" else "more tokens than can be remembered"
            raise InvalidToken(why, reason=Reason.TOKEN_REPLAYED)

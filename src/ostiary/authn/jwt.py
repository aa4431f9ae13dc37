"""Authenticate by a signed bearer token (RFC 6750, RFC 7519, RFC 8725).

    take -> parse -> issuer -> type -> key -> signature -> claims -> principal -> binding

The issuer is chosen by the exact `iss` among those configured (choice.py), before any key; algorithm, types,
audiences and names are that issuer's. Everything up to the principal is judged once for each token;
the binding to a certificate is checked for each request.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from ostiary.authn.bearer import take_token
from ostiary.authn.bound import Binding, check_binding, read_binding
from ostiary.authn.choice import Choice
from ostiary.authn.claims import (
    Terms,
    Validity,
    check_audience,
    check_pins,
    check_required,
    check_type,
    read_subject,
    read_validity,
)
from ostiary.authn.compact import parse, read_claims
from ostiary.authn.signature import verify
from ostiary.authn.verified import Verified, VerifiedTokens
from ostiary.config.schema import JwtSpec
from ostiary.errors import ConfigError, InvalidToken
from ostiary.jwks import Issuer
from ostiary.model import Principal, Request
from ostiary.reasons import Reason

METHOD: Final = "jwt"
CHALLENGE: Final = 'Bearer realm="ostiary"'


class JwtAuthenticator:
    """Judges bearer tokens of some issuers.

    Args:
        issuers: whose tokens count; no two that a token could be of.
        bound: what to make of tokens bound to a certificate (RFC 8705).
        clock: epoch seconds.

    Raises:
        ConfigError: two issuers cannot be told apart: a token would not say whose it is.
    """

    method = METHOD
    evidence = frozenset(("authorization",))
    challenge = CHALLENGE

    def __init__(self, issuers: Iterable[Issuer], bound: Binding, *, clock: Callable[[], float] = time.time) -> None:
        self._trusted = Choice(issuers)
        self._bound = bound
        self._clock = clock
        self._known = VerifiedTokens()

    @property
    def known(self) -> VerifiedTokens:
        """The tokens that were verified before."""
        return self._known

    async def authenticate(self, request: Request) -> Principal | None:
        """Return the token's principal, or None when there is no bearer token.

        Raises:
            BadRequest: Authorization is repeated.
            InvalidToken: there is a token, and it is bad.
            KeysUnavailable: there is a token, and it cannot be judged now.
        """
        token = take_token(request.headers)
        if token is None:
            return None
        verified = self._known.get(token, self._clock())
        if verified is None:
            verified = await self._judge(token)
            self._known.put(token, verified)
        check_binding(verified.thumbprint, request.peer.certificate)
        return verified.principal

    async def judge(self, token: bytes) -> Principal:
        """Return whom a token proves, wherever it came from: nothing is remembered, no binding is checked.

        Raises:
            InvalidToken: it is bad.
            KeysUnavailable: it cannot be judged now.
        """
        return (await self._judge(token)).principal

    async def _judge(self, token: bytes) -> Verified:
        """Judge a token as if it had never been seen."""
        jws = parse(token, self._trusted.largest)
        claims = read_claims(jws.payload)
        issuer, terms = self._trusted.of(claims)
        check_pins(claims, terms)
        if len(token) > terms.max_token:
            raise InvalidToken(f"the token has {len(token)} octets", reason=Reason.TOKEN_TOO_LARGE)
        check_type(jws.type, terms)
        key = verify(jws, await issuer.keys_for(jws.kid, jws.algorithm))
        check_audience(claims, terms)
        check_required(claims, terms)
        validity = read_validity(claims, terms)
        validity.check(self._clock())
        principal = _principal(claims, issuer.name, terms, validity)
        return Verified(principal, validity, read_binding(claims, self._bound), issuer, key, len(token))


def _principal(claims: dict[str, Any], issuer: str, terms: Terms, validity: Validity) -> Principal:
    names = terms.names
    return Principal(
        subject=read_subject(claims, terms),
        issuer=issuer,
        method=METHOD,
        claims=MappingProxyType(claims),
        tenant=_text(claims.get(names.tenant)),
        environment=_text(claims.get(names.environment)),
        expires=validity.ends,
        permissions=claims.get(names.permissions),
        scopes=claims.get(names.scope),
    )


def _text(value: Any) -> str | None:
    """A tenant that is not text is no tenant: whoever asks for one refuses."""
    return value if isinstance(value, str) and value else None


def compile_jwt(
    spec: JwtSpec, issuers: Mapping[str, Issuer], clock: Callable[[], float] = time.time
) -> JwtAuthenticator:
    """Return the authenticator that a block of the configuration describes.

    Raises:
        ConfigError: an issuer is not defined, or two cannot be told apart.
    """
    unknown = [name for name in spec.issuers if name not in issuers]
    if unknown:
        raise ConfigError(f"jwt.issuers: {', '.join(unknown)}: not defined under `issuers`")
    return JwtAuthenticator([issuers[name] for name in dict.fromkeys(spec.issuers)], spec.bound, clock=clock)

"""Authenticate by a signed bearer token (RFC 6750, RFC 7519, RFC 8725).

    take -> parse -> issuer -> type -> key -> signature -> claims -> principal -> binding

The issuer is chosen by the exact `iss` among those configured, before any key; algorithm, types,
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
from ostiary.authn.claims import Terms, Validity, check_audience, check_type, read_subject, read_validity
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
        issuers: whose tokens count; no two with the same `iss`.
        bound: what to make of tokens bound to a certificate (RFC 8705).
        clock: epoch seconds.

    Raises:
        ConfigError: two issuers have the same `iss`: a token would not say whose it is.
    """

    method = METHOD
    evidence = frozenset(("authorization",))
    challenge = CHALLENGE

    def __init__(self, issuers: Iterable[Issuer], bound: Binding, *, clock: Callable[[], float] = time.time) -> None:
        self._trusted = _by_identifier(issuers)
        self._largest = max(terms.max_token for _, terms in self._trusted.values())
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

    async def _judge(self, token: bytes) -> Verified:
        """Judge a token as if it had never been seen."""
        jws = parse(token, self._largest)
        claims = read_claims(jws.payload)
        issuer, terms = self._issuer_of(claims)
        if len(token) > terms.max_token:
            raise InvalidToken(f"the token has {len(token)} octets", reason=Reason.TOKEN_TOO_LARGE)
        check_type(jws.type, terms)
        key = verify(jws, await issuer.keys_for(jws.kid, jws.algorithm))
        check_audience(claims, terms)
        validity = read_validity(claims, terms)
        validity.check(self._clock())
        principal = _principal(claims, issuer.name, terms, validity)
        return Verified(principal, validity, read_binding(claims, self._bound), issuer, key, len(token))

    def _issuer_of(self, claims: Mapping[str, Any]) -> tuple[Issuer, Terms]:
        """RFC 7519, section 4.1.1: compared as text, to the letter."""
        identifier = claims.get("iss")
        trusted = self._trusted.get(identifier) if isinstance(identifier, str) else None
        if trusted is None:
            raise InvalidToken(f"iss {str(identifier)[:200]!r}", reason=Reason.TOKEN_ISSUER_UNKNOWN)
        return trusted


def _by_identifier(issuers: Iterable[Issuer]) -> Mapping[str, tuple[Issuer, Terms]]:
    trusted: dict[str, tuple[Issuer, Terms]] = {}
    for issuer in issuers:
        terms = Terms.of(issuer.spec)
        if terms.issuer in trusted:
            other = trusted[terms.issuer][0]
            raise ConfigError(
                f"issuers {other.name} and {issuer.name} have the same `issuer`: use one of them per route"
            )
        trusted[terms.issuer] = issuer, terms
    return MappingProxyType(trusted)


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

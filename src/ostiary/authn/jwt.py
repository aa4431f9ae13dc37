"""Authenticate by a signed bearer token (RFC 6750, RFC 7519, RFC 8725).

    take -> parse -> issuer -> type -> key -> signature -> claims -> principal -> binding

The issuer is chosen by the exact `iss` among those configured (choice.py), before any key; algorithm, types,
audiences and names are that issuer's. Everything up to the principal is judged once for each token;
what the token demands of whoever shows it, a certificate (RFC 8705) or a proof (RFC 9449), is checked for each request.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from ostiary.authn.bearer import ALL_BEARER, CHALLENGE, looks_signed, take_token
from ostiary.authn.bound import Binding, Confirmation, Proof, Renewals, check_binding, read_confirmation
from ostiary.authn.choice import NO_ENVELOPES, Choice
from ostiary.authn.claims import (
    Terms,
    Validity,
    check_audience,
    check_pins,
    check_required,
    check_type,
    read_issued,
    read_subject,
    read_text,
    read_validity,
)
from ostiary.authn.compact import Jws, parse, read_claims
from ostiary.authn.dpop import CHALLENGE as PROOF_CHALLENGE
from ostiary.authn.dpop import Nonces, Proofs, take_bound_token
from ostiary.authn.envelope import Envelopes, is_closed, read_keys
from ostiary.authn.memory import Memory
from ostiary.authn.replay import Uses
from ostiary.authn.signature import verify
from ostiary.authn.verified import Verified, VerifiedTokens
from ostiary.config.schema import JwtSpec
from ostiary.errors import ConfigError, InvalidToken
from ostiary.jwks import Issuer
from ostiary.model import Principal, Request
from ostiary.reasons import Reason
from ostiary.shared.marks import Marks

METHOD: Final = "jwt"


class JwtAuthenticator:
    """Judges bearer tokens of some issuers.

    Args:
        issuers: whose tokens count; no two that a token could be of.
        bound: what to make of tokens bound to a certificate (RFC 8705).
        renewal: seconds for which a bound token counts with its certificate's successor, or None.
        dpop: what to make of tokens bound to a key (RFC 9449).
        nonce: whether proofs must have a nonce of ours.
        shared: whether another authenticator judges bearer tokens that do not look like signed ones.
        envelopes: our keys for encrypted tokens (RFC 7516), by the issuer's name.
        clock: epoch seconds.
        memory: what the processes of a gateway remember together; by default this authenticator has its own.
        marks: what several gateways know together, or None.

    Raises:
        ConfigError: two issuers cannot be told apart: a token would not say whose it is.
    """

    method = METHOD
    single_use = False
    """Whether a token counts for one request only."""

    def __init__(
        self,
        issuers: Iterable[Issuer],
        bound: Binding,
        *,
        renewal: float | None = None,
        dpop: Proof = "off",
        nonce: bool = False,
        shared: bool = False,
        envelopes: Mapping[str, Envelopes] = NO_ENVELOPES,
        clock: Callable[[], float] = time.time,
        memory: Memory | None = None,
        marks: Marks | None = None,
    ) -> None:
        remembers = dpop != "off" or renewal is not None or self.single_use
        memory = Memory() if memory is None and remembers else memory
        self._trusted = Choice(issuers, envelopes)
        self._bound = bound
        self._dpop: Proof = dpop
        self._shared = shared
        self._clock = clock
        self._known = VerifiedTokens()
        self._renewals = None if renewal is None or memory is None else Renewals(renewal, clock, memory)
        self._uses = None if memory is None else Uses(clock, memory, marks)
        nonces = Nonces(clock, memory.secret) if nonce and memory is not None else None
        self._proofs = None if dpop == "off" or self._uses is None else Proofs(clock, self._uses, nonces)
        self.evidence = frozenset(("a signed bearer token",) if shared else ALL_BEARER)
        self.challenges = {"off": (CHALLENGE,), "required": (PROOF_CHALLENGE,)}.get(dpop, (CHALLENGE, PROOF_CHALLENGE))
        self.challenge = self.challenges[0]
        self.headers = frozenset((b"authorization",) if dpop == "off" else (b"authorization", b"dpop"))

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
            SharedUnavailable: there is a proof, and nobody can know now whether it was used at another gateway.
        """
        token = take_token(request.headers)
        if token is None:
            return None if self._proofs is None else await self._proven(request)
        if self._shared and not looks_signed(token):
            return None
        verified = self._known.get(token, self._clock())
        if verified is None:
            verified = await self._remembered(token)
        if verified.confirmation is not None:
            self._confirm(verified.confirmation, request)
        return verified.principal

    async def _remembered(self, token: bytes) -> Verified:
        verified = await self._judge(token)
        self._known.put(token, verified)
        return verified

    def _confirm(self, confirmation: Confirmation, request: Request) -> None:
        """Check what a token demands that came as a bearer token; a key is not shown by that."""
        if confirmation.certificate is None:
            raise InvalidToken("a token of a key came without a proof", reason=Reason.TOKEN_NOT_BOUND_TO_KEY)
        check = check_binding if self._renewals is None else self._renewals.check
        check(confirmation.certificate, request.peer.certificate)

    async def _proven(self, request: Request) -> Principal | None:
        """Judge a token that came with a proof."""
        token = take_bound_token(request.headers)
        if token is None or self._proofs is None:
            return None
        verified = self._known.get(token, self._clock()) or await self._remembered(token)
        confirmation = verified.confirmation
        if confirmation is None or confirmation.key is None:
            raise InvalidToken("the token is of no key", reason=Reason.TOKEN_NOT_BOUND_TO_KEY)
        await self._proofs.check(request, token, confirmation.key)
        return verified.principal

    def key_of(self, principal: Principal) -> str | None:
        """Return the id of the key that vouches for a principal whose token is remembered; for `explain`."""
        return self._known.key_of(principal)

    async def judge(self, token: bytes) -> Principal:
        """Return whom a token proves, wherever it came from: nothing is remembered, no binding is checked.

        Raises:
            InvalidToken: it is bad.
            KeysUnavailable: it cannot be judged now.
        """
        return (await self._judge(token)).principal

    async def _judge(self, token: bytes) -> Verified:
        """Judge a token as if it had never been seen."""
        jws, openers = self._parse(token)
        claims = read_claims(jws.payload)
        issuer, terms = self._trusted.of(claims)
        if openers is not None and issuer.name not in openers:
            raise InvalidToken("encrypted for another issuer's key", reason=Reason.TOKEN_UNDECIPHERABLE)
        check_pins(claims, terms)
        if len(token) > terms.max_token:
            raise InvalidToken(f"the token has {len(token)} octets", reason=Reason.TOKEN_TOO_LARGE)
        check_type(jws.type, terms)
        key = verify(jws, await issuer.keys_for(jws.kid, jws.algorithm, read_issued(claims)))
        check_audience(claims, terms)
        check_required(claims, terms)
        validity = read_validity(claims, terms)
        validity.check(self._clock())
        principal = _principal(claims, issuer.name, terms, validity)
        confirmation = read_confirmation(claims, self._bound, self._dpop)
        return Verified(principal, validity, confirmation, issuer, key, len(token))

    def _parse(self, token: bytes) -> tuple[Jws, frozenset[str] | None]:
        """Return a token's parts and, where it came encrypted, the issuers whose keys opened it."""
        largest = self._trusted.largest
        if not is_closed(token) or len(token) > largest:
            return parse(token, largest), None
        inner, openers = self._trusted.open(token)
        return parse(inner, largest), openers


def _principal(claims: dict[str, Any], issuer: str, terms: Terms, validity: Validity) -> Principal:
    names = terms.names
    return Principal(
        subject=read_subject(claims, terms),
        issuer=issuer,
        method=METHOD,
        claims=MappingProxyType(claims),
        tenant=read_text(claims.get(names.tenant)),
        environment=read_text(claims.get(names.environment)),
        expires=validity.ends,
        permissions=claims.get(names.permissions),
        scopes=claims.get(names.scope),
    )


def compile_jwt(
    spec: JwtSpec,
    issuers: Mapping[str, Issuer],
    clock: Callable[[], float] = time.time,
    *,
    shared: bool = False,
    folder: Path = Path(),
    memory: Memory | None = None,
    marks: Marks | None = None,
    kind: type[JwtAuthenticator] = JwtAuthenticator,
) -> JwtAuthenticator:
    """Return the authenticator that a block of the configuration describes.

    Raises:
        ConfigError: an issuer is not defined, two cannot be told apart, or a key cannot be read.
    """
    unknown = [name for name in spec.issuers if name not in issuers]
    if unknown:
        raise ConfigError(f"jwt.issuers: {', '.join(unknown)}: not defined under `issuers`")
    chosen = [issuers[name] for name in dict.fromkeys(spec.issuers)]
    return kind(
        chosen,
        spec.bound,
        renewal=spec.renewal,
        dpop=spec.dpop,
        nonce=spec.dpop_nonce,
        shared=shared,
        envelopes=_envelopes(chosen, folder),
        clock=clock,
        memory=memory,
        marks=marks,
    )


def _envelopes(issuers: Iterable[Issuer], folder: Path) -> dict[str, Envelopes]:
    found = {}
    for issuer in issuers:
        paths = [reference.below(folder) for reference in issuer.spec.decryption_keys]
        if (keys := read_keys(paths, f"issuers.{issuer.name}.decryption_keys")) is not None:
            found[issuer.name] = keys
    return found

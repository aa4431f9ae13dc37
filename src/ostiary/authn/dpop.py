"""Proof of possession: whoever shows a token shows that he has the key it was issued to (RFC 9449).

    Authorization: DPoP <token>        the token names the key: cnf.jkt
    DPoP: <proof>                      a JWT, made for this request, signed with that key, which it carries

The key in the proof's header is believed because the token, which the issuer signed, has its thumbprint. A proof
is for one method, one URL, one token and one moment, and counts once.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Any, Final

from ostiary.authn.compact import Jws, parse_proof, read_claims
from ostiary.authn.replay import Uses
from ostiary.authn.signature import is_signed_by
from ostiary.errors import BadRequest, InvalidProof, InvalidToken
from ostiary.jwks.encoding import unpadded
from ostiary.jwks.jwk import Key, read_key
from ostiary.model import Headers, Request
from ostiary.reasons import Reason

ALGORITHMS: Final = ("ES256", "ES384", "EdDSA", "PS256", "RS256")
CHALLENGE: Final = f'DPoP realm="ostiary", algs="{" ".join(ALGORITHMS)}"'
_ALLOWED: Final = frozenset(ALGORITHMS)
_LARGEST: Final = 4096
_WINDOW: Final = 30.0
"""Seconds between a proof's `iat` and our clock, either way."""
_REMEMBERED: Final = 2 * _WINDOW + 1
"""Seconds for which a proof could be shown again."""
_NONCE_LIFE: Final = 300.0
_OURS: Final = re.compile(rb"dpop (?! )", re.IGNORECASE)


def take_bound_token(headers: Headers) -> bytes | None:
    """Return what stands after `Authorization: DPoP`, or None when another scheme or nothing is there.

    Raises:
        BadRequest: Authorization is repeated.
    """
    value = headers.only(b"authorization")
    if value is None or not _OURS.match(value):
        return None
    return value[5:]


class Proofs:
    """Judges proofs, and remembers them for as long as they could be shown again.

    Args:
        clock: epoch seconds.
        uses: what was used.
        nonces: those that proofs must have, or None.
    """

    def __init__(self, clock: Callable[[], float], uses: Uses, nonces: Nonces | None = None) -> None:
        self._clock = clock
        self._uses = uses
        self._nonces = nonces

    async def check(self, request: Request, token: bytes, thumbprint: str) -> None:
        """Return when the request has a proof for itself, made with the key of that thumbprint.

        Raises:
            BadRequest: there are several.
            InvalidProof: there is none, or it proves something else, or was used before.
            SharedUnavailable: nobody can know now whether it was used at another gateway.
        """
        proof = _only_proof(request.headers)
        jws, member = _parsed(proof)
        key = _key(member)
        if not hmac.compare_digest(key.thumbprint, thumbprint):
            raise InvalidProof("the proof is of another key than the token")
        if not is_signed_by(jws, key):
            raise InvalidProof("the proof is not signed with its own key")
        claims = _claims(jws)
        self._judge(claims, request, token)
        await self._use(claims, key)

    def _judge(self, claims: dict[str, Any], request: Request, token: bytes) -> None:
        """RFC 9449, section 4.3."""
        if claims.get("htm") != request.method:
            raise InvalidProof("htm is another method")
        if not isinstance(claims.get("htu"), str) or _plain(claims["htu"]) != _plain(url_of(request)):
            raise InvalidProof("htu is another place")
        digest = unpadded(hashlib.sha256(token).digest())
        if not isinstance(claims.get("ath"), str) or not hmac.compare_digest(claims["ath"].encode(), digest.encode()):
            raise InvalidProof("ath is another token's")
        issued = claims.get("iat")
        if isinstance(issued, bool) or not isinstance(issued, int | float):
            raise InvalidProof("iat is not a number")
        now = self._clock()
        if not now - _WINDOW <= issued <= now + _WINDOW:  # compared, since a difference of large numbers overflows
            raise InvalidProof("iat is not now")
        if self._nonces is not None:
            self._nonces.check(claims.get("nonce"))

    async def _use(self, claims: dict[str, Any], key: Key) -> None:
        identifier = claims.get("jti")
        if not isinstance(identifier, str) or not identifier:
            raise InvalidProof("jti is not text")
        mark = f"{key.thumbprint} {identifier}".encode("utf-8", "surrogatepass")
        used = await self._uses.use(mark, keep=_REMEMBERED, before=claims["iat"] - _WINDOW)
        if used != "fresh":
            why = "jti was seen before" if used == "seen" else "more proofs than can be remembered"
            raise InvalidProof(why, reason=Reason.PROOF_REPLAYED)


class Nonces:
    """Values that a proof can only have if it was made after we gave them out (RFC 9449, section 9).

    One holds for five minutes, and is known by what made it, not by a list.

    Args:
        clock: epoch seconds.
        secret: what they are made of, the same in every process.
    """

    def __init__(self, clock: Callable[[], float], secret: bytes) -> None:
        self._clock = clock
        self._secret = secret

    def current(self) -> str:
        """Return the nonce of now."""
        return self._of(int(self._clock() // _NONCE_LIFE))

    def check(self, shown: Any) -> None:
        """Return when a proof has the nonce of now, or the one before.

        Raises:
            InvalidProof: it has none, or an old one; with the one to use.
        """
        period = int(self._clock() // _NONCE_LIFE)
        good = isinstance(shown, str) and any(
            hmac.compare_digest(shown.encode(), self._of(one).encode()) for one in (period, period - 1)
        )
        if not good:
            raise InvalidProof("nonce is absent or old", reason=Reason.PROOF_NONCE, nonce=self.current())

    def _of(self, period: int) -> str:
        return unpadded(hmac.digest(self._secret, str(period).encode(), "sha256")[:18])


def url_of(request: Request) -> str:
    """Return the URL that a request was made for, without its query."""
    path = request.target.split(b"?", 1)[0].decode("latin-1")
    return f"{request.scheme}://{request.authority.decode('latin-1')}{path}"


def _plain(url: str) -> str:
    """RFC 3986, sections 6.2.2 and 6.2.3: what is equal though it is written differently; no query, no fragment."""
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    authority, slash, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    default = {"https": ":443", "http": ":80"}.get(scheme, "\0")
    return f"{scheme}://{authority.lower().removesuffix(default)}{slash or '/'}{path}"


def _only_proof(headers: Headers) -> bytes:
    try:
        proof = headers.only(b"dpop")
    except BadRequest as error:
        raise InvalidProof("more than one DPoP", reason=Reason.PROOF_MISSING) from error
    if proof is None:
        raise InvalidProof("no DPoP", reason=Reason.PROOF_MISSING)
    return proof


def _parsed(proof: bytes) -> tuple[Jws, dict[str, Any]]:
    try:
        jws, member = parse_proof(proof, _LARGEST)
    except InvalidToken as error:
        raise InvalidProof(error.detail) from error
    if jws.type != "dpop+jwt":
        raise InvalidProof("typ is not dpop+jwt")
    if jws.algorithm not in _ALLOWED:
        raise InvalidProof(f"alg {jws.algorithm[:16]!r}")
    return jws, {**member, "alg": jws.algorithm}


def _key(member: dict[str, Any]) -> Key:
    try:
        return read_key(member, _ALLOWED)
    except ValueError as error:
        raise InvalidProof(f"jwk: {error}") from error


def _claims(jws: Jws) -> dict[str, Any]:
    try:
        return read_claims(jws.payload)
    except InvalidToken as error:
        raise InvalidProof(error.detail) from error

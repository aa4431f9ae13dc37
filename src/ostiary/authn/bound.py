"""Tokens bound to a client certificate (RFC 8705, section 3; RFC 7800) or to a key (RFC 9449).

Whoever steals such a token has nothing: it counts only on a connection that proved the certificate
whose thumbprint it names, or with a proof made by the key that it names. What the token demands is read
once, with the token; whether this request meets it is checked for every request.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from cachetools import LRUCache

from ostiary.authn.memory import Life, Memory
from ostiary.authn.rehearsal import is_rehearsal
from ostiary.errors import InvalidToken
from ostiary.jwks.encoding import base64url
from ostiary.model import Certificate
from ostiary.reasons import Reason

Binding: TypeAlias = Literal["ignore", "when-present", "required"]
Proof: TypeAlias = Literal["off", "when-present", "required"]
_SHA256: Final = 32
_REMEMBERED: Final = 4096
_KEYS: Final = frozenset(("jkt", "jwk", "jwe", "jku", "kid"))
"""Confirmations by a key (RFC 7800, section 3; RFC 9449, section 6), of which a certificate says nothing."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a token demands of whoever shows it. One of the two is there.

    Attributes:
        certificate: the thumbprint that the connection's certificate must have (`x5t#S256`), or None.
        key: the thumbprint of the key that the proof must be made with (`jkt`), or None.
    """

    certificate: str | None = None
    key: str | None = None


def read_confirmation(claims: Mapping[str, Any], mode: Binding, dpop: Proof = "off") -> Confirmation | None:
    """Return what a token demands, or None when it demands nothing.

    A confirmation that we cannot check is refused rather than ignored: the issuer meant the token to be more
    than a bearer token.

    Raises:
        InvalidToken: a binding is required and absent, or is not one that can be checked.
    """
    if dpop != "off" and isinstance(confirmation := claims.get("cnf"), dict) and "jkt" in confirmation:
        if set(confirmation) != {"jkt"} or not _is_thumbprint(confirmation["jkt"]):
            raise InvalidToken("cnf is not a key's thumbprint", reason=Reason.TOKEN_CLAIM_INVALID)
        if mode == "required":
            raise InvalidToken("cnf names a key and no certificate", reason=Reason.TOKEN_NOT_BOUND)
        return Confirmation(key=confirmation["jkt"])
    if dpop == "required":
        raise InvalidToken("cnf names no key", reason=Reason.TOKEN_NOT_BOUND_TO_KEY)
    thumbprint = read_binding(claims, mode)
    return None if thumbprint is None else Confirmation(certificate=thumbprint)


def read_binding(claims: Mapping[str, Any], mode: Binding) -> str | None:
    """Return the thumbprint (`x5t#S256`) that the certificate must have, or None when nothing is demanded.

    A confirmation that we cannot check (such as DPoP's `jkt`, RFC 9449) is refused rather than ignored, also
    beside one that we can: the issuer meant the token to be more than a bearer token.

    Raises:
        InvalidToken: a binding is required and absent, or is not one that can be checked.
    """
    if mode == "ignore":
        return None
    if "cnf" not in claims:
        if mode == "required":
            raise InvalidToken("cnf is absent", reason=Reason.TOKEN_NOT_BOUND)
        return None
    confirmation = claims["cnf"]
    thumbprint: Any = confirmation.get("x5t#S256") if isinstance(confirmation, dict) else None
    if not _is_thumbprint(thumbprint) or not _KEYS.isdisjoint(confirmation):
        raise InvalidToken("cnf is not a certificate's thumbprint alone", reason=Reason.TOKEN_CLAIM_INVALID)
    return str(thumbprint)


def check_binding(thumbprint: str | None, certificate: Certificate | None) -> None:
    """Return when the connection's certificate is the one that the token names, or the token names none.

    Raises:
        InvalidToken: there is no certificate, or it is another one.
    """
    if thumbprint is None:
        return
    if certificate is None:
        raise InvalidToken("a bound token came without a certificate", reason=Reason.TOKEN_NOT_BOUND)
    if not hmac.compare_digest(thumbprint, certificate.thumbprint):
        raise InvalidToken("the token is bound to another certificate", reason=Reason.TOKEN_NOT_BOUND)


def _is_thumbprint(text: Any) -> bool:
    """Whether it is base64url of a SHA-256 digest, neither hexadecimal nor padded (RFC 8705, section 3.1)."""
    try:
        return isinstance(text, str) and len(base64url(text.encode("ascii"))) == _SHA256
    except ValueError:
        return False


class Renewals:
    """Lets a bound token count on with the certificate that has replaced its own.

    A program that renews its certificate keeps its token until that ends, and the token names the old one. The
    new one is taken in its place only when the old one was seen here with such a token, both have the same
    names and the same issuer, and the new one began no longer ago than `window`.

    Args:
        window: seconds, from the beginning of the new certificate.
        clock: epoch seconds.
        memory: what the processes of a gateway remember together.
    """

    __slots__ = ("_clock", "_known", "_memory", "_window")

    def __init__(self, window: float, clock: Callable[[], float], memory: Memory) -> None:
        self._window = window
        self._clock = clock
        self._memory = memory
        self._known: LRUCache[str, Life] = LRUCache(_REMEMBERED)  # of the memory, what this process has seen of it

    def check(self, thumbprint: str, certificate: Certificate | None) -> None:
        """Return when the connection's certificate is the one that the token names, or its successor.

        Raises:
            InvalidToken: there is no certificate, or it is another one.
        """
        if certificate is not None and thumbprint != certificate.thumbprint and self._succeeds(thumbprint, certificate):
            return
        check_binding(thumbprint, certificate)
        if certificate is not None and thumbprint not in self._known and not is_rehearsal():
            self._known[thumbprint] = life = _life(certificate)
            self._memory.note(thumbprint, life, now=self._clock())

    def _succeeds(self, thumbprint: str, new: Certificate) -> bool:
        old, fresh = self._seen(thumbprint), _life(new)
        if old is None or fresh.begins <= old.begins:
            return False
        return 0 <= self._clock() - fresh.begins <= self._window and old.identity == fresh.identity

    def _seen(self, thumbprint: str) -> Life | None:
        """Return what is known of the certificate that a token names, whichever process has seen it."""
        life = self._known.get(thumbprint) or self._memory.life(thumbprint)
        if life is not None and not is_rehearsal():
            self._known[thumbprint] = life
        return life


def _life(certificate: Certificate) -> Life:
    """Return who a certificate is, and since when; one without a name that is known here is nobody but itself."""
    names = certificate.san_uris, certificate.san_dns, certificate.san_emails, certificate.san_upns
    itself = "" if certificate.subject or any(names) else certificate.thumbprint
    said = repr((certificate.issuer, certificate.subject, *names, itself))
    return Life(hashlib.sha256(said.encode()).digest()[:16], certificate.not_before)

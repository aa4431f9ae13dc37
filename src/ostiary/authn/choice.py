"""Whose is a token? Chosen by what it says, believed only when that issuer's key has signed it.

By `iss`, to the letter (RFC 7519, section 4.1.1). Where several issuers write the same one, as Axinom's do for
every tenant, by tenant and environment as well. Nothing is ever fetched from where a token says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from types import MappingProxyType
from typing import Any, Final

from ostiary.authn.claims import Pin, Terms
from ostiary.authn.envelope import Envelopes
from ostiary.errors import ConfigError, InvalidToken
from ostiary.jwks import Issuer
from ostiary.reasons import Reason

NO_ENVELOPES: Final[Mapping[str, Envelopes]] = MappingProxyType({})


class Choice:
    """The issuers of one authenticator.

    Args:
        issuers: the issuers.
        envelopes: our keys for encrypted tokens, by the issuer's name.

    Attributes:
        largest: octets of the largest token that any of them accepts.

    Raises:
        ConfigError: a token could be of two of them.
    """

    def __init__(self, issuers: Iterable[Issuer], envelopes: Mapping[str, Envelopes] = NO_ENVELOPES) -> None:
        self._envelopes = envelopes
        self._trusted: dict[str, list[tuple[Issuer, Terms]]] = {}
        for issuer in issuers:
            terms = Terms.of(issuer.spec)
            for identifier in terms.identifiers:
                self._trusted.setdefault(identifier, []).append((issuer, terms))
        for alike in self._trusted.values():
            _require_distinct(alike)
        self.largest = max(terms.max_token for alike in self._trusted.values() for _, terms in alike)

    def open(self, token: bytes) -> tuple[bytes, frozenset[str]]:
        """Return the signed token in an encrypted one, and the issuers that it may be of: those whose keys open it.

        Raises:
            InvalidToken: none does.
        """
        found: dict[str, bytes] = {}
        refused = InvalidToken("no issuer has keys for encrypted tokens", reason=Reason.TOKEN_UNDECIPHERABLE)
        for name, envelopes in self._envelopes.items():
            try:
                found[name] = envelopes.open(token)
            except InvalidToken as error:
                refused = error
        if not found:
            raise refused
        return next(iter(found.values())), frozenset(found)

    def of(self, claims: Mapping[str, Any]) -> tuple[Issuer, Terms]:
        """Return the one issuer that a token can be of, and what its tokens must say.

        The only one of its `iss` is returned also when it is for another tenant: `check_pins` says why not.

        Raises:
            InvalidToken: no issuer is configured for it.
        """
        identifier = claims.get("iss")
        alike = self._trusted.get(identifier) if isinstance(identifier, str) else None
        if alike is None:
            raise InvalidToken(f"iss {str(identifier)[:200]!r}", reason=Reason.TOKEN_ISSUER_UNKNOWN)
        return max(alike, key=lambda one: _agreement(one[1], claims)) if len(alike) > 1 else alike[0]


def _agreement(terms: Terms, claims: Mapping[str, Any]) -> tuple[bool, int]:
    """How well a token fits: at most one issuer fits altogether; of the others, the nearest has the best reason."""
    hits = [claims.get(pin.claim) == pin.value for pin in terms.pins]
    return all(hits), sum(hits)


def _require_distinct(alike: list[tuple[Issuer, Terms]]) -> None:
    for (one, its), (other, others) in combinations(alike, 2):
        if not any(_excludes(pin, others.pins) for pin in its.pins):
            raise ConfigError(
                f"issuers {one.name} and {other.name} have the same `issuer`: use one of them per route, "
                "or name the `tenant` or `environment` of both"
            )


def _excludes(pin: Pin, others: tuple[Pin, ...]) -> bool:
    return any(other.claim == pin.claim and other.value != pin.value for other in others)

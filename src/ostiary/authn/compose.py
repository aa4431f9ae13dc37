"""Several authenticators on one route: the first that finds its evidence, or every one.

An answer is final either way: evidence that is there and bad never falls through to the next
authenticator, because the caller meant it to be judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from ostiary.errors import ConfigError, CredentialsMissing
from ostiary.model import Authenticator, Principal, Request
from ostiary.reasons import Reason

_MISSING: Final = {
    "mtls": Reason.CERTIFICATE_MISSING,
    "jwt": Reason.TOKEN_MISSING,
    "introspection": Reason.TOKEN_MISSING,
    "api_key": Reason.API_KEY_MISSING,
    "basic": Reason.PASSWORD_MISSING,
}

_REMEMBERED: Final = 4096
"""Joined principals that are remembered."""


class First:
    """`any:` the first authenticator that finds its evidence decides.

    Attributes:
        challenges: what to say in `WWW-Authenticate` (RFC 9110, section 11.6.1).
    """

    def __init__(self, authenticators: Sequence[Authenticator]) -> None:
        _require_one_owner(authenticators)
        _require_reachable(authenticators)
        self._authenticators = tuple(authenticators)
        self._missing = _missing(authenticators[-1])
        self.challenges = _challenges(authenticators)

    @property
    def each(self) -> tuple[Authenticator, ...]:
        """The authenticators, in order."""
        return self._authenticators

    async def authenticate(self, request: Request) -> Principal:
        """Return the principal of the first that finds its evidence.

        Raises:
            CredentialsMissing: none of them does.
            GatewayError: one finds its evidence, and it is bad or cannot be judged now.
        """
        for authenticator in self._authenticators:
            principal = await authenticator.authenticate(request)
            if principal is not None:
                return principal
        raise CredentialsMissing("no evidence of any kind asked for", reason=self._missing)


class Every:
    """`all:` every authenticator must prove somebody; the principal is the last one's.

    The certificate and the other principals stand beside it, so that rules and templates can ask for each.

    Attributes:
        challenges: what to say in `WWW-Authenticate` (RFC 9110, section 11.6.1).
    """

    def __init__(self, authenticators: Sequence[Authenticator]) -> None:
        _require_one_owner(authenticators)
        if any(not one.evidence for one in authenticators):
            raise ConfigError("authenticate.all: anonymous proves nobody, so it cannot be one of all")
        self._authenticators = tuple(authenticators)
        self._memory: dict[tuple[int, ...], tuple[tuple[Principal, ...], Principal]] = {}
        self.challenges = _challenges(authenticators)

    @property
    def each(self) -> tuple[Authenticator, ...]:
        """The authenticators, in order."""
        return self._authenticators

    async def authenticate(self, request: Request) -> Principal:
        """Return the last one's principal, with the others beside it.

        Raises:
            CredentialsMissing: one of them finds no evidence.
            GatewayError: one finds its evidence, and it is bad or cannot be judged now.
        """
        proven: list[Principal] = []
        for authenticator in self._authenticators:
            principal = await authenticator.authenticate(request)
            if principal is None:
                raise CredentialsMissing(f"no evidence for {authenticator.method}", reason=_missing(authenticator))
            proven.append(principal)
        return self._joined(tuple(proven))

    def _joined(self, proven: tuple[Principal, ...]) -> Principal:
        """Return the principals as one; the same ones make the same one, which is remembered.

        They are immutable and held by the entry, so that what has their identity is them.
        """
        key = tuple([id(one) for one in proven])  # compiled, a list costs a fifth of what an iterator does
        entry = self._memory.get(key)
        if entry is None:
            if len(self._memory) >= _REMEMBERED:
                self._memory.clear()
            entry = self._memory[key] = (proven, _together(proven))
        return entry[1]


def _together(proven: Sequence[Principal]) -> Principal:
    """Put the principals of an `all:` into one. It expires with the first of them."""
    *others, last = proven
    if not others:
        return last
    expires = [one.expires for one in proven if one.expires is not None]
    return Principal(
        subject=last.subject,
        issuer=last.issuer,
        method=last.method,
        claims=last.claims,
        certificate=next((one.certificate for one in reversed(proven) if one.certificate is not None), None),
        tenant=last.tenant,
        environment=last.environment,
        others=MappingProxyType({one.method: one for one in others}),
        expires=min(expires, default=None),
        permissions=last.permissions,
        scopes=last.scopes,
    )


def _missing(authenticator: Authenticator) -> Reason:
    return _MISSING.get(authenticator.method, Reason.TOKEN_MISSING)


def _challenges(authenticators: Sequence[Authenticator]) -> tuple[str, ...]:
    """Return every scheme of the route once (RFC 9110, section 11.6.1); one authenticator may know several."""
    known = (challenge for one in authenticators for challenge in getattr(one, "challenges", (one.challenge,)))
    return tuple(dict.fromkeys(challenge for challenge in known if challenge is not None))


def _require_one_owner(authenticators: Sequence[Authenticator]) -> None:
    """Each kind of evidence has one judge: two could disagree, and none proves nobody."""
    if not authenticators:
        raise ConfigError("authenticate: at least one authenticator is wanted")
    taken: set[str] = set()
    for authenticator in authenticators:
        shared = taken & authenticator.evidence
        if shared:
            raise ConfigError(f"authenticate: two authenticators judge the same evidence: {', '.join(sorted(shared))}")
        taken |= authenticator.evidence


def _require_reachable(authenticators: Sequence[Authenticator]) -> None:
    """What asks for no evidence always answers, so it can only be the last resort."""
    if any(not one.evidence for one in authenticators[:-1]):
        raise ConfigError("authenticate.any: nothing after anonymous would ever be asked; put it last")

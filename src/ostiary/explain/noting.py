"""Wrappings that take notes: an authenticator and what it says, a rule and what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ostiary.authn.jwt import JwtAuthenticator
from ostiary.authn.rate import Limited
from ostiary.authn.unrevoked import Revoked
from ostiary.authz.shadow import ShadowRule
from ostiary.config.rules import RuleSpec
from ostiary.errors import CredentialUnavailable, GatewayError, KeysUnavailable, SharedUnavailable, TooManyRequests
from ostiary.explain.explanation import Note, Verdict
from ostiary.explain.reading import read_by
from ostiary.model import Certificate, Credential, Principal, Request, Rule

Aged = Callable[[str], str]
"""Says how old an issuer's key set is, in words."""


class Withheld:
    """A credential that is not opened, because nobody asked for it to be."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    async def get(self) -> Credential:
        """Raise CredentialUnavailable."""
        raise CredentialUnavailable(f"{self.alias} is not opened offline")


class NotingAuthenticator:
    """An authenticator, and what it says.

    Args:
        inner: the compiled one.
        notes: where it is written down.
        where: its line in the file.
        aged: says how old an issuer's key set is.
    """

    def __init__(self, inner: Any, notes: list[Note], where: str, aged: Aged) -> None:
        self._inner = inner
        self._notes = notes
        self._where = where
        self._aged = aged
        self.method, self.evidence, self.challenge = inner.method, inner.evidence, inner.challenge

    async def authenticate(self, request: Request) -> Principal | None:
        """Return, or raise, whatever the inner one does."""
        try:
            principal: Principal | None = await self._inner.authenticate(request)
        except GatewayError as error:
            self._note("unknown" if is_unsure(error) else "no", f"{error.reason}: {error.detail}")
            raise
        if principal is None:
            self._note("pass", "no evidence of its kind")
        else:
            self._note("yes", _who(principal) + self._key(principal))
        return principal

    def _key(self, principal: Principal) -> str:
        """Return which key vouches for a token, and how old the set is that it stands in."""
        key = self._inner.key_of(principal) if isinstance(self._inner, JwtAuthenticator) else None
        return f", key {key}{self._aged(principal.issuer)}" if key else ""

    def _note(self, verdict: Any, text: str) -> None:
        self._notes.append(Note("authenticate", self.method, verdict, text, self._where))


class NotingRevoked:
    """The list of what is revoked, and what it says.

    Args:
        inner: the list.
        notes: where it is written down.
        where: its line in the file.
    """

    def __init__(self, inner: Revoked, notes: list[Note], where: str) -> None:
        self._inner = inner
        self._notes = notes
        self._where = where

    def check(self, principal: Principal, certificate: Certificate | None) -> None:
        """Return, or raise, whatever the list does."""
        try:
            self._inner.check(principal, certificate)
        except GatewayError as error:
            verdict: Verdict = "unknown" if is_unsure(error) else "no"
            self._notes.append(
                Note("authenticate", "revocation", verdict, f"{error.reason}: {error.detail}", self._where)
            )
            raise
        self._notes.append(Note("authenticate", "revocation", "yes", "nothing of it is revoked", self._where))


class NotingLimits:
    """How often somebody may ask, and whether there is room now; nothing is counted.

    Args:
        inner: the authenticators of a route, and its limits.
        notes: where it is written down.
        where: its line in the file.
    """

    def __init__(self, inner: Limited, notes: list[Note], where: str) -> None:
        self._inner = inner
        self._notes = notes
        self._where = where

    async def authenticate(self, request: Request) -> Principal:
        """Return, or raise, whatever the inner ones do."""
        try:
            principal = await self._inner.authenticate(request)
        except TooManyRequests as error:
            self._notes.append(Note("authenticate", "rate", "no", f"{error.reason}: {error.detail}", self._where))
            raise
        self._notes.append(Note("authenticate", "rate", "yes", "there is room, as far as is known here", self._where))
        return principal


class NotingRule:
    """A rule, and what it says.

    Args:
        inner: the compiled one.
        notes: where it is written down.
        spec: what the file says of it.
        where: its line there.
    """

    def __init__(self, inner: Rule, notes: list[Note], spec: RuleSpec, where: str) -> None:
        self._inner = inner
        self._notes = notes
        self._spec = spec
        self._where = where

    def check(self, principal: Principal, request: Request) -> None:
        """Return, or raise, whatever the inner one does. What is tried out is asked, and does not count it."""
        if isinstance(self._inner, ShadowRule):
            refusal = self._inner.refusal(principal, request)
            says = "would hold, in the shadow" if refusal is None else "would refuse, in the shadow"
            self._note("pass", says, principal, request)
            return
        try:
            self._inner.check(principal, request)
        except GatewayError as error:
            self._note("no", f"{error.reason}: {error.detail}", principal, request)
            raise
        self._note("yes", "holds", principal, request)

    def _note(self, verdict: Verdict, text: str, principal: Principal, request: Request) -> None:
        read = read_by(self._spec, principal, request)
        whole = f"{text} ({read})" if read else text
        self._notes.append(Note("authorize", self._spec.kind, verdict, whole, self._where))


def is_unsure(error: GatewayError) -> bool:
    """Whether a request ended because something could not be known."""
    return isinstance(error, KeysUnavailable | CredentialUnavailable | SharedUnavailable)


def _who(principal: Principal) -> str:
    tenant = f", tenant {principal.tenant}" if principal.tenant else ""
    return f"{principal.subject!r} of {principal.issuer} ({principal.method}{tenant})"

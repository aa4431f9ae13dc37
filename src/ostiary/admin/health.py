"""Whether requests may be sent here, and what is not as it should be: functions of what is known, no input or output.

An issuer, a vault or an upstream that is down makes the gateway degraded, never unready: taking it out of
service would turn the trouble of some routes into the trouble of all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ostiary.admin.view import View
from ostiary.jwks.facts import KeyFacts
from ostiary.listener.tally import End
from ostiary.oauth.token import TokenState
from ostiary.reasons import Reason
from ostiary.sealed.errors import SecretError
from ostiary.upstream.reaching import EndpointState
from ostiary.vault.source import CredentialState

Condition = Literal["ok", "degraded", "down"]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that the gateway depends on.

    Attributes:
        kind: issuer, credential, token, key, upstream, certificate, ...
        name: its name in the configuration.
        condition: ok; degraded: it still serves; down: what needs it is refused.
        reason: a word of the closed vocabulary, or None when it is ok.
    """

    kind: str
    name: str
    condition: Condition
    reason: Reason | None = None

    def told(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        reason = None if self.reason is None else str(self.reason)
        return {"kind": self.kind, "name": self.name, "condition": self.condition, "reason": reason}


def parts(view: View, now: float, wall: float) -> Iterator[Part]:
    """Return everything that the gateway depends on (the loop's clock, and seconds since the epoch)."""
    for issuer in view.issuers:
        yield of_keys(issuer.name, issuer.facts())
    for vault in view.vaults:
        for source in vault.sources:
            yield of_credential(source.alias, source.state)
    for token in view.own_tokens:
        yield of_token(token.alias, token.state)
    for ring in view.rings:
        yield of_ring(ring.alias, ring.failure, signs=ring.current() is not None)
    yield from _shared(view)
    for pool in view.upstreams:
        yield of_upstream(pool.name, pool.endpoints(now))
    if view.access.audit is not None:
        yield of_audit(broken=view.access.audit.broken)
    for listener in view.listeners:
        yield of_listener(listener.place.name, listener.place.tls.ends if listener.place.tls else (), wall)


def _shared(view: View) -> Iterator[Part]:
    for link in view.links:
        yield of_link(link.name, here=link.here)
    for copy in view.revocations:
        yield of_revocations(copy.name, known=copy.known, here=all(link.here for link in view.links))


def of_keys(name: str, facts: KeyFacts) -> Part:
    """An issuer's keys."""
    condition: Condition = "down" if facts.void else "degraded" if facts.stale else "ok"
    return Part("issuer", name, condition, None if condition == "ok" else Reason.KEYS_UNAVAILABLE)


def of_credential(alias: str, state: CredentialState) -> Part:
    """A credential."""
    if state.usable and state.reason is None:
        return Part("credential", alias, "ok")
    return Part("credential", alias, "degraded" if state.usable else "down", state.reason or Reason.CREDENTIAL_MISSING)


def of_token(alias: str, state: TokenState) -> Part:
    """A token of the gateway's own. One that nobody has wanted yet is well."""
    if state.reason is None:
        return Part("token", alias, "ok")
    return Part("token", alias, "degraded" if state.usable else "down", state.reason)


def of_ring(name: str, failure: SecretError | None, *, signs: bool) -> Part:
    """A key of ours: whether a version signs, and whether whoever keeps it answers."""
    if signs and failure is None:
        return Part("key", name, "ok")
    reason = Reason.CREDENTIAL_MISSING if failure is None else failure.reason
    return Part("key", name, "degraded" if signs else "down", reason)


def of_link(name: str, *, here: bool) -> Part:
    """What several gateways know together. Without it only what counts once is refused."""
    return Part("shared", name, "ok") if here else Part("shared", name, "down", Reason.SHARED_UNAVAILABLE)


def of_revocations(name: str, *, known: bool, here: bool) -> Part:
    """The copy of what is revoked together: while Redis is away it still answers, for a while."""
    if known and here:
        return Part("shared", name, "ok")
    return Part("shared", name, "degraded" if known else "down", Reason.REVOCATION_UNKNOWN)


def of_upstream(name: str, endpoints: Sequence[EndpointState]) -> Part:
    """An upstream: an endpoint counts as down for a moment after it could not be reached."""
    up = sum(endpoint.up for endpoint in endpoints)
    condition: Condition = "ok" if up == len(endpoints) else "degraded" if up else "down"
    return Part("upstream", name, condition, None if condition == "ok" else Reason.UPSTREAM_UNREACHABLE)


def of_audit(*, broken: bool) -> Part:
    """The audit log, where there is one."""
    return Part("audit", "audit", "down", Reason.AUDIT_UNAVAILABLE) if broken else Part("audit", "audit", "ok")


def of_listener(name: str, ends: Sequence[End], wall: float) -> Part:
    """What a listener uses: its own certificate, the authorities of its callers, their revocation lists."""
    ended = {end.kind for end in ends if end.at <= wall}
    if not ended:
        return Part("listener", name, "ok")
    reason = Reason.CERTIFICATE_REVOCATION_UNKNOWN if ended == {"revocation-list"} else Reason.CERTIFICATE_EXPIRED
    return Part("listener", name, "degraded", reason)

"""Carry one request through the very objects of live traffic, and write down what each of them says.

Authenticators and rules are the compiled ones, each in a wrapping that takes notes and changes nothing; what puts
them together is theirs as well. Nothing is forwarded. Offline nothing is fetched either: what nobody knows is said
to be unknown, and never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias

from ostiary.authn.compose import Every, First
from ostiary.authn.introspection import IntrospectionAuthenticator
from ostiary.authn.jwt import JwtAuthenticator
from ostiary.authz.policy import Policy
from ostiary.authz.shadow import ShadowRule
from ostiary.config.load import Loaded
from ostiary.config.problem import Path as Place
from ostiary.config.schema import RouteSpec
from ostiary.edge.head import read_head
from ostiary.errors import CredentialUnavailable, GatewayError, KeysUnavailable, MethodNotAllowed, RouteNotFound
from ostiary.gateway import Gateway, Route
from ostiary.jwks import Issuer
from ostiary.model import Body, Credential, Headers, Peer, Principal, Record, Request, Rule
from ostiary.reasons import Reason
from ostiary.routing.match import compile_routes

Verdict: TypeAlias = Literal["yes", "no", "pass", "unknown"]
"""`pass`: it says nothing of this request: no evidence of its kind, a condition in the shadow."""


@dataclass(frozen=True, slots=True)
class Note:
    """What one step said.

    Attributes:
        step: route, authenticate, authorize, inject, forward.
        what: which of them.
        verdict: what it said.
        text: why, in words; never a secret.
        where: file:line, or "".
    """

    step: str
    what: str
    verdict: Verdict
    text: str
    where: str = ""


@dataclass(slots=True)
class Explanation:
    """What would become of a request.

    Attributes:
        notes: step by step.
        status: what the caller would get; 0 when it would be forwarded, None when it cannot be known.
        reason: why.
        route: its route, if it has one.
        principal: who was proven, if anybody was.
    """

    notes: list[Note] = field(default_factory=list)
    status: int | None = 0
    reason: Reason = Reason.ALLOWED
    route: str | None = None
    principal: Principal | None = None


class Withheld:
    """A credential that is not opened, because nobody asked for it to be."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    async def get(self) -> Credential:
        """Raise CredentialUnavailable."""
        raise CredentialUnavailable(f"{self.alias} is not opened offline")


class _Noting:
    """An authenticator, and what it says."""

    def __init__(self, inner: Any, notes: list[Note], where: str) -> None:
        self._inner = inner
        self._notes = notes
        self._where = where
        self.method, self.evidence, self.challenge = inner.method, inner.evidence, inner.challenge

    async def authenticate(self, request: Request) -> Principal | None:
        try:
            principal: Principal | None = await self._inner.authenticate(request)
        except GatewayError as error:
            self._note("unknown" if _unsure(error) else "no", f"{error.reason}: {error.detail}")
            raise
        if principal is None:
            self._note("pass", "no evidence of its kind")
        else:
            key = self._inner.key_of(principal) if isinstance(self._inner, JwtAuthenticator) else None
            self._note("yes", _who(principal) + (f", key {key}" if key else ""))
        return principal

    def _note(self, verdict: Verdict, text: str) -> None:
        self._notes.append(Note("authenticate", self.method, verdict, text, self._where))


class _NotingRule:
    """A rule, and what it says."""

    def __init__(self, inner: Rule, notes: list[Note], kind: str, where: str) -> None:
        self._inner = inner
        self._notes = notes
        self._kind = kind
        self._where = where

    def check(self, principal: Principal, request: Request) -> None:
        shadow = self._inner if isinstance(self._inner, ShadowRule) else None
        before = shadow.refused if shadow is not None else 0
        try:
            self._inner.check(principal, request)
        except GatewayError as error:
            self._notes.append(Note("authorize", self._kind, "no", f"{error.reason}: {error.detail}", self._where))
            raise
        if shadow is not None:
            text = "would refuse, in the shadow" if shadow.refused > before else "would hold, in the shadow"
            self._notes.append(Note("authorize", self._kind, "pass", text, self._where))
        else:
            self._notes.append(Note("authorize", self._kind, "yes", "holds", self._where))


def _who(principal: Principal) -> str:
    tenant = f", tenant {principal.tenant}" if principal.tenant else ""
    return f"{principal.subject!r} of {principal.issuer} ({principal.method}{tenant})"


def _unsure(error: GatewayError) -> bool:
    return isinstance(error, KeysUnavailable | CredentialUnavailable)


class Explainer:
    """Explains requests to one configuration.

    Args:
        loaded: the file.
        gateway: what was compiled from it.
    """

    def __init__(self, loaded: Loaded, gateway: Gateway) -> None:
        self._loaded = loaded
        self._gateway = gateway
        self._specs: Mapping[str, tuple[int, RouteSpec]] = {
            route.name: (index, route) for index, route in enumerate(loaded.spec.routes)
        }

    def stay_offline(self) -> None:
        """Ask no issuer: what is on disk is what is known."""
        for part in self._gateway.parts:
            if isinstance(part, Issuer | IntrospectionAuthenticator):
                part.stay_offline()

    async def explain(self, *, method: str, target: bytes, headers: Headers, peer: Peer, scheme: str) -> Explanation:
        """Return what would become of a request."""
        told = Explanation()
        try:
            record = Record()
            body: Body = _Nothing()
            request = read_head(
                id="explain", method=method, target=target, headers=headers, peer=peer, scheme=scheme,
                body=body, record=record,
            )  # fmt: skip
            route = self._find(request, told)
            told.route = route.name
            await self._through(route, request, told)
        except GatewayError as error:
            told.status, told.reason = (None if _unsure(error) else error.status), error.reason
        return told

    def _find(self, request: Request, told: Explanation) -> Route:
        """Say of every route why it lost, and find the one that the gateway finds."""
        for index, spec in enumerate(self._loaded.spec.routes):
            if (why := _lost(spec, request)) is not None:
                told.notes.append(Note("route", spec.name, "pass", why, self._loaded.place("routes", index)))
        try:
            route = self._gateway.find(request)
        except GatewayError as error:
            what = "none" if isinstance(error, RouteNotFound) else "other methods"
            near = _nearest(self._loaded.spec.routes, request) if isinstance(error, RouteNotFound) else ""
            told.notes.append(Note("route", what, "no", f"{error.reason}: {error.detail}{near}".strip(": ")))
            raise
        index, _ = self._specs[route.name]
        told.notes.append(
            Note("route", route.name, "yes", f"{request.host} {request.path}", self._loaded.place("routes", index))
        )
        return route

    async def _through(self, route: Route, request: Request, told: Explanation) -> None:
        index, spec = self._specs[route.name]
        principal = await self._composed(route, index, spec, told).authenticate(request)
        told.principal = principal
        permit = self._policy(route, index, spec, told).permit(principal, request)
        outbound = route.pipeline.upstream.prepare(request, permit)
        for position, (injector, one) in enumerate(zip(route.pipeline.injectors, spec.inject, strict=False)):
            where = self._loaded.place("routes", index, "inject", position)
            alias = getattr(one.value, "credential", None)
            try:
                await injector.inject(outbound)
                text = f"{_written(one)} ******" + (f" (credential {alias})" if alias else "")
                told.notes.append(Note("inject", one.kind, "yes", text, where))
            except CredentialUnavailable as error:
                text = f"{_written(one)}: credential {alias}: {error.detail or error.reason}"
                told.notes.append(Note("inject", one.kind, "unknown", text, where))
        told.notes.append(Note("forward", spec.upstream, "yes", f"{request.method} to {spec.upstream}"))

    def _composed(self, route: Route, index: int, spec: RouteSpec, told: Explanation) -> First | Every:
        several = spec.authenticate.kind in ("any", "all")
        composed = route.pipeline.authenticators
        assert isinstance(composed, First | Every)  # noqa: S101 - what the build makes
        noting = []
        for position, one in enumerate(composed.each):
            steps: Place = ("routes", index, "authenticate", *((spec.authenticate.kind, position) if several else ()))
            noting.append(_Noting(one, told.notes, self._loaded.place(*steps)))
        return type(composed)(noting)

    def _policy(self, route: Route, index: int, spec: RouteSpec, told: Explanation) -> Any:
        policy = route.pipeline.policy
        if not isinstance(policy, Policy) or spec.authorize == "anyone":
            told.notes.append(
                Note("authorize", "anyone", "yes", "whoever was proven", self._loaded.place("routes", index))
            )
            return policy
        rules = [
            _NotingRule(rule, told.notes, one.kind, self._loaded.place("routes", index, "authorize", position))
            for position, (rule, one) in enumerate(zip(policy.rules, spec.authorize, strict=True))
        ]
        return Policy(route.name, rules)


def _lost(spec: RouteSpec, request: Request) -> str | None:
    """Return why a route is not for a request, or None when it could be."""
    try:
        compile_routes([(spec.match, spec.name)]).find(request.host, request.path, request.method)
    except RouteNotFound:
        host = compile_routes([(spec.match.model_copy(update={"host": None}), spec.name)])
        try:
            host.find(request.host, request.path, request.method)
        except GatewayError:
            return f"another path: {spec.match.path}"
        return f"another host: {spec.match.host}"
    except MethodNotAllowed as error:
        return f"other methods: {', '.join(error.allow)}"
    return None


def _nearest(routes: Sequence[RouteSpec], request: Request) -> str:
    """Say which route is most like a request that has none."""
    wanted = {f"{route.match.host or request.host}{route.match.path}": route.name for route in routes}
    close = get_close_matches(f"{request.host}{request.path}", wanted, n=1, cutoff=0.0)
    return f"the nearest is {wanted[close[0]]}: {close[0]}" if close else ""


def _written(one: Any) -> str:
    return {"basic": "Authorization: Basic", "bearer": "Authorization: Bearer"}.get(one.kind) or str(
        getattr(one.value, "name", one.kind)
    )


class _Nothing:
    """The body of a request that is only talked about."""

    length: int | None = 0

    def flow_to(self, sink: Any) -> None:
        """Nothing flows."""

    def pause(self) -> None:
        """Nothing flows."""

    def resume(self) -> None:
        """Nothing flows."""


def lines(told: Explanation) -> Iterator[str]:
    """Return the notes as people read them."""
    signs = {"yes": "ok", "no": "NO", "pass": "--", "unknown": "??"}
    width = max((len(note.what) for note in told.notes), default=0)
    for note in told.notes:
        yield f"{signs[note.verdict]}  {note.step:<12}  {note.what:<{width}}  {note.text}" + (
            f"  ({note.where})" if note.where else ""
        )

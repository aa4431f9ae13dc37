"""Carry one request through the very objects of live traffic, and write down what each of them says.

Authenticators and rules are the compiled ones, each in a wrapping that takes notes and changes nothing; what puts
them together is theirs as well. Nothing is forwarded. Offline nothing is fetched either: what nobody knows is said
to be unknown, and never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from ostiary.authn.compose import Every, First
from ostiary.authn.rate import Limited
from ostiary.authn.rehearsal import rehearsed
from ostiary.authn.unrevoked import Unrevoked
from ostiary.authz.policy import Policy
from ostiary.config.loaded import Loaded
from ostiary.config.schema import RouteSpec
from ostiary.edge.head import read_head
from ostiary.errors import CredentialUnavailable, GatewayError, RouteNotFound
from ostiary.explain.explanation import Explanation, Note
from ostiary.explain.noting import NotingAuthenticator, NotingLimits, NotingRevoked, NotingRule, is_unsure
from ostiary.explain.published import answered_here, of_key_set
from ostiary.explain.question import Question
from ostiary.explain.routes import lost, nearest
from ostiary.gateway import Gateway, Route
from ostiary.jwks import Issuer
from ostiary.model import Body, Headers, Outbound, Peer, Record, Request
from ostiary.pipeline import Authenticators


@runtime_checkable
class Asking(Protocol):
    """A part that asks somebody, and can be told not to."""

    def stay_offline(self) -> None:
        """Ask nobody."""


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
            if isinstance(part, Asking):
                part.stay_offline()

    async def explain(self, *, method: str, target: bytes, headers: Headers, peer: Peer, scheme: str) -> Explanation:
        """Return what would become of a request. It leaves no trace in a gateway that serves."""
        told = Explanation()
        try:
            body: Body = _Nothing()
            request = read_head(
                id="explain", method=method, target=target, headers=headers, peer=peer, scheme=scheme,
                body=body, record=Record(),
            )  # fmt: skip
            route = self._find(request, told)
            told.route = route.name
            if (documents := answered_here(route)) is not None:
                told.notes += await of_key_set(documents, self._loaded.place("publication"))
                return told
            with rehearsed():
                await self._through(route, request, told)
        except GatewayError as error:
            told.status, told.reason = (None if is_unsure(error) else error.status), error.reason
        return told

    async def answer(self, question: Question) -> Explanation:
        """Return what would become of the request that is asked about.

        Raises:
            Unreadable: its certificate is none.
        """
        return await self.explain(
            method=question.method, target=question.target.encode("latin-1"), headers=question.headers(),
            peer=question.peer(), scheme=question.scheme,
        )  # fmt: skip

    def _find(self, request: Request, told: Explanation) -> Route:
        """Say of every route why it lost, and find the one that the gateway finds."""
        for index, spec in enumerate(self._loaded.spec.routes):
            if (why := lost(spec, request)) is not None:
                told.notes.append(Note("route", spec.name, "pass", why, self._loaded.place("routes", index)))
        try:
            route = self._gateway.find(request)
        except GatewayError as error:
            what = "none" if isinstance(error, RouteNotFound) else "other methods"
            near = nearest(self._loaded.spec.routes, request) if isinstance(error, RouteNotFound) else ""
            told.notes.append(Note("route", what, "no", f"{error.reason}: {error.detail}{near}".strip(": ")))
            raise
        own = answered_here(route) is not None
        where = self._loaded.place("publication") if own else self._loaded.place("routes", self._specs[route.name][0])
        told.notes.append(Note("route", route.name, "yes", f"{request.host} {request.path}", where))
        return route

    async def _through(self, route: Route, request: Request, told: Explanation) -> None:
        index, spec = self._specs[route.name]
        principal = await self._composed(route, index, spec, told).authenticate(request)
        told.principal = principal
        permit = self._policy(route, index, spec, told).permit(principal, request)
        outbound = route.pipeline.upstream.prepare(request, permit)
        sent_as = request.record.rewritten
        for position, (injector, one) in enumerate(zip(route.pipeline.injectors, spec.inject, strict=False)):
            told.notes.append(await self._injected(injector, one, outbound, (index, position)))
        as_ = "" if sent_as is None else f" as {sent_as.decode()}"
        told.notes.append(Note("forward", spec.upstream, "yes", f"{request.method} to {spec.upstream}{as_}"))

    async def _injected(self, injector: Any, one: Any, outbound: Outbound, place: tuple[int, int]) -> Note:
        """Write what is to be injected into a head that goes nowhere, and say what it was, not what it says."""
        where = self._loaded.place("routes", place[0], "inject", place[1])
        alias = getattr(one.value, "credential", None)
        try:
            await injector.inject(outbound)
        except CredentialUnavailable as error:
            text = f"{_written(one)}: {f'credential {alias}: ' if alias else ''}{error.detail or error.reason}"
            return Note("inject", one.kind, "unknown", text, where)
        text = f"{_written(one)} ******" + (f" (credential {alias})" if alias else "")
        return Note("inject", one.kind, "yes", text, where)

    def _composed(self, route: Route, index: int, spec: RouteSpec, told: Explanation) -> Authenticators:
        several = spec.authenticate.kind in ("any", "all")
        limited = route.pipeline.authenticators
        composed = limited.inner if isinstance(limited, Limited) else limited
        assert isinstance(composed, First | Every | Unrevoked)  # noqa: S101 - what the build makes
        noting = []
        for position, one in enumerate(composed.each):
            below = (spec.authenticate.kind, position) if several else ()
            where = self._loaded.place("routes", index, "authenticate", *below)
            noting.append(NotingAuthenticator(one, told.notes, where, self._aged))
        proven = self._listed(composed, noting, told)
        if not isinstance(limited, Limited):
            return proven
        return NotingLimits(limited.over(proven), told.notes, self._loaded.place("routes", index, "rate"))

    def _listed(
        self, composed: First | Every | Unrevoked, noting: list[NotingAuthenticator], told: Explanation
    ) -> First | Every | Unrevoked:
        if not isinstance(composed, Unrevoked):
            return type(composed)(noting)
        where = self._loaded.place("shared", "revocation")
        return composed.over(noting, NotingRevoked(composed.revocations, told.notes, where))

    def _policy(self, route: Route, index: int, spec: RouteSpec, told: Explanation) -> Any:
        policy = route.pipeline.policy
        if not isinstance(policy, Policy) or spec.authorize == "anyone":
            where = self._loaded.place("routes", index)
            told.notes.append(Note("authorize", "anyone", "yes", "whoever was proven", where))
            return policy
        rules = [
            NotingRule(rule, told.notes, one, self._loaded.place("routes", index, "authorize", position))
            for position, (rule, one) in enumerate(zip(policy.rules, spec.authorize, strict=True))
        ]
        return Policy(route.name, rules)

    def _aged(self, issuer: str) -> str:
        """Return how old an issuer's key set is, in words; nothing where that is not known."""
        facts = (part.facts() for part in self._gateway.parts if isinstance(part, Issuer) and part.name == issuer)
        age = next((one.age for one in facts), None)
        return "" if age is None else f" of a key set {_in_words(age)} old"


def _in_words(seconds: float) -> str:
    for size, word in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {word}"
    return f"{max(int(seconds), 0)} s"


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

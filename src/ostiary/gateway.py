"""Routes, pipelines, and their lifetime."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from ostiary.authn.verified import VerifiedTokens
from ostiary.authz.shadow import ShadowRule
from ostiary.config.loaded import Loaded
from ostiary.listener.tls import Showing
from ostiary.model import Answer, Request
from ostiary.observe.access import AccessLog
from ostiary.pipeline import Pipeline
from ostiary.routing.match import Routes
from ostiary.upstream import AnyPool


class Part(Protocol):
    """Something with a lifetime: an issuer, a vault, an upstream."""

    async def start(self) -> None:
        """Begin."""

    async def aclose(self) -> None:
        """End, and let go of everything."""


@runtime_checkable
class Heir(Protocol):
    """A part that can begin with what its predecessor knows."""

    name: str

    def inherit(self, previous: Any) -> None:
        """Begin with what the part of the same kind and name knew, as far as that still holds. Before `start`."""


@dataclass(frozen=True, slots=True)
class Route:
    """A name, its pipeline, and what to say to those who prove nothing."""

    name: str
    pipeline: Pipeline
    challenges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decisions:
    """What answers other proxies.

    Attributes:
        gateway: the routes, without parts of its own.
        owned: names of the headers that the policy owns on any route.
        evidence: names of the headers in which callers show evidence on any route, folded.
    """

    gateway: Gateway
    owned: tuple[bytes, ...]
    evidence: frozenset[bytes]


class Gateway:
    """Everything that one configuration says, compiled. Immutable but for its parts' caches.

    Attributes:
        access: where each request gets its line.
        tokens: the memories of verified tokens.
        shadows: the conditions that are tried out, each with its route's name.
        loaded: the file that it was compiled from, if it was.
        decisions: the same routes, whose pipelines end in an answer for another proxy; None when nobody asks.
        shown: the keys that listeners may show in TLS, by name.
    """

    def __init__(  # noqa: PLR0917 - what one configuration comes to
        self,
        routes: Routes[Route],
        parts: Sequence[Part],
        access: AccessLog,
        tokens: Sequence[VerifiedTokens] = (),
        loaded: Loaded | None = None,
        before: Callable[[Request], None] | None = None,
        shadows: Sequence[tuple[str, ShadowRule]] = (),
    ) -> None:
        self._routes = routes
        self._parts = tuple(parts)
        self.tokens = tuple(tokens)
        self.shadows = tuple(shadows)
        self.loaded = loaded
        self._before = before
        self._started = AsyncExitStack()
        self._carrying = AsyncExitStack()  # the upstreams
        self.access = access
        self.decisions: Decisions | None = None
        self.shown: Mapping[str, Showing] = {}

    @property
    def parts(self) -> tuple[Part, ...]:
        """Issuers, vaults, upstreams: what has a lifetime."""
        return self._parts

    @property
    def size(self) -> int:
        """How many routes it has."""
        return len(self._routes)

    def leave_upstreams(self) -> None:
        """Do without connections to upstreams: nothing is forwarded. Before `start`."""
        self._parts = tuple(part for part in self._parts if not isinstance(part, AnyPool))

    def inherit(self, previous: Gateway) -> None:
        """Begin with what the gateway before knows: a reload forgets no key and no credential that still holds."""
        known = {(type(part), part.name): part for part in previous._parts if isinstance(part, Heir)}
        for part in self._parts:
            if isinstance(part, Heir) and (before := known.get((type(part), part.name))) is not None:
                part.inherit(before)

    async def start(self) -> None:
        """Start the parts in order; when one fails, those already started are closed again.

        Raises:
            ConfigError: a part cannot work as configured.
        """
        async with AsyncExitStack() as started, AsyncExitStack() as carrying:
            for part in self._parts:
                stack = carrying if isinstance(part, AnyPool) else started
                stack.push_async_callback(part.aclose)  # beforehand: what fails half-way is closed as well
                await part.start()
            self._started, self._carrying = started.pop_all(), carrying.pop_all()

    async def rest(self) -> None:
        """Close everything but the upstreams: what flows already needs nothing else."""
        await self._started.aclose()

    async def aclose(self) -> None:
        """Close the parts, upstreams first; one that fails to close keeps no other from it."""
        try:
            async with self._started:
                await self._carrying.aclose()
        finally:
            self.access.flush()

    def find(self, request: Request) -> Route:
        """Return the route of a request, or raise RouteNotFound or MethodNotAllowed."""
        return self._routes.find(request.host, request.path, request.method)

    def handle(self, request: Request, answer: Answer) -> Awaitable[None]:
        """Carry one request through its route's pipeline, or raise the GatewayError that it ends with."""
        if self._before is not None:
            self._before(request)
        route = self._routes.find(request.host, request.path, request.method)
        request.record.route = route.name
        request.record.challenges = route.challenges
        return route.pipeline.handle(request, answer)

"""From a checked file to a gateway: the only room that knows every other.

stock.py      what routes are made of: everything that a file names
routes.py     routes and their pipelines
decisions.py  the same routes, for other proxies that ask
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from ostiary.authn.introspection import IntrospectionAuthenticator
from ostiary.authn.jwt import JwtAuthenticator
from ostiary.authn.memory import Memory
from ostiary.authn.verified import VerifiedTokens
from ostiary.authz.shadow import ShadowRule
from ostiary.authz.sync import PermissionSync
from ostiary.build.decisions import compile_decisions
from ostiary.build.routes import compile_all, published
from ostiary.build.stock import Stock, compile_rings, lay_in
from ostiary.config.loaded import Loaded
from ostiary.config.schema import GatewaySpec
from ostiary.gateway import Gateway, Route
from ostiary.inject import withheld
from ostiary.jwks.compile import server_trust
from ostiary.keys import Publication
from ostiary.model import Authenticator, CredentialSource, Request
from ostiary.observe.access import AccessLog
from ostiary.observe.trace import Traces
from ostiary.routing.match import compile_routes

__all__ = ["compile_decisions", "compile_gateway", "compile_rings"]


def compile_gateway(
    loaded: Loaded,
    access: AccessLog | None = None,
    *,
    clock: Callable[[], float] = time.time,
    sources: Mapping[str, CredentialSource] | None = None,
    memory: Memory | None = None,
) -> Gateway:
    """Return the gateway that a file describes, not yet started.

    Args:
        loaded: the file, checked.
        access: where the access log goes; nowhere by default.
        clock: epoch seconds, by which evidence and conditions are judged.
        sources: credentials in place of those in the vaults, which are left alone then.
        memory: what outlives this gateway, and what other processes remember with it; by default there is none.

    Raises:
        ConfigError: something cannot work as configured.
    """
    spec = loaded.spec
    stock = lay_in(loaded, clock, sources, memory)
    routes, owned = compile_all(stock)
    publication = _publication(stock)
    parts = (*stock.parts, *_asking(routes), *(() if sources is not None else _told(stock)))
    access = access or AccessLog()
    before = _before(spec, access)
    planted = [(one.match, route) for one, route in zip(spec.routes, routes, strict=True)]
    gateway = Gateway(
        compile_routes([*planted, *published(spec.publication, publication)]),
        parts if publication is None else (*parts, publication),
        access,
        _memories(routes),
        loaded,
        before,
        _shadows(routes),
    )
    gateway.shown = dict(stock.shown)
    gateway.decisions = compile_decisions(spec, routes, owned, access, before)
    return gateway


def _before(spec: GatewaySpec, access: AccessLog) -> Callable[[Request], None] | None:
    """Return what is done with every request before anything else; mostly nothing."""
    traces = None if spec.tracing is None else Traces(spec.tracing.sample)
    audited = spec.audit is not None or access.audit is not None
    if traces is None and not audited:
        return None

    def before(request: Request) -> None:
        if traces is not None:
            request.record.trace = traces.begin(request.headers)
        if audited and access.audit is not None:  # a reload may have put another one in its place
            access.audit.check()

    return before


def _publication(stock: Stock) -> Publication | None:
    """Return what is published of our keys; of those that are left alone nothing is known."""
    spec = stock.loaded.spec
    return None if spec.publication is None else Publication(spec.publication, stock.keys or withheld(spec.keys))


def _told(stock: Stock) -> list[PermissionSync]:
    """Return what tells identity services of permissions."""
    folder = stock.loaded.folder
    return [
        PermissionSync(
            name,
            one.sync,
            one.auth_endpoint,
            stock.credentials[one.sync.credential],
            tls=server_trust(name, one, folder),
        )
        for name, one in stock.loaded.spec.issuers.items()
        if one.sync is not None and one.auth_endpoint is not None
    ]


def _shadows(routes: Iterable[Route]) -> list[tuple[str, ShadowRule]]:
    """Return the conditions that are tried out, each with its route's name."""
    return [
        (route.name, rule)
        for route in routes
        for rule in getattr(route.pipeline.policy, "rules", ())
        if isinstance(rule, ShadowRule)
    ]


def _memories(routes: Iterable[Route]) -> list[VerifiedTokens]:
    """Return where routes remember the tokens that they have verified."""
    return [one.known for one in _authenticators(routes) if isinstance(one, JwtAuthenticator)]


def _asking(routes: Iterable[Route]) -> list[IntrospectionAuthenticator]:
    """Return the authenticators that ask somebody, which have a lifetime."""
    return [one for one in _authenticators(routes) if isinstance(one, IntrospectionAuthenticator)]


def _authenticators(routes: Iterable[Route]) -> list[Authenticator]:
    """Return every authenticator once, however many routes share it."""
    each = (one for route in routes for one in getattr(route.pipeline.authenticators, "each", ()))
    return list({id(one): one for one in each}.values())

"""From what a file says of its routes to pipelines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ostiary.authn.compile import Around, compose
from ostiary.authn.compose import Every, First
from ostiary.authn.rate import Limit, Limited
from ostiary.authn.unrevoked import Unrevoked
from ostiary.authz import compile_policy
from ostiary.build.stock import Stock
from ostiary.config.schema import AnonymousSpec, AuthenticateSpec, MatchSpec, PublicationSpec, RouteSpec
from ostiary.gateway import Route
from ostiary.inject import EachCredential, compile_injectors, watched
from ostiary.inject.trace import TraceInjector
from ostiary.keys import Documents, Publication
from ostiary.model import CredentialSource, Injector
from ostiary.pipeline import Pipeline
from ostiary.shared import counter
from ostiary.upstream.rewriting.upstream import require_own, rewritten, stripped


def compile_all(stock: Stock) -> tuple[list[Route], frozenset[bytes]]:
    """Return the routes, in the order of the file, and the folded names that injectors write on any of them.

    Raises:
        ConfigError: something cannot work as configured.
    """
    spec = stock.loaded.spec
    known: dict[str, CredentialSource | EachCredential] = {**stock.credentials, **stock.each}
    injectors = [
        compile_injectors(one.inject, known, stock.tools.towards(spec.upstreams[one.upstream])) for one in spec.routes
    ]
    tracing = () if spec.tracing is None else (TraceInjector(),)
    owned = _owned(injectors).union(*(injector.owns for injector in tracing))
    routes = [_route(one, stock, owned, (*own, *tracing)) for one, own in zip(spec.routes, injectors, strict=True)]
    return routes, owned


def _owned(injectors: Iterable[Sequence[Injector]]) -> frozenset[bytes]:
    """Return every header that any route's injectors write.

    All of them are stripped on all routes: a caller must not speak in the gateway's name on a route
    that happens to inject nothing.
    """
    return frozenset(name for several in injectors for one in several for name in one.owns) - {b"authorization"}


def _route(spec: RouteSpec, stock: Stock, owned: frozenset[bytes], injectors: Sequence[Injector]) -> Route:
    authenticators = _proven(spec, stock)
    strip = owned.union(*(injector.owns for injector in injectors), evidence(authenticators), stripped(spec.rewrite))
    upstream = stock.upstreams[spec.upstream].for_route(strip, frozenset(name.encode() for name in spec.upgrades))
    require_own(spec.rewrite, owned)
    told = rewritten(upstream, spec.rewrite, spec.match.path, stock.loaded.spec.upstreams[spec.upstream])
    policy = compile_policy(spec.name, spec.authorize, stock.around.clock)
    pipeline = Pipeline(authenticators, policy, tuple(injectors), watched(told, injectors))
    return Route(spec.name, pipeline, authenticators.challenges)


def _proven(spec: RouteSpec, stock: Stock) -> First | Every | Unrevoked | Limited:
    """Return who says who is calling: nobody whose evidence is revoked, and nobody too often."""
    composed = compose(spec.authenticate, stock.around)
    revocations = None if stock.shared is None else stock.shared.revocations
    proven = composed if revocations is None else Unrevoked(composed, revocations)
    limits = [Limit(one.per, counter(one, f"{spec.name}\0{one.per}", stock.shared)) for one in spec.rate]
    return Limited(proven, limits) if limits else proven


def evidence(authenticators: object) -> frozenset[bytes]:
    """Return the headers in which the caller showed its evidence: they were for the gateway, and end there."""
    nothing: frozenset[bytes] = frozenset()
    return nothing.union(*(getattr(one, "headers", nothing) for one in getattr(authenticators, "each", ())))


def published(spec: PublicationSpec | None, publication: Publication | None) -> list[tuple[MatchSpec, Route]]:
    """Return the routes under which callers find our public keys: anybody may have them."""
    if spec is None or publication is None or spec.listeners != "all":
        return []
    anybody = compose(AuthenticateSpec(anonymous=AnonymousSpec()), Around({}))
    pipeline = Pipeline(anybody, compile_policy("published-keys", "anyone"), (), Documents(publication))
    route, host = Route("published-keys", pipeline, ()), spec.host
    return [(MatchSpec(host=host, path=path, methods=("GET", "HEAD")), route) for path in publication.paths]

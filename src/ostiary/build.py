"""From a checked file to a gateway: the only module that knows every room."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ostiary.authn.compile import Around, compose
from ostiary.authn.introspection import IntrospectionAuthenticator
from ostiary.authn.jwt import JwtAuthenticator
from ostiary.authn.memory import Memory
from ostiary.authn.verified import VerifiedTokens
from ostiary.authz import compile_policy
from ostiary.authz.shadow import ShadowRule
from ostiary.authz.sync import PermissionSync
from ostiary.config.keys import KeySpec
from ostiary.config.load import Loaded
from ostiary.config.schema import AnonymousSpec, AuthenticateSpec, GatewaySpec, MatchSpec, PublicationSpec, RouteSpec
from ostiary.config.vaults import CredentialSpec, VaultSpec
from ostiary.edge.decide.permit import Permitted
from ostiary.gateway import Decisions, Gateway, Part, Route
from ostiary.inject import EachCredential, Tools, compile_each, compile_injectors, watched, withheld
from ostiary.inject.trace import TraceInjector
from ostiary.jwks import compile_issuer, state_folder
from ostiary.jwks.compile import server_trust
from ostiary.keys import Documents, Publication, Ring, compile_keys, compile_shown
from ostiary.model import Authenticator, CredentialSource, Injector, Request, fold
from ostiary.observe.access import AccessLog
from ostiary.observe.trace import Traces
from ostiary.pipeline import Pipeline
from ostiary.routing.match import compile_routes
from ostiary.upstream import UpstreamPool, compile_upstream
from ostiary.upstream.tls import Showing, issued
from ostiary.vault import Vault, compile_vaults
from ostiary.vault.shown import ShownIdentity


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
    spec, folder = loaded.spec, loaded.folder
    state = state_folder(spec.state, folder)
    issuers = {name: compile_issuer(name, issuer, folder, state) for name, issuer in spec.issuers.items()}
    vaults, credentials = compile_vaults(spec.vaults, _fixed(spec), folder) if sources is None else ({}, sources)
    each = _each(spec, vaults)
    keys = compile_rings(spec.keys, spec.vaults, vaults, folder, clock) if sources is None else {}
    tools = Tools(credentials, folder, _origins(spec), keys or withheld(spec.keys))
    own = compile_shown(keys, spec.keys) if sources is None else {}
    shown: dict[str, Showing] | None = None
    if sources is None:
        shown = {**own, **_issued(spec, vaults)}
    upstreams = {name: compile_upstream(name, one, folder, shown) for name, one in spec.upstreams.items()}
    around = Around(issuers, credentials, folder, clock, memory, tools.keys)
    tracing = () if spec.tracing is None else (TraceInjector(),)
    injectors = [
        compile_injectors(route.inject, {**credentials, **each}, tools.towards(spec.upstreams[route.upstream]))
        for route in spec.routes
    ]
    owned = _owned(injectors).union(*(injector.owns for injector in tracing))
    routes = [
        (route.match, _route(route, around, upstreams, owned, (*own, *tracing)))
        for route, own in zip(spec.routes, injectors, strict=True)
    ]
    asking = _asking(route for _, route in routes)
    told = _told(spec, credentials, folder) if sources is None else ()
    given = (*tools.made.values(), *asking, *told)
    parts: tuple[Part, ...] = (*each.values(), *vaults.values(), *issuers.values(), *upstreams.values(), *given)
    parts = (*parts, *keys.values())
    memories = _memories(route for _, route in routes)
    access = access or AccessLog()
    shadows = _shadows(route for _, route in routes)
    publication = None if spec.publication is None or not keys else Publication(spec.publication, keys)
    parts = parts if publication is None else (*parts, publication)
    planted = compile_routes([*routes, *_published(spec.publication, publication)])
    gateway = Gateway(planted, parts, access, memories, loaded, _before(spec, access), shadows)
    gateway.shown = own
    gateway.decisions = compile_decisions(spec, [route for _, route in routes], owned, access, _before(spec, access))
    return gateway


def _issued(spec: GatewaySpec, vaults: Mapping[str, Vault]) -> dict[str, ShownIdentity]:
    """Return the certificates that vaults issue for upstreams."""
    wanted = {one.tls.credential for one in spec.upstreams.values() if one.tls.credential is not None}
    found = {alias: spec.credentials[alias] for alias in wanted}
    return {issued(alias): ShownIdentity(vaults[one.vault].identity(alias, one)) for alias, one in found.items()}


def compile_decisions(
    spec: GatewaySpec,
    routes: Sequence[Route],
    owned: frozenset[bytes],
    access: AccessLog,
    before: Callable[[Request], None] | None,
) -> Decisions:
    """Return what answers other proxies: the same routes, but that what would be sent upstream is told.

    Args:
        spec: the file.
        routes: as compiled, in the order of the file.
        owned: folded names that injectors write on any route.
        access: where each request gets its line.
        before: what is done with every request before anything else.
    """
    evidence = frozenset(name for route in routes for name in _evidence(route.pipeline.authenticators))
    cookies = {b"cookie"} if any(one.kind == "cookie" for route in spec.routes for one in route.inject) else set()
    names = _spelt(spec, owned | evidence | cookies | {b"authorization"})
    told = [
        (one.match, replace(route, pipeline=replace(route.pipeline, upstream=_told_of(one, route, names))))
        for one, route in zip(spec.routes, routes, strict=True)
    ]
    return Decisions(Gateway(compile_routes(told), (), access, before=before), names, evidence)


def _told_of(spec: RouteSpec, route: Route, names: Sequence[bytes]) -> Permitted:
    return Permitted(route.pipeline.upstream, spec.upstream, names)


def _spelt(spec: GatewaySpec, folded: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return names as the upstream is to see them: as some route writes them, or as they are usually written."""
    written = {
        fold(name.encode()): name.encode()
        for route in spec.routes
        for one in route.inject
        if (name := getattr(one.value, "header", None) or getattr(one.value, "name", None))
        and one.kind not in ("query", "cookie")
    }
    return tuple(written.get(name, name.title()) for name in sorted(folded))


def compile_rings(
    keys: Mapping[str, KeySpec],
    specs: Mapping[str, VaultSpec],
    vaults: Mapping[str, Vault],
    folder: Path,
    clock: Callable[[], float] = time.time,
) -> dict[str, Ring]:
    """Return the keys, with those who are asked for some of them: servers and clouds that a vault is logged in to.

    Raises:
        ConfigError: a key can never work as configured.
    """
    servers = {name: vault.server for name, vault in vaults.items() if vault.server is not None}
    logins = {name: vault.login for name, vault in vaults.items() if vault.login is not None}
    return compile_keys(keys, specs, folder, servers=servers, logins=logins, clock=clock)


def _published(spec: PublicationSpec | None, publication: Publication | None) -> list[tuple[MatchSpec, Route]]:
    """Return the routes under which callers find our public keys: anybody may have them."""
    if spec is None or publication is None or spec.listeners != "all":
        return []
    anybody = compose(AuthenticateSpec(anonymous=AnonymousSpec()), Around({}))
    pipeline = Pipeline(anybody, compile_policy("published-keys", "anyone"), (), Documents(publication))
    route, host = Route("published-keys", pipeline, ()), spec.host
    return [(MatchSpec(host=host, path=path, methods=("GET", "HEAD")), route) for path in publication.paths]


def _shadows(routes: Iterable[Route]) -> list[tuple[str, ShadowRule]]:
    """Return the conditions that are tried out, each with its route's name."""
    return [
        (route.name, rule)
        for route in routes
        for rule in getattr(route.pipeline.policy, "rules", ())
        if isinstance(rule, ShadowRule)
    ]


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


def _told(spec: GatewaySpec, credentials: Mapping[str, CredentialSource], folder: Path) -> list[PermissionSync]:
    """Return what tells identity services of permissions."""
    return [
        PermissionSync(
            name, one.sync, one.auth_endpoint, credentials[one.sync.credential], tls=server_trust(name, one, folder)
        )
        for name, one in spec.issuers.items()
        if one.sync is not None and one.auth_endpoint is not None
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


def _fixed(spec: GatewaySpec) -> dict[str, CredentialSpec]:
    """Return the credentials that are the same for all callers."""
    return {alias: one for alias, one in spec.credentials.items() if not one.for_each}


def _each(spec: GatewaySpec, vaults: Mapping[str, Vault]) -> dict[str, EachCredential]:
    """Return the credentials of which each caller has another one."""
    return {
        alias: compile_each(alias, one.path or alias, vaults[one.vault].members(alias, one))
        for alias, one in spec.credentials.items()
        if one.for_each and vaults
    }


def _origins(spec: GatewaySpec) -> dict[str, str]:
    """Return what the file says of each credential: what was obtained with one is of no use to another."""
    return {
        alias: one.model_dump_json() + spec.vaults[one.vault].model_dump_json()
        for alias, one in spec.credentials.items()
    }


def _owned(injectors: Iterable[Sequence[Injector]]) -> frozenset[bytes]:
    """Return every header that any route's injectors write.

    All of them are stripped on all routes: a caller must not speak in the gateway's name on a route
    that happens to inject nothing.
    """
    return frozenset(name for several in injectors for one in several for name in one.owns) - {b"authorization"}


def _route(
    route: RouteSpec,
    around: Around,
    upstreams: Mapping[str, UpstreamPool],
    owned: frozenset[bytes],
    injectors: Sequence[Injector],
) -> Route:
    authenticators = compose(route.authenticate, around)
    strip = owned.union(*(injector.owns for injector in injectors), _evidence(authenticators))
    upstream = upstreams[route.upstream].for_route(strip, frozenset(name.encode() for name in route.upgrades))
    pipeline = Pipeline(
        authenticators,
        compile_policy(route.name, route.authorize, around.clock),
        tuple(injectors),
        watched(upstream, injectors),
    )
    return Route(route.name, pipeline, authenticators.challenges)


def _evidence(authenticators: object) -> frozenset[bytes]:
    """Return the headers in which the caller showed its evidence: they were for the gateway, and end there."""
    nothing: frozenset[bytes] = frozenset()
    return nothing.union(*(getattr(one, "headers", nothing) for one in getattr(authenticators, "each", ())))

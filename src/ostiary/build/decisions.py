"""What answers other proxies: the same routes, but that what would be sent upstream is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from ostiary.build.routes import evidence
from ostiary.config.schema import GatewaySpec, RouteSpec
from ostiary.edge.decide.permit import Permitted
from ostiary.gateway import Decisions, Gateway, Route
from ostiary.model import Request, fold
from ostiary.observe.access import AccessLog
from ostiary.routing.match import compile_routes


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
    shown = frozenset(name for route in routes for name in evidence(route.pipeline.authenticators))
    cookies = {b"cookie"} if any(one.kind == "cookie" for route in spec.routes for one in route.inject) else set()
    names = _spelt(spec, owned | shown | cookies | {b"authorization"})
    told = [
        (one.match, replace(route, pipeline=replace(route.pipeline, upstream=_told_of(one, route, names))))
        for one, route in zip(spec.routes, routes, strict=True)
    ]
    return Decisions(Gateway(compile_routes(told), (), access, before=before), names, shown)


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

"""Which plain requests a route is for."""

from __future__ import annotations

from typing import Final

from ostiary.config.schema import RouteSpec
from ostiary.export.envoy import shapes
from ostiary.export.envoy.words import Block

_NEVER: Final = ("CONNECT", "TRACE")


def matching(route: RouteSpec, *more: Block) -> Block:
    """Return a match for host, path, methods, and more."""
    methods = route.match.methods
    shape = "|".join(map(shapes.escaped, methods or _NEVER))
    method = {"name": ":method", "string_match": {"safe_regex": {"regex": shape}}, "invert_match": methods is None}
    target = {"name": ":path", "string_match": {"safe_regex": {"regex": shapes.TARGET}}}
    return placed(route, method, target, *more)


def placed(route: RouteSpec, *more: Block) -> Block:
    """Return a match for host, path, and more."""
    hosts = [shapes.host(route.match)]
    if route.match.host is None or route.match.host.startswith("*."):
        hosts.append(shapes.NAME)
    heads = [{"name": ":authority", "string_match": {"safe_regex": {"regex": one}}} for one in hosts]
    return {"safe_regex": {"regex": shapes.path(route.match.path)}, "headers": [*heads, *more]}

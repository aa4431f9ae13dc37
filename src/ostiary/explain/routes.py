"""Why is a route not the one for a request, and which is the nearest?"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from ostiary.config.schema import RouteSpec
from ostiary.errors import GatewayError, MethodNotAllowed, RouteNotFound
from ostiary.model import Request
from ostiary.routing.match import compile_routes


def lost(spec: RouteSpec, request: Request) -> str | None:
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


def nearest(routes: Sequence[RouteSpec], request: Request) -> str:
    """Say which route is most like a request that has none."""
    wanted = {f"{route.match.host or request.host}{route.match.path}": route.name for route in routes}
    close = get_close_matches(f"{request.host}{request.path}", wanted, n=1, cutoff=0.0)
    return f"the nearest is {wanted[close[0]]}: {close[0]}" if close else ""

"""The route table. The first that fits counts, as in the gateway: the nearest host, then segment by segment.

Before all of them stand those that an answer of the gateway chooses. For each pattern there are its native routes, and
after these what is done about requests that match it and are not native: a less exact pattern never gets them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from ostiary.config.schema import UpstreamSpec
from ostiary.export.clause import Judged
from ostiary.export.envoy import shapes
from ostiary.export.envoy.callers import policies
from ostiary.export.envoy.heads import authorization, evidence, removed, said
from ostiary.export.envoy.matches import matching
from ostiary.export.envoy.refused import ambiguous, nowhere, unmatched
from ostiary.export.envoy.secrets import filter_of
from ostiary.export.envoy.tokens import requirement
from ostiary.export.envoy.words import JWT, RBAC, UPSTREAM, Block, seconds, typed
from ostiary.export.plan import Plan
from ostiary.recipes.plan import authority

_ENABLED: Final = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {}}


def routes(plan: Plan) -> list[Block]:
    """Return every route, in order."""
    return [ambiguous(), *_answered(plan), *_matched(plan), *nowhere(plan)]


def _matched(plan: Plan) -> Iterator[Block]:
    for _, group in groupby(sorted(plan.routes, key=_place), _place):
        several = sorted(group, key=lambda each: each.route.match.methods is None)
        yield from (_native(one, plan) for one in several if one.native)
        yield from unmatched([one.route for one in several], plan)


def _place(one: Judged) -> tuple[int, str, tuple[int, ...], str]:
    match = one.route.match
    return shapes.nearness(match), match.host or "", shapes.order(match.path), match.path


def _native(judged: Judged, plan: Plan) -> Block:
    """Return a route that Envoy decides, for requests of the plain shape."""
    route = judged.route
    rules = "rules" if plan.asked is None else "shadow_rules"
    own: Block = {RBAC: typed("filters.http.rbac.v3.RBACPerRoute", rbac={rules: policies(route, plan)})}
    if "authorization" in evidence(route):
        own[JWT] = typed("filters.http.jwt_authn.v3.PerRouteConfig", requirement_name=requirement(judged))
    written = [(one.value.credential, one) for one in route.inject if one.value.credential is not None]
    own |= {filter_of(alias, one): _ENABLED for alias, one in written}
    return {
        "name": route.name,
        "match": matching(route, authorization(route)),
        **forwarding(plan, route.upstream, route.upgrades),
        "request_headers_to_remove": removed(route, plan),
        "request_headers_to_add": [*said(route)],
        "typed_per_filter_config": own,
    }


def _answered(plan: Plan) -> Iterator[Block]:
    """Return a route for each upstream that an answer may name. Who comes to it has been asked about."""
    if plan.asked is None:
        return
    for name in sorted({one.route.upstream for one in plan.routes}):
        named = {"name": UPSTREAM, "string_match": {"exact": name}}
        yield {
            "name": f"asked~{name}",
            "match": {"prefix": "/", "headers": [named]},
            **forwarding(plan, name),
            "request_headers_to_remove": removed(None, plan),
            "request_headers_to_add": [*said(None)],
        }


def forwarding(plan: Plan, upstream: str, upgrades: Sequence[str] = ()) -> Block:
    """Return how a request is forwarded, and to which protocols it may change; an answer knows of none."""
    spec = plan.spec.upstreams[upstream]
    action: Block = {
        "cluster": cluster_of(upstream),
        "timeout": "0s",  # answers stream; what counts is the pause
        "idle_timeout": seconds(max(spec.timeouts.response, spec.timeouts.idle)),
        **_host_sent(spec),
    }
    if upgrades:
        action["upgrade_configs"] = [{"upgrade_type": one} for one in upgrades]
    return {"route": action}


def _host_sent(spec: UpstreamSpec) -> Block:
    if spec.host == "preserve":
        return {}
    if spec.host != "endpoint":
        return {"host_rewrite_literal": spec.host}
    if len(spec.endpoints) == 1:
        return {"host_rewrite_literal": authority(spec.endpoints[0])}
    return {"auto_host_rewrite": True}


def cluster_of(upstream: str) -> str:
    """Return the name of the cluster of an upstream."""
    return f"ostiary_to_{upstream}"

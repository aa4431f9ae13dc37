"""Clusters: upstreams, key sets of issuers, and where decisions are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from ostiary.config.schema import UpstreamSpec
from ostiary.config.sockets import UnixBind
from ostiary.config.values import Bind
from ostiary.export.envoy import tls
from ostiary.export.envoy.routes import cluster_of
from ostiary.export.envoy.tokens import keys_cluster, native_issuers
from ostiary.export.envoy.words import ASKED, Block, address, seconds, typed
from ostiary.export.plan import Plan
from ostiary.recipes.plan import authority

_OPTIONS: Final = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_PATIENCE: Final = 1.0


def clusters(plan: Plan) -> list[Block]:
    """Return every cluster."""
    asked = [] if plan.asked is None else [_cluster(ASKED, [(plan.asked, None)], _PATIENCE)]
    used = sorted({one.route.upstream for one in plan.routes})
    return [*asked, *(_upstream(name, plan.spec.upstreams[name], plan) for name in used), *_keys(plan)]


def _cluster(name: str, ends: list[tuple[Bind | UnixBind, str | None]], patience: float) -> Block:
    return {
        "name": name,
        "type": "STATIC" if all(isinstance(one, UnixBind) for one, _ in ends) else "STRICT_DNS",
        "dns_lookup_family": "V4_PREFERRED",
        "connect_timeout": seconds(patience),
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [_end(bind, hostname) for bind, hostname in ends]}],
        },
    }


def _end(bind: Bind | UnixBind, hostname: str | None) -> Block:
    named = {} if hostname is None else {"hostname": hostname}
    return {"endpoint": {"address": address(bind), **named}}


def _upstream(name: str, spec: UpstreamSpec, plan: Plan) -> Block:
    ends: list[tuple[Bind | UnixBind, str | None]] = [
        (Bind(one.host, one.port), authority(one)) for one in spec.endpoints
    ]
    most = spec.connections * len(spec.endpoints)
    made = _cluster(cluster_of(name), ends, spec.timeouts.connect)
    made["circuit_breakers"] = {"thresholds": [{"max_connections": most, "max_requests": most}]}
    options = typed(
        "upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config={"http_protocol_options": {}},
        common_http_protocol_options={"idle_timeout": seconds(spec.timeouts.keep_alive)},
    )
    made["typed_extension_protocol_options"] = {_OPTIONS: options}
    if spec.endpoints[0].scheme == "https":
        made["transport_socket"] = tls.upstream(name, spec, plan)
    return made


def _keys(plan: Plan) -> Iterator[Block]:
    for name in native_issuers(plan):
        spec = plan.issuers[name]
        if spec.jwks_url is None:
            continue
        parts = urlsplit(spec.jwks_url)
        host, secure = parts.hostname or "", parts.scheme == "https"
        bind = Bind(host, parts.port or (443 if secure else 80))
        made = _cluster(keys_cluster(name), [(bind, None)], spec.keys.timeout)
        if secure:
            trusted = plan.file(spec.authorities[0].path) if spec.authorities else tls.SYSTEM
            made["transport_socket"] = tls.towards(host, trusted)
        yield made

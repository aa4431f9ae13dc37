"""What every configuration of Envoy here has: a listener, routes by what an answer says, clusters.

It is JSON, which is YAML as well: nothing has to be quoted by hand.
"""

from __future__ import annotations

import json
from typing import Any, Final

from ostiary.config.sockets import UnixBind
from ostiary.config.values import Bind
from ostiary.recipes.plan import Plan, Upstream

_TYPE: Final = "type.googleapis.com/envoy.extensions."

Filter = tuple[str, dict[str, Any]]
"""A filter of HTTP, and what it is configured with."""


def document(plan: Plan, service: dict[str, Any], filters: list[Filter], written: list[dict[str, Any]]) -> str:
    """Return the whole configuration.

    Args:
        plan: what it is made from.
        service: the cluster that is asked.
        filters: what a request passes through before it is routed.
        written: header fields that every route writes.
    """
    clusters = [service, *(_forwarding(one) for one in plan.upstreams)]
    static = {"listeners": [_listener(plan, filters, written)], "clusters": clusters}
    return json.dumps({"static_resources": static}, indent=2) + "\n"


def typed(kind: str, **block: Any) -> dict[str, Any]:
    """Return a configuration that says of what kind it is."""
    return {"@type": _TYPE + kind, **block}


def asked(plan: Plan) -> dict[str, Any]:
    """Return the cluster where decisions are asked for."""
    return _cluster("ostiary", [plan.ask])


def _listener(plan: Plan, filters: list[Filter], written: list[dict[str, Any]]) -> dict[str, Any]:
    manager = {"name": "http", "typed_config": _manager(plan, filters, written)}
    chain = {"transport_socket": {"name": "tls", "typed_config": _downstream(plan)}, "filters": [manager]}
    address = {"address": plan.front.host, "port_value": plan.front.port}
    return {"name": "front", "address": {"socket_address": address}, "filter_chains": [chain]}


def _downstream(plan: Plan) -> dict[str, Any]:
    pair = {
        "certificate_chain": {"filename": plan.front.certificate},
        "private_key": {"filename": plan.front.certificate},
    }
    common: dict[str, Any] = {"tls_certificates": [pair], "alpn_protocols": ["h2", "http/1.1"]}
    if plan.certificates:  # every certificate is let through: the gateway judges them, and says what is wrong
        common["validation_context"] = {
            "trusted_ca": {"filename": plan.only_authorities("Envoy")},
            "trust_chain_verification": "ACCEPT_UNTRUSTED",
        }
    return typed("transport_sockets.tls.v3.DownstreamTlsContext", common_tls_context=common)


def _manager(plan: Plan, filters: list[Filter], written: list[dict[str, Any]]) -> dict[str, Any]:
    through = [*filters, ("router", typed("filters.http.router.v3.Router"))]
    return typed(
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="front",
        use_remote_address=True,
        normalize_path=False,
        merge_slashes=False,
        path_with_escaped_slashes_action="KEEP_UNCHANGED",
        forward_client_cert_details="SANITIZE",
        route_config={"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": _routes(plan, written)}]},
        http_filters=[{"name": name, "typed_config": block} for name, block in through],
    )


def _routes(plan: Plan, written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a route for each name that an answer may give; before the answer, and without a name, there is none."""
    found: list[dict[str, Any]] = []
    for one in plan.upstreams:
        named = {"name": "ostiary-upstream", "string_match": {"exact": one.name}}
        action: dict[str, Any] = {"cluster": f"ostiary_to_{one.name}"}
        if one.host == "endpoint":
            action["host_rewrite_literal"] = one.authority
        match = {"prefix": "/", "headers": [named]}
        told = {"request_headers_to_remove": ["ostiary-upstream"], "request_headers_to_add": written}
        found.append({"match": match, "route": action, **told})
    nowhere = {"match": {"prefix": "/"}, "direct_response": {"status": 503}}
    return [*found, nowhere]


def _cluster(name: str, endpoints: list[Bind | UnixBind]) -> dict[str, Any]:
    return {
        "name": name,
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [_endpoint(one) for one in endpoints]}],
        },
    }


def _endpoint(bind: Bind | UnixBind) -> dict[str, Any]:
    if isinstance(bind, UnixBind):
        return {"endpoint": {"address": {"pipe": {"path": bind.path}}}}
    return {"endpoint": {"address": {"socket_address": {"address": bind.host, "port_value": bind.port}}}}


def _forwarding(one: Upstream) -> dict[str, Any]:
    made = _cluster(f"ostiary_to_{one.name}", [Bind(endpoint.host, endpoint.port) for endpoint in one.endpoints])
    made["type"] = "STRICT_DNS"
    if one.tls:
        name = one.server_name or one.endpoints[0].host
        trusted = one.trusted or "/etc/ssl/certs/ca-certificates.crt"
        matched = [{"san_type": "DNS", "matcher": {"exact": name}}]
        validation = {"trusted_ca": {"filename": trusted}, "match_typed_subject_alt_names": matched}
        context = typed(
            "transport_sockets.tls.v3.UpstreamTlsContext",
            sni=name,
            common_tls_context={"validation_context": validation},
        )
        made["transport_socket"] = {"name": "tls", "typed_config": context}
    return made

"""Envoy, ext_authz over HTTP, as JSON, which is YAML as well: nothing has to be quoted by hand.

Envoy writes the answer's headers over the caller's, the empty ones too; what is empty, and what is owned in another
spelling, is taken out by a few lines of Lua. An answer of 5xx is an error to Envoy: callers get its own empty 503.
"""

from __future__ import annotations

import json
from typing import Any, Final

from ostiary.config.sockets import UnixBind
from ostiary.config.values import Bind
from ostiary.recipes.plan import Plan, Upstream
from ostiary.recipes.pretence import PRETENCES, WRITTEN

_TYPE: Final = "type.googleapis.com/envoy.extensions."
_CLIENT: Final = (
    *("www-authenticate", "content-type", "retry-after", "x-request-id", "cache-control", "allow", "dpop-nonce"),
)
_TRACES: Final = ("traceparent", "tracestate")

_WRITTEN: Final = [
    {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
    for key, value in (
        ("x-forwarded-for", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"),
        ("x-forwarded-host", "%REQ(:AUTHORITY)%"),
    )
]

_LUA: Final = """\
local owned = {{ {owned} }}
local only = {{ {pretences} }}
local function fold(name)
  return (string.gsub(string.lower(name), "[_.]", "-"))
end
function envoy_on_request(handle)
  local headers, gone = handle:headers(), {{}}
  for name, value in pairs(headers) do
    local folded = fold(name)
    if owned[folded] and (name ~= owned[folded] or value == "") then
      gone[name] = true
    elseif only[folded] and only[folded] ~= name then
      gone[name] = true
    end
  end
  for name in pairs(gone) do
    headers:remove(name)
  end
end
"""


def write(plan: Plan) -> str:
    """Return the whole configuration."""
    clusters = [_cluster("ostiary", [plan.ask]), *(_forwarding(one) for one in plan.upstreams)]
    static = {"listeners": [_listener(plan)], "clusters": clusters}
    return json.dumps({"static_resources": static}, indent=2) + "\n"


def _typed(kind: str, **block: Any) -> dict[str, Any]:
    return {"@type": _TYPE + kind, **block}


def _exact(*names: str) -> dict[str, Any]:
    return {"patterns": [{"exact": name, "ignore_case": True} for name in names]}


def _listener(plan: Plan) -> dict[str, Any]:
    manager = {"name": "http", "typed_config": _manager(plan)}
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
    return _typed("transport_sockets.tls.v3.DownstreamTlsContext", common_tls_context=common)


def _manager(plan: Plan) -> dict[str, Any]:
    filters = [
        {"name": "ostiary", "typed_config": _ask(plan)},
        {"name": "ostiary_clean", "typed_config": _typed("filters.http.lua.v3.Lua", default_source_code=_lua(plan))},
        {"name": "router", "typed_config": _typed("filters.http.router.v3.Router")},
    ]
    return _typed(
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="front",
        use_remote_address=True,
        normalize_path=False,
        merge_slashes=False,
        path_with_escaped_slashes_action="KEEP_UNCHANGED",
        forward_client_cert_details="SANITIZE",
        route_config={"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": _routes(plan)}]},
        http_filters=filters,
    )


def _ask(plan: Plan) -> dict[str, Any]:
    said = {
        "x-forwarded-for": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
        "x-forwarded-proto": "https",
        **({"x-client-cert": "%DOWNSTREAM_PEER_CERT%"} if plan.certificates else {}),
    }
    service = {
        "server_uri": {"uri": "http://ostiary", "cluster": "ostiary", "timeout": "1.5s"},
        "path_prefix": "/decide",
        "authorization_request": {"headers_to_add": [{"key": key, "value": value} for key, value in said.items()]},
        "authorization_response": {
            "allowed_upstream_headers": _exact(*plan.owned, "ostiary-upstream", "x-request-id"),
            "allowed_client_headers": _exact(*_CLIENT),
        },
    }
    return _typed(
        "filters.http.ext_authz.v3.ExtAuthz",
        http_service=service,
        allowed_headers=_exact("authorization", *plan.evidence, *_TRACES),
        failure_mode_allow=False,
        status_on_error={"code": "ServiceUnavailable"},
        validate_mutations=True,
        clear_route_cache=True,
    )


def _lua(plan: Plan) -> dict[str, str]:
    names = ", ".join(f'["{_folded(name)}"] = "{name.lower()}"' for name in plan.owned)
    mine = {_folded(name) for name in plan.owned}
    gone = {_folded(name): "nothing" for name in PRETENCES if _folded(name) not in mine}
    gone |= {name.lower(): name.lower() for name in WRITTEN}
    only = ", ".join(f'["{name}"] = "{kept}"' for name, kept in gone.items())
    return {"inline_string": _LUA.format(owned=names, pretences=only)}


def _folded(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _routes(plan: Plan) -> list[dict[str, Any]]:
    """Return a route for each name that an answer may give; before the answer, and without a name, there is none."""
    found: list[dict[str, Any]] = []
    for one in plan.upstreams:
        named = {"name": "ostiary-upstream", "string_match": {"exact": one.name}}
        action: dict[str, Any] = {"cluster": f"ostiary_to_{one.name}"}
        if one.host == "endpoint":
            action["host_rewrite_literal"] = one.authority
        match = {"prefix": "/", "headers": [named]}
        told = {"request_headers_to_remove": ["ostiary-upstream"], "request_headers_to_add": _WRITTEN}
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
    cluster = _cluster(f"ostiary_to_{one.name}", [Bind(endpoint.host, endpoint.port) for endpoint in one.endpoints])
    cluster["type"] = "STRICT_DNS"
    if one.tls:
        name = one.server_name or one.endpoints[0].host
        trusted = one.trusted or "/etc/ssl/certs/ca-certificates.crt"
        matched = [{"san_type": "DNS", "matcher": {"exact": name}}]
        validation = {"trusted_ca": {"filename": trusted}, "match_typed_subject_alt_names": matched}
        context = _typed(
            "transport_sockets.tls.v3.UpstreamTlsContext",
            sni=name,
            common_tls_context={"validation_context": validation},
        )
        cluster["transport_socket"] = {"name": "tls", "typed_config": context}
    return cluster

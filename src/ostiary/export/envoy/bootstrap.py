"""The whole configuration."""

from __future__ import annotations

from typing import Final

from ostiary.export.envoy.clusters import clusters
from ostiary.export.envoy.filters import filters
from ostiary.export.envoy.routes import routes
from ostiary.export.envoy.tls import downstream
from ostiary.export.envoy.words import Block, address, extension, seconds, typed
from ostiary.export.plan import Plan

_LARGEST: Final = {"error_level": 20_000, "warn_level": 20_000}
"""Instructions of a compiled expression: ours name many headers, and none of them comes from callers."""

_KIB: Final = 1024
_NO_CREDENTIAL: Final = "response.code_details == 'failed_to_inject_credential'"


def bootstrap(plan: Plan) -> Block:
    """Return the whole configuration. There is no secret in it."""
    return {
        "node": {"id": "ostiary", "cluster": "ostiary"},  # files of secrets are not read without
        "layered_runtime": {"layers": [{"name": "ostiary", "static_layer": {"re2": {"max_program_size": _LARGEST}}}]},
        "static_resources": {"listeners": [_listener(plan)], "clusters": clusters(plan)},
    }


def _listener(plan: Plan) -> Block:
    listener = plan.listener
    bind = plan.place.listen or listener.bind
    limit = "filters.network.connection_limit.v3.ConnectionLimit"
    chain: Block = {
        "filters": [
            extension("connections", limit, stat_prefix="connections", max_connections=listener.limits.connections),
            {"name": "http", "typed_config": _manager(plan)},
        ],
        "transport_socket_connect_timeout": seconds(listener.timeouts.handshake),
    }
    if listener.tls is not None:
        chain["transport_socket"] = {"name": "tls", "typed_config": downstream(listener.tls, plan)}
    return {"name": plan.name, "address": address(bind), "filter_chains": [chain]}


def _manager(plan: Plan) -> Block:
    limits, timeouts = plan.listener.limits, plan.listener.timeouts
    return typed(
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="front",
        use_remote_address=True,
        skip_xff_append=True,
        normalize_path=False,
        merge_slashes=False,
        path_with_escaped_slashes_action="REJECT_REQUEST",
        forward_client_cert_details="SANITIZE",
        server_header_transformation="PASS_THROUGH",
        max_request_headers_kb=max(1, limits.headers // _KIB),
        common_http_protocol_options={
            "max_headers_count": limits.header_count,
            "idle_timeout": seconds(timeouts.keep_alive),
        },
        http_protocol_options={"allow_absolute_url": False},
        request_headers_timeout=seconds(timeouts.headers),
        stream_idle_timeout=seconds(max(timeouts.body, timeouts.send)),
        local_reply_config={"mappers": [_no_credential()]},
        route_config={
            "name": plan.name,
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes(plan)}],
        },
        http_filters=filters(plan),
    )


def _no_credential() -> Block:
    """A credential that is not to be had is nothing that the caller could mend: 503, and not Envoy's 401."""
    kind = "access_loggers.filters.cel.v3.ExpressionFilter"
    found = extension("envoy.access_loggers.extension_filters.cel", kind, expression=_NO_CREDENTIAL)
    return {"filter": {"extension_filter": found}, "status_code": 503, "body": {"inline_string": ""}}

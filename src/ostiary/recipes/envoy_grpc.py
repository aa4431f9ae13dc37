"""Envoy, ext_authz over gRPC.

The gateway sees every field of the caller, and its answer says what has to be written and what has to go, in whatever
spelling it came: nothing has to be named here. A refusal arrives as it is, 503 and `Retry-After` with it.
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.recipes.envoy_parts import asked, document, typed
from ostiary.recipes.plan import Plan

_TIMEOUT: Final = "1.5s"
_IDLE: Final = "30s"
"""Less than the gateway's patience (`timeouts.keep_alive`): a call must not meet a connection that is being closed."""
_HTTP: Final = "upstreams.http.v3.HttpProtocolOptions"


def write(plan: Plan) -> str:
    """Return the whole configuration."""
    http = typed(
        _HTTP,
        explicit_http_config={"http2_protocol_options": {}},
        common_http_protocol_options={"idle_timeout": _IDLE},
    )
    options = {http["@type"].rpartition("/")[2]: http}
    cluster = {**asked(plan), "typed_extension_protocol_options": options}
    return document(plan, cluster, [("ostiary", _ask(plan))], [])


def _ask(plan: Plan) -> dict[str, Any]:
    service = {"envoy_grpc": {"cluster_name": "ostiary", "authority": "ostiary"}, "timeout": _TIMEOUT}
    return typed(
        "filters.http.ext_authz.v3.ExtAuthz",
        transport_api_version="V3",
        grpc_service=service,
        include_peer_certificate=plan.certificates,
        encode_raw_headers=True,
        failure_mode_allow=False,
        status_on_error={"code": "ServiceUnavailable"},
        validate_mutations=True,
        clear_route_cache=True,
    )

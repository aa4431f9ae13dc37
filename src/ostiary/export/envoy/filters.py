"""The filter chain: strip, verify, say yes or nothing, ask, write the credential, forward.

The filter that asks is off only where RBAC has said "allowed", in so many words: without its word, whatever the reason,
the gateway is asked. Callers cannot say that word, it is no header.
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.export.envoy.heads import AUTHORIZATION, overwritten, pretences, scheme
from ostiary.export.envoy.secrets import injectors
from ostiary.export.envoy.tokens import jwt_authn, native_issuers
from ostiary.export.envoy.words import ASKED, CLEAN, PEER, RBAC, UPSTREAM, Block, extension
from ostiary.export.plan import Plan
from ostiary.recipes.safe import header

_TOLD: Final = (
    *("www-authenticate", "content-type", "retry-after", "x-request-id", "cache-control", "allow", "dpop-nonce"),
)
_TRACES: Final = ("traceparent", "tracestate")
_LUA: Final = """\
local owned = {{ {owned} }}
function envoy_on_request(handle)
  local headers = handle:headers()
  for _, name in ipairs(owned) do
    if headers:get(name) == "" then
      headers:remove(name)
    end
  end
end
"""


def filters(plan: Plan) -> list[Block]:
    """Return the filters, in order."""
    tokens = [jwt_authn(plan)] if native_issuers(plan) else []
    return [
        _strip(plan),
        *tokens,
        extension(RBAC, "filters.http.rbac.v3.RBAC"),
        *_asking(plan),
        *injectors(plan),
        extension("router", "filters.http.router.v3.Router", suppress_envoy_headers=True),
    ]


def _strip(plan: Plan) -> Block:
    """Take away what no caller says, and write what the handshake has proven where RBAC can see it."""
    gone = {"remove_on_match": {"key_matcher": {"safe_regex": {"regex": pretences(plan)}}}}
    changes: list[Block] = [gone, {"append": overwritten("x-forwarded-proto", scheme(plan))}]  # no route without it
    if plan.verified:
        changes.append({"append": overwritten(PEER, "%DOWNSTREAM_PEER_URI_SAN%")})
    kind = "filters.http.header_mutation.v3.HeaderMutation"
    return extension("ostiary_strip", kind, mutations={"request_mutations": changes})


def _asking(plan: Plan) -> list[Block]:
    if plan.asked is None:
        return []
    lua = extension(CLEAN, "filters.http.lua.v3.Lua", default_source_code=_lua(plan), clear_route_cache=False)
    return [_ask(plan), lua]


def _ask(plan: Plan) -> Block:
    said = {
        "x-forwarded-for": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
        "x-forwarded-proto": scheme(plan),
        **({"x-client-cert": "%DOWNSTREAM_PEER_CERT%"} if plan.told and plan.listener.tls is not None else {}),
    }
    service = {
        "server_uri": {"uri": "http://ostiary", "cluster": ASKED, "timeout": "1.5s"},
        "path_prefix": "/decide",
        "authorization_request": {"headers_to_add": [{"key": key, "value": value} for key, value in said.items()]},
        "authorization_response": {
            "allowed_upstream_headers": _exact(*plan.owned, UPSTREAM, "x-request-id"),
            "allowed_client_headers": _exact(*_TOLD),
        },
    }
    return extension(
        "envoy.filters.http.ext_authz",
        "filters.http.ext_authz.v3.ExtAuthz",
        http_service=service,
        allowed_headers=_exact(AUTHORIZATION, *plan.evidence, *_TRACES),
        failure_mode_allow=False,
        status_on_error={"code": "ServiceUnavailable"},
        validate_mutations=True,
        clear_route_cache=True,
        filter_enabled_metadata={
            "filter": RBAC,
            "path": [{"key": "shadow_engine_result"}],
            "value": {"string_match": {"exact": "allowed"}},
            "invert": True,
        },
    )


def _exact(*names: str) -> dict[str, Any]:
    return {"patterns": [{"exact": name, "ignore_case": True} for name in dict.fromkeys(names)]}


def _lua(plan: Plan) -> Block:
    """Return what takes away the headers that an answer has left empty."""
    owned = ", ".join(f'"{header(name).lower()}"' for name in plan.owned)
    return {"inline_string": _LUA.format(owned=owned)}

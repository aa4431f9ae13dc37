"""Envoy, ext_authz over HTTP.

Envoy writes the answer's headers over the caller's, the empty ones too; what is empty, and what is owned in another
spelling, is taken out by a few lines of Lua. An answer of 5xx is an error to Envoy: callers get its own empty 503.
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.recipes.envoy_parts import asked, document, typed
from ostiary.recipes.plan import Plan
from ostiary.recipes.pretence import PRETENCES, WRITTEN

_CLIENT: Final = (
    *("www-authenticate", "content-type", "retry-after", "x-request-id", "cache-control", "allow", "dpop-nonce"),
    *("ratelimit", "ratelimit-policy"),
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
  return (string.gsub(string.lower(name), "[^%w:]", "-"))
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
    clean = typed("filters.http.lua.v3.Lua", default_source_code=_lua(plan))
    return document(plan, asked(plan), [("ostiary", _ask(plan)), ("ostiary_clean", clean)], _WRITTEN)


def _exact(*names: str) -> dict[str, Any]:
    return {"patterns": [{"exact": name, "ignore_case": True} for name in names]}


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
    return typed(
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

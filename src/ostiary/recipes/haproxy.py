"""HAProxy 2.6 and newer, with Lua: a configuration, and the script that it loads.

The client of the script tries each ask four times, and 2.6 cannot be told not to: its patience is a quarter of ours.
Without an answer the script has not said yes, and without a yes nothing passes. Trailers of callers pass before 3.2,
which is the first that can be told to drop them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ostiary.config.sockets import UnixBind
from ostiary.recipes.plan import Plan, Upstream, authority

_FILE: Final = """\
# Written by `ostiary recipe haproxy --config {file}`. Change the policy and write it anew: a line that is missing here
# lets something pass. The script beside it is written by `ostiary recipe haproxy-lua`.
global
  lua-load {lua}
defaults
  mode http
  timeout http-request 10s
  timeout connect 2s
  timeout client 30s
  timeout server 30s
.if version_atleast(3.2)
  option http-drop-request-trailers
.endif
frontend front
  bind {listen} ssl crt {certificate} alpn h2,http/1.1{verify}
  # another form of the target would be judged as a path, and forwarded as it is (RFC 9112, section 3.2.2)
  http-request deny deny_status 400 if !{{ url -m beg / }} !{{ req.ver 2.0 }}
  http-request deny deny_status 400 if {{ req.ver 2.0 }} !{{ url -m beg / https:// http:// }}
  http-request set-var(txn.ostiary_ok) int(0)
  http-request lua.ostiary
  http-request deny deny_status 503 unless {{ var(txn.ostiary_ok) -m int 1 }}
{owned}
{pretences}
  # what follows an upgrade is seen by nobody: h2c would carry requests
  http-request del-header ^(connection|upgrade|http2-settings)$ -m reg
  http-request set-header X-Request-Id %[var(txn.ostiary_id)]
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Forwarded-Proto https
  use_backend ostiary_to_%[var(txn.ostiary_upstream)]
{backends}
"""

_JOINT: Final = "[^a-z0-9]"
"""Whatever stands between the words of a header's name; HAProxy has it in lower case."""

_PRETENCES: Final = (
    "forwarded",
    "x-forwarded",
    "x-forwarded-.*",
    "x-(real|client|cluster-client)-ip",
    "((true|fastly)-)?client-ip",
    "cf-connecting-ip",
    "x-envoy-external-address",
    "x-(http-)?host(-override)?",
    "x-arr-clientcert",
    "x-original-(url|uri|host|method|forwarded-for)",
    "x-rewrite-url",
    "x-envoy-original-path",
    "x-(http-)?method-override",
    "x-http-method",
    "client-cert(-chain)?",
    "x-ssl-.*",
    "ssl-client-.*",
    "x-client-cert.*",
    "x-amzn-mtls-.*",
    "proxy",
    "x-request-id",
    "forwarded-for",
    "x-remote-(ip|addr|user)",
    "remote-user",
    "x-originating-ip",
    "(fly-client|do-connecting|proxy-client)-ip",
    "wl-proxy-(client-ip|ssl|client-cert)",
    "x-azure-(client|socket)ip",
    "x-(url-)?scheme",
    "front-end-https",
    "x-script-name",
    "x-middleware-subrequest",
    "x-ms-client-principal(-id|-name)?",
    "x-goog-(iap-jwt-assertion|authenticated-user-(email|id))",
    "x-amzn-oidc-.*",
    "cf-access-.*",
)

_LUA: Final = """\
-- Written by `ostiary recipe haproxy-lua --config {file}`.
local owned = {{ {owned} }}
local own = {{ {not_asked} }}

local function ask(txn)
  local headers = {{}}
  for name, values in pairs(txn.http:req_get_headers()) do
    if not own[name] then
      headers[name] = values
    end
  end
  local secure = txn.f:ssl_fc() == 1 or txn.f:ssl_fc() == true
  headers["x-forwarded-method"] = {{ txn.f:method() }}
  headers["x-forwarded-uri"] = {{ txn.f:pathq() }}
  headers["x-forwarded-host"] = {{ txn.sf:req_fhdr("host") }}
  headers["x-forwarded-proto"] = {{ secure and "https" or "http" }}
  headers["x-forwarded-for"] = {{ txn.sf:src() }}
{told}  return core.httpclient():get{{ url = "http://{host}/decide", headers = headers, timeout = 600{dst} }}
end

local function refuse(txn, answer)
  local headers = {{}}
  for name, values in pairs(answer.headers) do
    if name ~= "content-length" and name ~= "transfer-encoding" and name ~= "connection" then
      headers[name] = {{}}
      local at = 0
      while values[at] do
        table.insert(headers[name], values[at])
        at = at + 1
      end
    end
  end
  txn:done(txn:reply{{ status = answer.status, headers = headers, body = answer.body or "" }})
end

core.register_action("ostiary", {{ "http-req" }}, function(txn)
  local asked, answer = pcall(ask, txn)
  if not asked or not answer or not answer.status or not answer.headers then
    return
  end
  if answer.status >= 400 and answer.status < 600 then
    return refuse(txn, answer)
  end
  local function only(name)
    local values = answer.headers[name]
    return values and values[0] and not values[1] and values[0] or nil
  end
  if answer.status ~= 200 or not only("ostiary-upstream") then
    return
  end
  for name, variable in pairs(owned) do
    local value = only(name)
    if not value then
      return
    end
    txn:set_var(variable, value)
  end
  txn:set_var("txn.ostiary_upstream", only("ostiary-upstream"))
  txn:set_var("txn.ostiary_id", only("x-request-id") or "")
  txn:set_var("txn.ostiary_ok", 1)
end)
"""

_NOT_ASKED: Final = (
    *("host", "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "content-length"),
    *("expect", "upgrade", "http2-settings"),
    *("x-forwarded-method", "x-forwarded-uri", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-for"),
    "x-client-cert",
)


def write(plan: Plan) -> str:
    """Return the whole configuration.

    Raises:
        Unsafe: the policy asks for something that HAProxy has no words for.
    """
    return _FILE.format(
        file=plan.file,
        lua=plan.beside,
        listen=plan.front.listen,
        certificate=plan.front.certificate,
        verify=_verify(plan),
        owned="\n".join(_owned(plan)),
        pretences=f"  http-request del-header ^({'|'.join(map(_alike, _PRETENCES))})$ -m reg",
        backends="\n".join(_backend(one) for one in plan.upstreams),
    )


def write_lua(plan: Plan) -> str:
    """Return the script.

    Raises:
        Unsafe: as for the configuration.
    """
    unix = isinstance(plan.ask, UnixBind)
    told = (
        "  if txn.f:ssl_c_used() == 1 or txn.f:ssl_c_used() == true then\n"
        '    headers["x-client-cert"] = { txn.c:base64(txn.f:ssl_c_der()) }\n  end\n'
    )
    return _LUA.format(
        file=plan.file,
        owned=", ".join(f'["{name.lower()}"] = "{_variable(name)}"' for name in plan.owned),
        not_asked=", ".join(f'["{name}"] = true' for name in _NOT_ASKED),
        told=told if plan.certificates else "",
        host="ostiary" if unix else plan.ask,
        dst=f', dst = "unix@{plan.ask.path}"' if isinstance(plan.ask, UnixBind) else "",
    )


def _verify(plan: Plan) -> str:
    """Let every certificate through: the gateway judges them, and says what is wrong."""
    if not plan.certificates:
        return ""
    return f" ca-file {plan.only_authorities('HAProxy')} verify optional crt-ignore-err all ca-ignore-err all"


def _variable(name: str) -> str:
    return "txn.ostiary_h_" + name.lower().replace("-", "_").replace(".", "_")


def _alike(name: str) -> str:
    """Return a pattern for every spelling that some upstream cannot tell from a name."""
    return name.replace("-", _JOINT)


def _owned(plan: Plan) -> Iterator[str]:
    for name in plan.owned:
        variable = _variable(name)
        spelt = _JOINT.join(name.replace("_", "-").replace(".", "-").split("-"))
        yield f"  http-request del-header ^{spelt.lower()}$ -m reg"
        yield f"  http-request set-header {name} %[var({variable})] if {{ var({variable}),length gt 0 }}"


def _backend(one: Upstream) -> str:
    lines = [f"backend ostiary_to_{one.name}"]
    if one.host == "endpoint":
        lines.append(f"  http-request set-header Host {one.authority}")
    own = ""
    if one.tls:
        name = one.server_name or one.endpoints[0].host
        own = f" ssl verify required ca-file {one.trusted or '@system-ca'} sni str({name}) verifyhost {name}"
    lines += [f"  server s{number} {authority(endpoint)}{own}" for number, endpoint in enumerate(one.endpoints)]
    return "\n".join(lines)

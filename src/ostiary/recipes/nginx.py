"""nginx 1.22 and newer, with `auth_request`.

Two things are easily written wrongly by hand. A header that the answer leaves empty has to be set all the same: then
nginx drops it. And the refusal's body is lost in the subrequest: `/explain` is asked for it, which cannot say yes.
"""

from __future__ import annotations

from collections.abc import Iterator

from ostiary.config.sockets import UnixBind
from ostiary.recipes.plan import Plan, Upstream, authority
from ostiary.recipes.pretence import PRETENCES
from ostiary.recipes.safe import Unsafe

_SYSTEM = "/etc/ssl/certs/ca-certificates.crt"

_FILE = """\
# Written by `ostiary recipe nginx --config {file}`. Change the policy and write it anew: a line that is missing here
# lets something pass. `ostiary recipe nginx --lint FILE` looks at a file that was changed.
events {{}}
http {{
  # the decisions: nobody but this nginx may reach them
  upstream ostiary {{
    server {ask};
    keepalive 32;
  }}
{upstreams}
  server {{
    listen {listen} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {certificate};
    ssl_verify_client {verify};
    underscores_in_headers off;
    ignore_invalid_headers on;
    client_max_body_size 0;

    location = /_ostiary_decide {{
      internal;
      proxy_pass http://ostiary/brief;  # 200 or 403, the only two that nginx passes on without a word
      proxy_read_timeout 1500ms;
{asking}
    }}

    location @ostiary_refused {{
      rewrite ^ /explain? break;
      proxy_pass http://ostiary;
      proxy_method GET;
      proxy_read_timeout 1s;
      proxy_set_header Ostiary-Refusal $ostiary_refusal;
{asking}
    }}

    location / {{
      auth_request /_ostiary_decide;
      auth_request_set $ostiary_upstream $upstream_http_ostiary_upstream;
      auth_request_set $ostiary_id $upstream_http_x_request_id;
      auth_request_set $ostiary_refusal $upstream_http_ostiary_refusal;
{taken}
      error_page 403 500 = @ostiary_refused;

      proxy_pass $ostiary_to;
      proxy_http_version 1.1;
      proxy_set_header Host $ostiary_host;
      proxy_set_header Connection "";
      proxy_set_header X-Request-Id $ostiary_id;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
{owned}
{pretences}
{tls}    }}
  }}
}}
"""

_ASKING = """\
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header X-Forwarded-Method $request_method;
      proxy_set_header X-Forwarded-Uri $request_uri;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Client-Cert {certificate};
      proxy_connect_timeout 1s;
      proxy_next_upstream off;
      proxy_cache off;"""


def write(plan: Plan) -> str:
    """Return the whole configuration.

    Raises:
        Unsafe: the policy asks for something that nginx has no words for.
    """
    ask = f"unix:{plan.ask.path}" if isinstance(plan.ask, UnixBind) else str(plan.ask)
    return _FILE.format(
        file=plan.file,
        ask=ask,
        upstreams="\n".join(_upstreams(plan)),
        listen=plan.front.listen,
        certificate=plan.front.certificate,
        verify="optional_no_ca" if plan.certificates else "off",
        asking=_ASKING.format(certificate="$ssl_client_escaped_cert" if plan.certificates else '""'),
        taken="\n".join(
            f"      auth_request_set ${_variable(name)} $upstream_http_{_tail(name)};" for name in plan.owned
        ),
        owned="\n".join(_owned(plan)),
        pretences="\n".join(_pretences(plan)),
        tls="".join(f"      {line}\n" for line in _tls(plan)),
    )


def _tail(name: str) -> str:
    if "." in name:
        raise Unsafe(f"nginx has no variable for the header {name}")
    return name.lower().replace("-", "_")


def _variable(name: str) -> str:
    return f"ostiary_h_{_tail(name)}"


def _owned(plan: Plan) -> Iterator[str]:
    """Return a line for each header that the policy owns; empty is dropped. Other spellings never get past nginx."""
    for name in plan.owned:
        yield f"      proxy_set_header {name} ${_variable(name)};"
        if "_" in name:
            yield f'      proxy_set_header {name.replace("_", "-")} "";'


def _pretences(plan: Plan) -> Iterator[str]:
    mine = {name.lower().replace("_", "-") for name in plan.owned}
    return (f'      proxy_set_header {name} "";' for name in PRETENCES if name.lower() not in mine)


def _upstreams(plan: Plan) -> Iterator[str]:
    """Return where to forward to, as the answer names it; an answer without a name leads nowhere."""
    for one in plan.upstreams:
        servers = "".join(f"    server {authority(endpoint)};\n" for endpoint in one.endpoints)
        yield f"  upstream ostiary_to_{one.name} {{\n{servers}    keepalive 32;\n  }}"
    yield from _map("ostiary_to", '""', {one.name: f"{_scheme(one)}://ostiary_to_{one.name}" for one in plan.upstreams})
    hosts = {one.name: one.authority for one in plan.upstreams if one.host == "endpoint"}
    yield from _map("ostiary_host", "$http_host", hosts)
    names = {one.name: one.server_name or one.endpoints[0].host for one in plan.upstreams if one.tls}
    yield from _map("ostiary_server_name", '""', names)


def _map(variable: str, default: str, values: dict[str, str]) -> Iterator[str]:
    yield f"  map $ostiary_upstream ${variable} {{"
    yield f"    default {default};"
    yield from (f"    {name} {value};" for name, value in values.items())
    yield "  }"


def _scheme(upstream: Upstream) -> str:
    return "https" if upstream.tls else "http"


def _tls(plan: Plan) -> Iterator[str]:
    secured = [one for one in plan.upstreams if one.tls]
    if not secured:
        return
    trusted = {one.trusted or _SYSTEM for one in secured}
    if len(trusted) > 1:
        raise Unsafe("nginx verifies every upstream of a location with the same authorities; put them into one file")
    yield "proxy_ssl_verify on;"
    yield "proxy_ssl_server_name on;"
    yield "proxy_ssl_name $ostiary_server_name;"
    yield f"proxy_ssl_trusted_certificate {trusted.pop()};"

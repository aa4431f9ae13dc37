"""Caddy 2.6 and newer: the long form of `forward_auth`.

The short form copies headers that are in the answer, and before 2.11.2 lets the caller's own through when one is not
(GHSA-7r4p-vjf4-gxv4); 2.6 writes the placeholder itself. Here each owned header goes first, in every spelling, and
comes back when the answer has something in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ostiary.config.sockets import UnixBind
from ostiary.recipes.plan import Plan, Upstream, authority, spellings
from ostiary.recipes.pretence import PRETENCES, WRITTEN
from ostiary.recipes.safe import Unsafe

_FILE: Final = """\
# Written by `ostiary recipe caddy --config {file}`. Change the policy and write it anew: a line that is missing here
# lets something pass.
{{
	admin off
	auto_https off
	servers {{
		protocols h1 h2
	}}
}}
https://:{port} {{
	bind {host}
	tls {certificate} {certificate}{client_auth}
	route {{
{told}
		reverse_proxy {ask} {{
			method GET
			rewrite /decide
			header_up X-Forwarded-Method {{http.request.method}}
			header_up X-Forwarded-Uri {{http.request.uri}}
			header_up X-Forwarded-Host {{http.request.hostport}}
			header_up X-Forwarded-Proto {{http.request.scheme}}
			header_up X-Forwarded-For {{http.request.remote.host}}
			transport http {{
				dial_timeout 1s
				response_header_timeout 2s
				read_timeout 2s
			}}
			@allowed status 200
			handle_response @allowed {{
				route {{
					request_header -Connection
{owned}
{pretences}
				}}
			}}
		}}
{upstreams}
		respond "the decision names no upstream" 502
	}}
}}
"""

_OWNED: Final = """\
					request_header -{name}
					@has{number} expression `{{http.reverse_proxy.header.{canonical}}} > ""`
					request_header @has{number} {name} {{http.reverse_proxy.header.{canonical}}}"""

_TOLD: Final = """\
		request_header -X-Client-Cert
		@shown expression `{http.request.tls.client.certificate_der_base64} != null`
		request_header @shown X-Client-Cert {http.request.tls.client.certificate_der_base64}"""
"""Without a certificate, 2.6 would send the name of its own variable in the place of one."""

_UPSTREAM: Final = """\
		@to_{name} expression `{{http.reverse_proxy.header.Ostiary-Upstream}} == "{name}"`
		reverse_proxy @to_{name} {endpoints} {{
			header_up X-Request-Id {{http.reverse_proxy.header.X-Request-Id}}{more}
		}}"""

_FAMILIES: Final = (
    *("X-Forwarded-*", "X_forwarded*", "X.forwarded*", "X-Ssl-*", "Ssl-Client-*", "X-Client-Cert*"),
    "X-Amzn-Mtls-*",
)


def write(plan: Plan) -> str:
    """Return the whole Caddyfile.

    Raises:
        Unsafe: the policy asks for something that Caddy has no words for.
    """
    clients = " {\n\t\tclient_auth {\n\t\t\tmode request\n\t\t}\n\t}"
    return _FILE.format(
        file=plan.file,
        port=plan.front.port,
        host=plan.front.host,
        certificate=plan.front.certificate,
        client_auth=clients if plan.certificates else "",
        ask=f"unix/{plan.ask.path}" if isinstance(plan.ask, UnixBind) else str(plan.ask),
        told=_TOLD if plan.certificates else "\t\trequest_header -X-Client-Cert",
        owned="\n".join(_owned(plan)),
        pretences="\n".join(_gone(plan)),
        upstreams="\n".join(_upstream(one) for one in plan.upstreams),
    )


def _owned(plan: Plan) -> Iterator[str]:
    for number, name in enumerate(plan.owned):
        yield _OWNED.format(name=name, number=number, canonical=_canonical(name))


def _canonical(name: str) -> str:
    """Return a name as Go writes it: a capital after each hyphen."""
    if "." in name:
        raise Unsafe(f"Caddy has no placeholder for the header {name}")
    return "-".join(part.capitalize() for part in name.split("-"))


def _gone(plan: Plan) -> Iterator[str]:
    """Return what the upstream never sees: other spellings of what is owned, and what only a proxy may say."""
    mine = {name.lower() for name in plan.owned}
    kept = {"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"}
    plain = (name.replace("-", joint) for name in PRETENCES for joint in "_.")
    for name in (*spellings(plan.owned), *PRETENCES, *plain, *spellings(WRITTEN), *_FAMILIES):
        if name.lower() not in mine | kept:
            yield f"\t\t\t\t\trequest_header -{name}"


def _upstream(one: Upstream) -> str:
    endpoints = " ".join(f"{endpoint.scheme}://{authority(endpoint)}" for endpoint in one.endpoints)
    more = "\n\t\t\theader_up Host {http.reverse_proxy.upstream.hostport}" if one.host == "endpoint" else ""
    if one.tls:
        name = f"\n\t\t\t\ttls_server_name {one.server_name or one.endpoints[0].host}"
        trusted = f"\n\t\t\t\ttls_trusted_ca_certs {one.trusted}" if one.trusted else ""
        more += f"\n\t\t\ttransport http {{\n\t\t\t\ttls{trusted}{name}\n\t\t\t}}"
    return _UPSTREAM.format(name=one.name, endpoints=endpoints, more=more)

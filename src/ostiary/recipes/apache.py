"""Apache 2.4 with mod_authnz_fcgi, which needs no module from elsewhere.

What Apache forwards is what it was asked for (`nocanon`), and what it has asked about is that, too. Headers that the
policy owns go in every spelling, and come back when the answer has something in them. The module's patience is 30 s,
compiled in (`Timeout` does not reach it): while the gateway hangs, callers wait as long, and are told 500.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ostiary.config.sockets import UnixBind
from ostiary.recipes.plan import Plan, authority, spellings
from ostiary.recipes.pretence import PRETENCES, WRITTEN
from ostiary.recipes.safe import Unsafe

_FILE: Final = """\
# Written by `ostiary recipe apache --config {file}`. Change the policy and write it anew: a line that is missing here
# lets something pass. Modules: authn_core authz_core authz_user authnz_fcgi setenvif headers proxy proxy_http ssl.
AuthnzFcgiDefineProvider authnz ostiary fcgi://{ask}/
Listen {listen}
<VirtualHost {listen}>
  SSLEngine on
  SSLCertificateFile {certificate}
  SSLCertificateKeyFile {certificate}
  SSLVerifyClient {verify}
  SSLVerifyDepth 10
  AllowEncodedSlashes NoDecode
  MergeSlashes Off
  TraceEnable off
  ErrorDocument 500 "the decision is not to be had"
{proxy}
  <Location />
    AuthType None
    AuthnzFcgiCheckAuthnProvider ostiary Authoritative On RequireBasicAuth Off UserExpr "%{{reqenv:OSTIARY_ID}}"
    Require valid-user
    SetEnvIf Authorization "(.+)" HTTP_AUTHORIZATION=$1
    # or a caller could name the policy's headers in it, and Apache would take them away
    RequestHeader unset Connection
{told}
{owned}
{gone}
    RequestHeader set X-Request-Id "expr=%{{reqenv:OSTIARY_ID}}"
    RequestHeader set X-Forwarded-Proto "expr=%{{REQUEST_SCHEME}}"
    ProxyPass {scheme}://{upstream}/ nocanon
  </Location>
</VirtualHost>
"""

_OWNED: Final = """\
    RequestHeader unset {name}
    RequestHeader set {name} "expr=%{{reqenv:{variable}}}" "expr=-n reqenv('{variable}')\""""

_CERTIFICATE: Final = """\
    SSLOptions +StdEnvVars
    SetEnvIfExpr "%{SSL_CLIENT_CERT} =~ /([^,]+)/" OSTIARY_CERT=$1"""


def write(plan: Plan) -> str:
    """Return what stands in a file of Apache's own configuration.

    Raises:
        Unsafe: the policy asks for something that Apache has no words for.
    """
    if isinstance(plan.ask, UnixBind):
        raise Unsafe("Apache asks by TCP: bind the listener to a loopback address")
    only = plan.only_upstream("Apache")
    if len(only.endpoints) > 1:
        raise Unsafe("Apache forwards to one endpoint here")
    return _FILE.format(
        file=plan.file,
        ask=plan.ask,
        listen=plan.front.listen,
        certificate=plan.front.certificate,
        verify="optional_no_ca" if plan.certificates else "none",
        proxy="\n".join(_proxy(plan)),
        told=_CERTIFICATE if plan.certificates else "",
        owned="\n".join(_OWNED.format(name=name, variable=_variable(name)) for name in plan.owned),
        gone="\n".join(_gone(plan)),
        scheme="https" if only.tls else "http",
        upstream=authority(only.endpoints[0]),
    )


def _variable(name: str) -> str:
    return "OSTIARY_H_" + name.upper().replace("-", "_").replace(".", "_")


def _proxy(plan: Plan) -> Iterator[str]:
    only = plan.upstreams[0]
    yield f"  ProxyPreserveHost {'On' if only.host == 'preserve' else 'Off'}"
    if only.tls:
        if only.server_name is not None:
            raise Unsafe("Apache verifies the name of the endpoint, and no other")
        yield "  SSLProxyEngine on"
        yield "  SSLProxyVerify require"
        yield f"  SSLProxyCACertificateFile {only.trusted or '/etc/ssl/certs/ca-certificates.crt'}"


def _gone(plan: Plan) -> Iterator[str]:
    mine = {name.lower() for name in plan.owned}
    plain = (name.replace("-", joint) for name in PRETENCES for joint in "_.")
    kept = ("X-Forwarded-For", "X-Forwarded-Host")  # Apache appends to what is there
    for name in (*spellings(plan.owned), *PRETENCES, *plain, *kept, *spellings(WRITTEN)):
        if name.lower() not in mine:
            yield f"    RequestHeader unset {name}"

"""What is configured by documents: Traefik, APISIX, ingress-nginx, the Gateway API, Istio. JSON, which is YAML as well.

None of these was run against the gateway: what they send is replayed in tests from what they are documented to send.
Those that choose the upstream before they ask have one; their own routes say which requests go there.
"""

from __future__ import annotations

import json
from typing import Any, Final

from ostiary.config.sockets import UnixBind
from ostiary.recipes.plan import Plan, authority, spellings
from ostiary.recipes.pretence import PRETENCES, WRITTEN
from ostiary.recipes.safe import Unsafe

_CLIENT: Final = (
    "WWW-Authenticate",
    "Content-Type",
    "Retry-After",
    "X-Request-Id",
    "Cache-Control",
    "Allow",
    "DPoP-Nonce",
    "RateLimit",
    "RateLimit-Policy",
)
_NOTE: Final = "Written by `ostiary recipe`. Change the policy and write it anew."


def traefik(plan: Plan) -> str:
    """Return Traefik's dynamic configuration."""
    only = plan.only_upstream("Traefik")
    mine = {name.lower() for name in plan.owned}
    gone = [name for name in (*spellings(plan.owned), *PRETENCES, *spellings(WRITTEN)) if name.lower() not in mine]
    forward = {
        "address": f"http://{_address(plan)}/decide",
        "authResponseHeaders": [*plan.owned],
        "trustForwardHeader": False,
    }
    middlewares: dict[str, Any] = {
        "ostiary-clean": {"headers": {"customRequestHeaders": dict.fromkeys(gone, "")}},
        "ostiary": {"forwardAuth": forward},
    }
    chain = ["ostiary-clean", "ostiary"]
    if plan.certificates:
        middlewares["ostiary-certificate"] = {"passTLSClientCert": {"pem": True}}
        chain.insert(1, "ostiary-certificate")  # before the question, behind the cleaning
    servers = [{"url": str(one)} for one in only.endpoints]
    balancer = {"servers": servers, "passHostHeader": only.host == "preserve"}
    router = {"rule": "PathPrefix(`/`)", "service": only.name, "middlewares": chain, "tls": {}}
    http = {
        "routers": {"ostiary": router},
        "middlewares": middlewares,
        "services": {only.name: {"loadBalancer": balancer}},
    }
    return _document({"http": http})


def apisix(plan: Plan) -> str:
    """Return a route of APISIX."""
    if plan.certificates:
        raise Unsafe("APISIX does not tell callers' certificates")
    only = plan.only_upstream("APISIX")
    forward = {
        "uri": f"http://{_address(plan)}/decide",
        "request_method": "GET",
        "request_headers": _told(plan),
        "upstream_headers": [*plan.owned],
        "client_headers": [*_CLIENT],
        "timeout": 2000,
        "allow_degradation": False,
        "status_on_error": 503,
    }
    nodes = {authority(one): 1 for one in only.endpoints}
    upstream = {"type": "roundrobin", "scheme": "https" if only.tls else "http", "nodes": nodes}
    upstream["pass_host"] = "pass" if only.host == "preserve" else "node"
    return _document({"id": "ostiary", "uri": "/*", "plugins": {"forward-auth": forward}, "upstream": upstream})


def ingress(plan: Plan) -> str:
    """Return the annotations of an Ingress."""
    prefix = "nginx.ingress.kubernetes.io/"
    annotations = {
        f"{prefix}auth-url": f"http://{_address(plan)}/decide",
        f"{prefix}auth-response-headers": ",".join(plan.owned),
        f"{prefix}auth-method": "GET",
    }
    if plan.certificates:
        annotations[f"{prefix}auth-tls-verify-client"] = "optional_no_ca"
        annotations[f"{prefix}auth-tls-pass-certificate-to-upstream"] = "true"
    return _document({"metadata": {"annotations": annotations}})


def gateway_api(plan: Plan) -> str:
    """Return an HTTPRoute with the filter of GEP-1494 (experimental)."""
    auth = {
        "protocol": "HTTP",
        "backendRef": {"name": "ostiary", "port": _port(plan)},
        "http": {
            "path": "/decide",
            "allowedHeaders": _told(plan, "x-forwarded-for", "x-forwarded-proto"),
            "allowedResponseHeaders": [*plan.owned],
        },
    }
    return _route(plan, auth)


def gateway_api_grpc(plan: Plan) -> str:
    """Return the same that asks by gRPC: every field of the caller is told, and the answer says what goes."""
    return _route(plan, {"protocol": "GRPC", "backendRef": {"name": "ostiary", "port": _port(plan)}, "grpc": {}})


def _route(plan: Plan, auth: dict[str, Any]) -> str:
    only = plan.only_upstream("The Gateway API")
    rule = {
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
        "filters": [{"type": "ExternalAuth", "externalAuth": auth}],
        "backendRefs": [{"name": only.name, "port": only.endpoints[0].port}],
    }
    spec = {"parentRefs": [{"name": "front"}], "rules": [rule]}
    return _document(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": {"name": "ostiary"},
            "spec": spec,
        }
    )


def istio(plan: Plan) -> str:
    """Return a provider for the mesh's configuration, and the policy that asks it."""
    provider = {
        "service": "ostiary.ostiary.svc.cluster.local",
        "port": _port(plan),
        "pathPrefix": "/decide",
        "timeout": "1.5s",
        "failOpen": False,
        "statusOnError": "503",
        "includeRequestHeadersInCheck": _told(plan, "x-forwarded-for", "x-forwarded-proto"),
        "headersToUpstreamOnAllow": [name.lower() for name in plan.owned],
        "headersToDownstreamOnDeny": [name.lower() for name in _CLIENT],
    }
    return _mesh("envoyExtAuthzHttp", provider)


def istio_grpc(plan: Plan) -> str:
    """Return the same that asks by gRPC: every field of the caller is told, and the answer says what goes."""
    provider = {
        "service": "ostiary.ostiary.svc.cluster.local",
        "port": _port(plan),
        "timeout": "1.5s",
        "failOpen": False,
        "statusOnError": "503",
    }
    return _mesh("envoyExtAuthzGrpc", provider)


def _mesh(kind: str, provider: dict[str, Any]) -> str:
    policy = {
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "ostiary", "namespace": "istio-system"},
        "spec": {"action": "CUSTOM", "provider": {"name": "ostiary"}, "rules": [{}]},
    }
    mesh = {"extensionProviders": [{"name": "ostiary", kind: provider}]}
    return _document({"meshConfig": mesh, "policy": policy})


def _told(plan: Plan, *more: str) -> list[str]:
    """Return the caller's fields that the decision needs to see, each once: some of these lists are sets."""
    return [*dict.fromkeys(name.lower() for name in ("authorization", *plan.evidence, *more))]


def _address(plan: Plan) -> str:
    if isinstance(plan.ask, UnixBind):
        raise Unsafe("it asks by TCP: bind the listener to an address")
    return str(plan.ask)


def _port(plan: Plan) -> int:
    if isinstance(plan.ask, UnixBind):
        raise Unsafe("it asks by TCP: bind the listener to an address")
    return plan.ask.port


def _document(content: dict[str, Any]) -> str:
    return f"# {_NOTE}\n{json.dumps(content, indent=2)}\n"

"""What documents look like that other people's controllers read: closed, so that a field of another name is found.

They say what the public definitions say of the fields that recipes write: the CRDs of the Gateway API (v1, experimental
channel, GEP-1494) and of Istio, the messages of Istio's mesh configuration, the plug-in's schema of APISIX, and Traefik's
dynamic configuration.
"""

from __future__ import annotations

from typing import Any

Shape = dict[str, Any]
TEXT: Shape = {"type": "string", "minLength": 1}
NAME: Shape = {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63}
PORT: Shape = {"type": "integer", "minimum": 1, "maximum": 65535}
FIELD: Shape = {"type": "string", "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"}


def whole(needed: Shape, **others: Shape) -> Shape:
    """An object that has these members, maybe those, and no other."""
    return {
        "type": "object",
        "properties": {**needed, **others},
        "required": [*needed],
        "additionalProperties": False,
    }


def listed(item: Shape, **more: Any) -> Shape:
    """A list of these."""
    return {"type": "array", "items": item, "minItems": 1, **more}


SET = listed(FIELD, maxItems=64, uniqueItems=True)
TARGET = whole({"name": NAME, "port": PORT}, group={"const": ""}, kind={"const": "Service"})
ASKED_BY_HTTP = whole(
    {
        "protocol": {"const": "HTTP"},
        "backendRef": TARGET,
        "http": whole(
            {"path": {"type": "string", "pattern": "^/"}, "allowedHeaders": SET, "allowedResponseHeaders": SET}
        ),
    }
)
ASKED_BY_GRPC = whole({"protocol": {"const": "GRPC"}, "backendRef": TARGET, "grpc": whole({}, allowedHeaders=SET)})


def http_route(asked: Shape) -> Shape:
    """An HTTPRoute of the Gateway API, which asks by a filter."""
    rule = whole(
        {
            "matches": listed(whole({"path": whole({"type": {"enum": ["Exact", "PathPrefix"]}, "value": TEXT})})),
            "filters": listed(whole({"type": {"const": "ExternalAuth"}, "externalAuth": asked}), maxItems=16),
            "backendRefs": listed(whole({"name": NAME, "port": PORT}), maxItems=16),
        }
    )
    spec = whole({"parentRefs": listed(whole({"name": NAME})), "rules": listed(rule)})
    version = {"const": "gateway.networking.k8s.io/v1"}
    return whole(
        {"apiVersion": version, "kind": {"const": "HTTPRoute"}, "metadata": whole({"name": NAME}), "spec": spec}
    )


ANSWERED = {
    "timeout": {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?s$"},  # a Duration, as protobuf writes it in JSON
    "failOpen": {"const": False},
    "statusOnError": {"type": "string", "pattern": "^[45][0-9][0-9]$"},
}
SERVED = {"service": TEXT, "port": PORT}
FIELDS = listed({**FIELD, "pattern": "^[a-z0-9!#$%&'*+.^_`|~-]+$"}, uniqueItems=True)


def mesh(provider: Shape) -> Shape:
    """A provider of Istio's mesh configuration, and the policy that asks it."""
    policy = whole(
        {
            "apiVersion": {"const": "security.istio.io/v1"},
            "kind": {"const": "AuthorizationPolicy"},
            "metadata": whole({"name": NAME, "namespace": NAME}),
            "spec": whole(
                {"action": {"const": "CUSTOM"}, "provider": whole({"name": NAME}), "rules": listed({"type": "object"})}
            ),
        }
    )
    return whole({"meshConfig": whole({"extensionProviders": listed(provider)}), "policy": policy})


MESH_BY_HTTP = whole(
    {
        "name": NAME,
        "envoyExtAuthzHttp": whole(
            {
                **SERVED,
                **ANSWERED,
                "pathPrefix": {"const": "/decide"},
                "includeRequestHeadersInCheck": FIELDS,
                "headersToUpstreamOnAllow": FIELDS,
                "headersToDownstreamOnDeny": FIELDS,
            }
        ),
    }
)
MESH_BY_GRPC = whole({"name": NAME, "envoyExtAuthzGrpc": whole({**SERVED, **ANSWERED})})

FORWARD_AUTH = whole(
    {
        "uri": {"type": "string", "pattern": "^https?://"},
        "request_method": {"enum": ["GET", "POST"]},
        "request_headers": listed(FIELD, uniqueItems=True),
        "upstream_headers": listed(FIELD, uniqueItems=True),
        "client_headers": listed(FIELD, uniqueItems=True),
        "timeout": {"type": "integer", "minimum": 1, "maximum": 60000},  # ms
        "allow_degradation": {"const": False},
        "status_on_error": {"type": "integer", "minimum": 400, "maximum": 599},
    }
)
APISIX = whole(
    {
        "id": TEXT,
        "uri": TEXT,
        "plugins": whole({"forward-auth": FORWARD_AUTH}),
        "upstream": whole(
            {
                "type": {"const": "roundrobin"},
                "scheme": {"enum": ["http", "https"]},
                "nodes": {"type": "object", "minProperties": 1, "additionalProperties": {"type": "integer"}},
                "pass_host": {"enum": ["pass", "node"]},
            }
        ),
    }
)

MIDDLEWARES = whole(
    {
        "ostiary": whole(
            {
                "forwardAuth": whole(
                    {
                        "address": {"type": "string", "pattern": "^https?://"},
                        "authResponseHeaders": listed(FIELD, uniqueItems=True),
                        "trustForwardHeader": {"const": False},
                    }
                )
            }
        ),
        "ostiary-clean": whole(
            {
                "headers": whole(
                    {
                        "customRequestHeaders": {
                            "type": "object",
                            "propertyNames": FIELD,
                            "additionalProperties": {"const": ""},
                        }
                    }
                )
            }
        ),
    },
    **{"ostiary-certificate": whole({"passTLSClientCert": whole({"pem": {"const": True}})})},
)
SERVICE = whole(
    {
        "loadBalancer": whole(
            {
                "servers": listed(whole({"url": {"type": "string", "pattern": "^https?://"}})),
                "passHostHeader": {"type": "boolean"},
            }
        )
    }
)
ROUTER = whole(
    {"rule": TEXT, "service": TEXT, "middlewares": listed(TEXT, uniqueItems=True), "tls": {"type": "object"}}
)
TRAEFIK = whole(
    {
        "http": whole(
            {
                "routers": whole({"ostiary": ROUTER}),
                "middlewares": MIDDLEWARES,
                "services": {"type": "object", "additionalProperties": SERVICE, "minProperties": 1},
            }
        )
    }
)

ANNOTATION = "nginx.ingress.kubernetes.io/"
NGINX = {
    f"{ANNOTATION}auth-url": {"type": "string", "pattern": "^https?://"},
    f"{ANNOTATION}auth-response-headers": {"type": "string", "pattern": "^[A-Za-z0-9_-]+(,[A-Za-z0-9_-]+)*$"},
    f"{ANNOTATION}auth-method": {"const": "GET"},
}
TOLD = {
    f"{ANNOTATION}auth-tls-verify-client": {"enum": ["on", "off", "optional", "optional_no_ca"]},
    f"{ANNOTATION}auth-tls-pass-certificate-to-upstream": {"enum": ["true", "false"]},
}
INGRESS = whole({"metadata": whole({"annotations": whole(NGINX, **TOLD)})})

SHAPES: dict[str, Shape] = {
    "gateway-api": http_route(ASKED_BY_HTTP),
    "gateway-api-grpc": http_route(ASKED_BY_GRPC),
    "istio": mesh(MESH_BY_HTTP),
    "istio-grpc": mesh(MESH_BY_GRPC),
    "apisix": APISIX,
    "traefik": TRAEFIK,
    "ingress-nginx": INGRESS,
}

"""Configurations for other proxies, generated from the policy: complete, and nothing to be added by hand.

plan.py      what a recipe is made from: the policy, and where the proxy listens
safe.py      text that may stand in somebody else's configuration; everything else is refused
pretence.py  headers that callers must not send on, whatever the policy says
NAME.py      one proxy: plan -> text
lint.py      what in a configuration of nginx that asks us goes around the answer

All of it is pure: values in, text out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ostiary.config.decisions import DecisionDialect
from ostiary.recipes import apache, caddy, envoy, envoy_grpc, haproxy, kubernetes, nginx
from ostiary.recipes.plan import Plan
from ostiary.recipes.safe import Unsafe

RECIPES: Final[Mapping[str, tuple[DecisionDialect, Callable[[Plan], str]]]] = {
    "nginx": ("nginx", nginx.write),
    "haproxy": ("haproxy", haproxy.write),
    "haproxy-lua": ("haproxy", haproxy.write_lua),
    "apache": ("apache", apache.write),
    "caddy": ("caddy", caddy.write),
    "envoy-http": ("envoy-http", envoy.write),
    "envoy-grpc": ("envoy-grpc", envoy_grpc.write),
    "traefik": ("traefik", kubernetes.traefik),
    "apisix": ("apisix", kubernetes.apisix),
    "ingress-nginx": ("ingress-nginx", kubernetes.ingress),
    "gateway-api": ("envoy-http", kubernetes.gateway_api),
    "gateway-api-grpc": ("envoy-grpc", kubernetes.gateway_api_grpc),
    "istio": ("envoy-http", kubernetes.istio),
    "istio-grpc": ("envoy-grpc", kubernetes.istio_grpc),
}
"""Every recipe: the dialect that it speaks, and what writes it."""

__all__ = ["RECIPES", "Plan", "Unsafe"]

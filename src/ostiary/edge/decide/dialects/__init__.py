"""Every dialect, by its name in the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ostiary.config.decisions import DecisionDialect
from ostiary.edge.decide.ask import FORWARDED, Reader
from ostiary.edge.decide.dialects import apache, envoy, envoy_grpc, forward_auth, ingress, nginx, traefik

READERS: Final[Mapping[DecisionDialect, Reader]] = {
    "nginx": nginx.read,
    "haproxy": forward_auth.read,
    "apache": apache.read,
    "caddy": forward_auth.read,
    "envoy-http": envoy.read,
    "envoy-grpc": envoy_grpc.read,
    "traefik": traefik.read,
    "apisix": forward_auth.read,
    "ingress-nginx": ingress.read,
}
"""How each reads an ask."""

HEADERS: Final[Mapping[DecisionDialect, bytes]] = {
    **dict.fromkeys(READERS, FORWARDED.certificate),
    "traefik": traefik.NAMES.certificate,
    "ingress-nginx": ingress.NAMES.certificate,
}
"""In which header each tells a certificate."""

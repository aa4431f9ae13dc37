"""Caddy as a TLS proxy that demands a client certificate. It judges no token and injects nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from benchmarks.peers import Start
from benchmarks.places import LOOPBACK, Place
from benchmarks.workloads import route_paths


def configuration(place: Place) -> dict[str, Any]:
    """Return its native configuration: one server, no automatic certificates, no admin endpoint."""
    pki = place.material.pki
    certificate = {"certificate": str(pki.server), "key": str(pki.server_key)}
    access = {"writer": {"output": "file", "filename": str(place.folder / "access.log"), "roll": False}}
    return {
        "admin": {"disabled": True, "config": {"persist": False}},
        "logging": {
            "logs": {
                "default": {"level": "WARN", "exclude": ["http.log.access"]},
                "access": {**access, "include": ["http.log.access"]},
            }
        },
        "apps": {
            "tls": {"certificates": {"load_files": [certificate]}, "session_tickets": {"disabled": True}},
            "http": {"servers": {"public": _server(place)}},
        },
    }


def _server(place: Place) -> dict[str, Any]:
    client = {"trusted_ca_certs_pem_files": [str(place.material.pki.ca)], "mode": "require_and_verify"}
    policy = {"client_authentication": client, "protocol_min": "tls1.3"}
    proxy = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": f"{LOOPBACK}:{place.upstream}"}],
        "flush_interval": -1,
        "transport": {
            "protocol": "http",
            "compression": False,
            "keep_alive": {"max_idle_conns": 256, "max_idle_conns_per_host": 256},
        },
    }
    return {
        "listen": [f"{LOOPBACK}:{place.port}"],
        "automatic_https": {"disable": True},
        "strict_sni_host": False,
        "protocols": ["h1", "h2"],
        "tls_connection_policies": [policy],
        "logs": {},
        "routes": [{**matched, "handle": [proxy], "terminal": True} for matched in _matches(place.routes)],
    }


def _matches(routes: int) -> list[dict[str, Any]]:
    if routes == 1:
        return [{}]
    return [{"match": [{"path": [path.replace("leaf", "*")]}]} for path in route_paths(routes)]


@dataclass(frozen=True, slots=True)
class Caddy:
    """Caddy, on Go's own TLS."""

    name: str = "caddy"
    title: str = "mTLS proxy only, no JWT, access log"
    judges_tokens: bool = False
    injects: bool = False

    def missing(self) -> str | None:
        """Return the Debian package to install, or None."""
        return None if shutil.which("caddy") else "apt: caddy"

    def version(self) -> str:
        """Return its version."""
        said = subprocess.run(["caddy", "version"], capture_output=True, text=True, check=True).stdout
        return f"{said.split()[0]} (crypto/tls)"

    def prepare(self, place: Place) -> Start:
        """Write its configuration; what it would keep in the home folder goes to its own."""
        path = place.folder / "caddy.json"
        path.write_text(json.dumps(configuration(place)))
        home = str(place.folder)
        environment = {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}
        return Start(["caddy", "run", "--config", str(path)], environment)

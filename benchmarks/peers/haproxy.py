"""HAProxy with `jwt_verify`, which keeps no tokens: it verifies each signature. It injects nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.material import AUDIENCE, ISSUER
from benchmarks.peers import Start
from benchmarks.places import Place
from benchmarks.workloads import route_paths

_CONFIGURATION: Final = """
global
    log stdout format raw local0
    nbthread 1
    maxconn 6000
    ssl-default-bind-options ssl-min-ver TLSv1.3 no-tls-tickets

defaults
    mode http
    log global
    option httplog
    timeout connect 2s
    timeout client 10m
    timeout server 10m
    timeout http-keep-alive 10m
    http-reuse always

frontend public
    bind 127.0.0.1:{port} ssl crt {folder}/server.pem ca-file {pki.ca} verify required alpn h2,http/1.1 backlog 1024
    http-request set-var(txn.bearer) http_auth_bearer
    http-request set-var(txn.algorithm) var(txn.bearer),jwt_header_query('$.alg')
    http-request set-var(txn.issuer) var(txn.bearer),jwt_payload_query('$.iss')
    http-request set-var(txn.audience) var(txn.bearer),jwt_payload_query('$.aud[0]')
    http-request set-var(txn.expires) var(txn.bearer),jwt_payload_query('$.exp','int')
    http-request set-var(txn.now) date()
    http-request deny deny_status 401 unless {{ var(txn.algorithm) -m str ES256 }}
    http-request deny deny_status 401 unless {{ var(txn.issuer) -m str {issuer} }}
    http-request deny deny_status 401 unless {{ var(txn.audience) -m str {audience} }}
    http-request deny deny_status 401 if {{ var(txn.expires),sub(txn.now) -m int lt 0 }}
    http-request deny deny_status 401 unless {{ var(txn.bearer),jwt_verify(txn.algorithm,"{folder}/key.pem") 1 }}
    use_backend %[path,map_beg({folder}/routes.map)]

backend protected
    server itself {upstream} pool-max-conn 256
"""


@dataclass(frozen=True, slots=True)
class HAProxy:
    """HAProxy; its access log goes to standard output, which is a file here."""

    name: str = "haproxy"
    title: str = "mTLS, jwt_verify each request, access log"
    judges_tokens: bool = True
    injects: bool = False

    def missing(self) -> str | None:
        """Return the Debian package to install, or None."""
        return None if _program() else "apt: haproxy"

    def version(self) -> str:
        """Return its version and its OpenSSL's."""
        said = subprocess.run([_program() or "haproxy", "-vv"], capture_output=True, text=True, check=True).stdout
        lines = said.splitlines()
        library = next((line.partition(": ")[2] for line in lines if line.startswith("Running on OpenSSL")), "")
        return f"{lines[0].split()[2]} ({library})"

    def prepare(self, place: Place) -> Start:
        """Write its configuration, the key that it trusts, and its routes as a prefix map."""
        pki, folder = place.material.pki, place.folder
        _private(folder / "server.pem", pki.server.read_bytes() + pki.server_key.read_bytes())
        (folder / "key.pem").write_bytes(place.material.public_key)
        prefixes = [path.removesuffix("leaf") for path in route_paths(place.routes)] if place.routes > 1 else ["/"]
        (folder / "routes.map").write_text("".join(f"{prefix} protected\n" for prefix in prefixes))
        (folder / "haproxy.cfg").write_text(
            _CONFIGURATION.format(
                port=place.port,
                folder=folder,
                pki=pki,
                issuer=ISSUER,
                audience=AUDIENCE,
                upstream=place.upstream_url.removeprefix("http://"),
            )
        )
        return Start([_program() or "haproxy", "-db", "-f", str(folder / "haproxy.cfg")])


def _private(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)


def _program() -> str | None:
    return shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

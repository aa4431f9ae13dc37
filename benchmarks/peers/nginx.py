"""nginx as a TLS proxy that demands a client certificate. It judges no token: it is the floor."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.peers import Start
from benchmarks.places import Place
from benchmarks.workloads import route_paths

_MAIN: Final = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
{user}
events {{ worker_connections 16384; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server_tokens off;
{http}
}}
"""

_PROXY: Final = """
    access_log {folder}/access.log combined;
    keepalive_requests 1000000000;
    keepalive_timeout 10m;
    client_max_body_size 64m;
    tcp_nodelay on;
    upstream protected {{
        server {upstream};
        keepalive 256;
        keepalive_requests 1000000000;
        keepalive_timeout 10m;
    }}
    server {{
        listen 127.0.0.1:{port} ssl http2 backlog=1024;
        ssl_certificate {pki.server};
        ssl_certificate_key {pki.server_key};
        ssl_client_certificate {pki.ca};
        ssl_verify_client on;
        ssl_protocols TLSv1.3;
        ssl_session_tickets off;
        ssl_conf_command NumTickets 0;
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header Connection "";
        proxy_request_buffering off;
{locations}
    }}
"""


def command(folder: Path, http: str) -> list[str]:
    """Write a configuration with that `http` block; return the command that serves it.

    A worker of a master that runs as root would be `nobody`, and could not read our files: it stays who we are.
    """
    user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(_MAIN.format(folder=folder, user=user, http=http))
    return [_program() or "nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(configuration)]


def _program() -> str | None:
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@dataclass(frozen=True, slots=True)
class Nginx:
    """The floor."""

    name: str = "nginx"
    title: str = "mTLS proxy only, no JWT, access log"
    judges_tokens: bool = False
    injects: bool = False

    def missing(self) -> str | None:
        """Return the Debian package to install, or None."""
        return None if _program() else "apt: nginx"

    def version(self) -> str:
        """Return its version and its OpenSSL's."""
        said = subprocess.run([_program() or "nginx", "-V"], capture_output=True, text=True, check=True).stderr
        lines = said.splitlines()
        built = next((line for line in lines if line.startswith("built with OpenSSL")), "")
        return f"{lines[0].rpartition('/')[2]} ({built})"

    def prepare(self, place: Place) -> Start:
        """Write its configuration."""
        upstream = place.upstream_url.removeprefix("http://")
        paths = [path.removesuffix("leaf") for path in route_paths(place.routes)] if place.routes > 1 else ["/"]
        locations = "\n".join(f"        location {path} {{ proxy_pass http://protected; }}" for path in paths)
        where = {"folder": place.folder, "upstream": upstream, "port": place.port}
        return Start(command(place.folder, _PROXY.format(**where, pki=place.material.pki, locations=locations)))

"""Real proxies in front of the gateway: they end TLS, and tell the client certificate in a header."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.legacy_nginx import free_port

from ostiary.pki.authority import Authority
from ostiary.pki.files import chain_pem, write_certificates
from ostiary.pki.keys import private_pem

ROOT = Path(__file__).parents[2]

NGINX = """
{user}
daemon off;
master_process off;
pid {home}/nginx.pid;
error_log {home}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {home}/front.pem;
    ssl_certificate_key {home}/front.pem;
    ssl_client_certificate {home}/ca.pem;
    ssl_verify_client optional_no_ca;
    location / {{
      proxy_pass {scheme}://127.0.0.1:{gateway};
      proxy_ssl_certificate {home}/proxy.pem;
      proxy_ssl_certificate_key {home}/proxy.pem;
      proxy_ssl_trusted_certificate {home}/ca.pem;
      proxy_ssl_verify on;
      proxy_ssl_server_name on;
      proxy_ssl_name localhost;
      proxy_set_header Host $http_host;
      proxy_set_header SSL-Client-Cert $ssl_client_escaped_cert;
    }}
  }}
}}
"""

HAPROXY = """
global
  maxconn 100
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend front
  bind 127.0.0.1:{port} ssl crt {home}/front.pem ca-file {home}/ca.pem verify optional crt-ignore-err all ca-ignore-err all
  http-request set-header X-SSL-Client-Cert %[ssl_c_der,base64]
  default_backend gateway
backend gateway
  server one 127.0.0.1:{gateway} {tls}
"""

ENVOY = """
static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - transport_socket:
        name: tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          common_tls_context:
            tls_certificates:
            - certificate_chain: {{filename: {home}/front.pem}}
              private_key: {{filename: {home}/front.pem}}
            validation_context:
              trusted_ca: {{filename: {home}/ca.pem}}
              trust_chain_verification: ACCEPT_UNTRUSTED
      filters:
      - name: http
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: front
          forward_client_cert_details: SANITIZE_SET
          set_current_client_cert_details: {{cert: true, chain: true, uri: true, dns: true, subject: true}}
          route_config:
            virtual_hosts:
            - {{name: all, domains: ["*"], routes: [{{match: {{prefix: "/"}}, route: {{cluster: gateway}}}}]}}
          http_filters:
          - name: router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
  clusters:
  - name: gateway
    connect_timeout: 5s
    load_assignment:
      cluster_name: gateway
      endpoints:
      - lb_endpoints:
        - endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {gateway}}}}}}}
"""


@dataclass
class Front:
    """A proxy that runs.

    Attributes:
        name: nginx, haproxy or envoy.
        port: where it listens, with TLS.
    """

    name: str
    port: int


def program(name: str) -> str:
    """Return where a proxy is; without it the test is skipped, loudly."""
    here = ROOT / ".tools/envoy/envoy/_bin/envoy" if name == "envoy" else None
    found = (
        str(here) if here is not None and here.exists() else shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    )
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@contextmanager
def front(name: str, home: Path, authority: Authority, gateway: int, *, tls: bool = False) -> Iterator[Front]:
    """Run a proxy in front of a gateway for as long as the block lasts.

    Args:
        name: nginx, haproxy or envoy.
        home: its folder.
        authority: issues its certificates, and those of its callers.
        gateway: where the gateway listens on loopback.
        tls: whether it speaks TLS to the gateway, and shows a certificate of its own.
    """
    home.mkdir(exist_ok=True)
    port = free_port()
    for file, identity in (
        ("front.pem", authority.issue_server("localhost", "127.0.0.1")),
        ("proxy.pem", authority.issue_client(cn="proxy", dns=["proxy.example"])),
    ):
        (home / file).write_bytes(chain_pem(identity) + private_pem(identity.key))
        (home / file).chmod(0o600)
    write_certificates(home / "ca.pem", [authority.certificate])
    file = home / "front.conf" if name != "envoy" else home / "front.yaml"
    own = f"ssl crt {home}/proxy.pem ca-file {home}/ca.pem verify required sni str(localhost)" if tls else ""
    text = {"nginx": NGINX, "haproxy": HAPROXY, "envoy": ENVOY}[name].format(
        home=home, port=port, gateway=gateway, scheme="https" if tls else "http", tls=own,
        user="user root;" if os.getuid() == 0 else "",
    )  # fmt: skip
    file.write_text(text)
    commands = {
        "nginx": ("-p", home, "-c", file, "-e", home / "error.log"),
        "haproxy": ("-f", file, "-db"),
        "envoy": ("-c", file, "--concurrency", "1", "--log-level", "error", "--base-id", str(port)),
    }
    with running(name, home, port, *commands[name]):
        yield Front(name, port)


@contextmanager
def running(name: str, home: Path, port: int, *arguments: str | Path) -> Iterator[None]:
    """Run a proxy that listens on a port for as long as the block lasts."""
    with (home / "said").open("wb") as said:
        process = subprocess.Popen([program(name), *arguments], stdout=said, stderr=said)
        try:
            _wait(process, port, home)
            yield
        finally:
            process.terminate()
            process.wait(10)


def _wait(process: subprocess.Popen[bytes], port: int, home: Path) -> None:
    end = time.monotonic() + 15
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    process.terminate()
    pytest.fail(f"the proxy did not start: {(home / 'said').read_text(errors='replace')}")

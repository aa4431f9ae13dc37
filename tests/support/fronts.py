"""What real proxies in front of the gateway are told: end TLS, verify as little as they can, pass the certificate on.

In each, `{home}` is its folder, `{port}` where it listens, `{gateway}` where the gateway does; what speaks TLS to
the gateway, with a certificate of its own, comes out of `OWN`.
"""

from __future__ import annotations

from typing import Final

NGINX = """
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {home}/front.pem;
    ssl_certificate_key {home}/front.pem;
    ssl_client_certificate {home}/ca.pem;
    ssl_verify_client optional_no_ca;
    location / {{
      proxy_pass {scheme}://{gateway};
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
  server one {gateway} {own}
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
        - endpoint: {{address: {gateway}}}
"""

APACHE = """
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {home}/apache.pid
DefaultRuntimeDir {home}
Mutex file:{home}
ErrorLog {home}/error.log
{user}
{modules}
<VirtualHost 127.0.0.1:{port}>
  SSLEngine on
  SSLCertificateFile {home}/front.pem
  SSLCertificateKeyFile {home}/front.pem
  SSLCACertificateFile {home}/ca.pem
  SSLVerifyClient optional_no_ca
  SSLOptions +ExportCertData
  SSLProxyEngine on
  SSLProxyMachineCertificateFile {home}/proxy.pem
  SSLProxyCACertificateFile {home}/ca.pem
  SSLProxyVerify require
  ProxyPreserveHost On
  RequestHeader set SSL-Client-Cert "%{{SSL_CLIENT_CERT}}s"
  ProxyPass / {gateway}/
</VirtualHost>
"""
APACHE_MODULES: Final = ("mpm_event", "authz_core", "headers", "proxy", "proxy_http", "socache_shmcb", "ssl")

CADDY = """
{{
  admin off
  auto_https disable_redirects
  skip_install_trust
  storage file_system {home}/data
}}
https://localhost:{port} {{
  bind 127.0.0.1
  tls {home}/front.pem {home}/front.pem {{
    client_auth {{
      mode request
    }}
  }}
  reverse_proxy {gateway} {{
    header_up X-Client-Cert {{http.request.tls.client.certificate_der_base64}}
    {own}
  }}
}}
"""

OWN: Final = {
    "haproxy": "ssl crt {home}/proxy.pem ca-file {home}/ca.pem verify required sni str(localhost)",
    "caddy": (
        "transport http {{\n      tls_client_auth {home}/proxy.pem {home}/proxy.pem\n"
        "      tls_trusted_ca_certs {home}/ca.pem\n      tls_server_name localhost\n    }}"
    ),
}

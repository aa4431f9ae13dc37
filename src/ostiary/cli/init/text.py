"""The file that `ostiary init` writes: one template, and what is put into it."""

from __future__ import annotations

from importlib.resources import files
from string import Template
from typing import Final

ALIAS: Final = "service"
"""What upstream and credential are called."""

_CLIENT: Final = """
      client:
        mode: optional  # everybody is asked; the route demands one, and can say so in words
        authorities: [file:pki/ca.pem]
        revocation: {crls: [file:pki/ca.crl]}"""
_MTLS: Final = 'mtls: {subject: san.uri, allow: ["spiffe://example.com/**"]}'
_JWT: Final = "jwt: {issuers: [staff]}"

PRESETS: Final = {
    "google": "audiences: [123-abc.apps.googleusercontent.com]",
    "auth0": "issuer: https://example.eu.auth0.com/, audiences: [https://service.example.com]",
    "okta": "issuer: https://example.okta.com/oauth2/default, audiences: [api://service]",
    "entra": "tenant: 00000000-0000-4000-8000-000000000000, audiences: [api://service]",
    "firebase": "project: example-1",
    "keycloak": "issuer: https://id.example.com/realms/staff, audiences: [service]",
    "axinom": "auth_endpoint: https://id.service.example.net, tenant: 00000000-0000-4000-8000-000000000000, "
    "environment: 00000000-0000-4000-8000-000000000001",
    "cosmian": "issuer: https://id.example.com, audiences: [service]",
}
"""What each preset has to be told, with names that are examples."""


def configuration(*, preset: str | None, bind: str, upstream: str) -> str:
    """Return the text of a first configuration.

    Args:
        preset: whose tokens callers show; None: they show client certificates.
        bind: where the gateway listens, IP:PORT.
        upstream: the URL of the protected service.
    """
    parts = {"client": _CLIENT, "issuers": "", "authenticate": _MTLS}
    if preset is not None:
        parts = {"client": "", "issuers": _issuers(preset), "authenticate": _JWT}
    template = Template((files("ostiary.cli.init") / "gateway.yaml").read_text(encoding="utf-8"))
    return template.substitute(parts, alias=ALIAS, bind=bind, upstream=upstream)


def _issuers(preset: str) -> str:
    return f"""
# Whose tokens count. These names are examples: write yours, then `ostiary issuer check staff`.
issuers:
  staff: {{preset: {preset}, {PRESETS[preset]}}}
"""

"""Where an issuer's token endpoint is (OpenID Connect Discovery 1.0, section 4; RFC 8414; RFC 8705, section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ostiary.config.values import secure_url


def token_endpoint(metadata: Mapping[str, Any], issuer: str, *, certificate: bool) -> str:
    """Return the token endpoint that an issuer's metadata names.

    Args:
        metadata: the document.
        issuer: whose it must be.
        certificate: whether the gateway shows a certificate there: some issuers ask for one on another port only.

    Raises:
        ValueError: it is another issuer's, or names no endpoint that we would send a secret to.
    """
    if metadata.get("issuer") != issuer:
        raise ValueError(f"the metadata's issuer is {str(metadata.get('issuer'))[:200]!r}, not {issuer!r}")
    aliases = metadata.get("mtls_endpoint_aliases")
    special = aliases.get("token_endpoint") if certificate and isinstance(aliases, dict) else None
    url = secure_url(special or metadata.get("token_endpoint"))
    if url.startswith("http:") and not issuer.startswith("http:"):
        raise ValueError("the metadata names an http:// endpoint")
    return url

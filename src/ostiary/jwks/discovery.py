"""Where an issuer's metadata is, and what of it is believed.

OpenID Connect Discovery 1.0, sections 3 and 4, appends the well-known part to the identifier; RFC 8414,
section 3.1, puts it between host and path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from ostiary.config.values import is_loopback_host, secure_url
from ostiary.jwks.encoding import json_object


@dataclass(frozen=True, slots=True)
class Discovery:
    """Where to ask for an issuer's metadata.

    Attributes:
        issuer: the identifier that the metadata must be of.
        kind: whose rules say where it is.
    """

    issuer: str
    kind: Literal["openid", "oauth"] = "openid"

    @property
    def url(self) -> str:
        """Where the metadata is."""
        return discovery_url(self.issuer) if self.kind == "openid" else metadata_url(self.issuer)


def discoverable(issuer: str) -> None:
    """Return when discovery can start at an issuer's identifier.

    Raises:
        ValueError: the identifier is not a URL, or not one we would fetch from.
    """
    secure_url(issuer)
    if "?" in issuer:
        raise ValueError("it has a query")


def discovery_url(issuer: str) -> str:
    """Return where an issuer's metadata is (OpenID Connect Discovery 1.0, section 4.1)."""
    return issuer.removesuffix("/") + "/.well-known/openid-configuration"


def metadata_url(issuer: str) -> str:
    """Return where an authorization server's metadata is (RFC 8414, section 3.1)."""
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path.removesuffix('/')}"


def jwks_url_of(document: bytes, issuer: str) -> str:
    """Return the key set's URL from an issuer's metadata (OpenID Connect Discovery 1.0, section 4.3; RFC 8414, 3.3).

    Raises:
        ValueError: the metadata is another issuer's, or its URL is not one we would fetch from.
    """
    metadata = json_object(document)
    if metadata.get("issuer") != issuer:
        raise ValueError(f"the metadata's issuer is {str(metadata.get('issuer'))[:200]!r}, not {issuer!r}")
    url = secure_url(metadata.get("jwks_uri"))
    if _plain(url) and not _plain(issuer):
        raise ValueError("the metadata names an http:// key set")
    return url


def _plain(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and is_loopback_host(parts.hostname or "")

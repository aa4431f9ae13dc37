"""Where the key set document comes from: one bounded, unredirected GET, after OpenID discovery where asked for.

Everything that arrives is untrusted until it has been read whole: its size and its time are bounded,
compressed content is refused (none is asked for), and a URL from a discovery document is held to the
same rules as one from the configuration.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpx2

from ostiary.config.values import is_loopback_host, secure_url
from ostiary.jwks.encoding import json_object

MAX_DOCUMENT: Final = 512 << 10
_ASK: Final = {"Accept": "application/jwk-set+json, application/json", "Accept-Encoding": "identity"}


class FetchError(Exception):
    """No document could be had. The text is for the log."""


class Source(Protocol):
    """Where an issuer's key set document comes from."""

    async def fetch(self) -> bytes:
        """Return the document, or raise FetchError."""

    async def aclose(self) -> None:
        """Let go of connections."""


class HttpSource:
    """Fetches a key set over HTTPS.

    Args:
        issuer: the issuer's identifier, where discovery starts.
        jwks_url: where the key set is, or None to discover it each time (OpenID Connect Discovery 1.0).
        timeout: seconds for the whole of a fetch, discovery included.
        tls: what the server is verified with.
    """

    def __init__(self, issuer: str, jwks_url: str | None, timeout: float, tls: ssl.SSLContext) -> None:
        self._issuer = issuer
        self._jwks_url = jwks_url
        self._timeout = timeout
        self._client = httpx2.AsyncClient(
            verify=tls, headers=_ASK, timeout=timeout, follow_redirects=False, trust_env=False
        )

    async def fetch(self) -> bytes:
        """Return the document.

        Raises:
            FetchError: it cannot be had, within the time and the size allowed.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return await self._get(self._jwks_url or await self._discover())
        except TimeoutError as error:
            raise FetchError(f"no answer within {self._timeout:g} s") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as error:
            raise FetchError(f"{type(error).__name__}: {error}") from error

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    async def _discover(self) -> str:
        document = await self._get(discovery_url(self._issuer))
        try:
            return jwks_url_of(document, self._issuer)
        except ValueError as error:
            raise FetchError(f"discovery: {error}") from error

    async def _get(self, url: str) -> bytes:
        async with self._client.stream("GET", url) as response:
            if response.status_code != httpx2.codes.OK:
                raise FetchError(f"{url} answered {response.status_code}")
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                raise FetchError(f"{url} answered with compressed content, which was not asked for")
            return await _whole(response, url)


async def _whole(response: httpx2.Response, url: str) -> bytes:
    document = bytearray()
    async for piece in response.aiter_raw():
        document += piece
        if len(document) > MAX_DOCUMENT:
            raise FetchError(f"{url} answered with more than {MAX_DOCUMENT} octets")
    return bytes(document)


def discoverable(issuer: str) -> None:
    """Return when discovery can start at an issuer's identifier (OpenID Connect Discovery 1.0, section 3).

    Raises:
        ValueError: the identifier is not a URL, or not one we would fetch from.
    """
    secure_url(issuer)
    if "?" in issuer:
        raise ValueError("it has a query")


def discovery_url(issuer: str) -> str:
    """Return where an issuer's metadata is (OpenID Connect Discovery 1.0, section 4.1)."""
    return issuer.removesuffix("/") + "/.well-known/openid-configuration"


def jwks_url_of(document: bytes, issuer: str) -> str:
    """Return the key set's URL from an issuer's metadata (OpenID Connect Discovery 1.0, section 4.3).

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

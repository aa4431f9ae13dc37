"""A key set over HTTPS: one bounded, unredirected GET, after discovery where asked for.

Its size and its time are bounded, compressed content is refused (none is asked for), and a URL from a
discovery document is held to the same rules as one from the configuration.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Final

import httpx2

from ostiary.bounded import whole
from ostiary.jwks.caching import lifetime, sent
from ostiary.jwks.discovery import Discovery, jwks_url_of
from ostiary.jwks.source import MAX_DOCUMENT, Document, FetchError

_ASK: Final = {"Accept": "application/jwk-set+json, application/json, */*;q=0.1", "Accept-Encoding": "identity"}
_MAX_TAG: Final = 512
_AHEAD: Final = ((socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10),)
"""What the kernel takes ahead of us, in octets. A loop takes all that is there before anybody can say that it is
enough: with a buffer that grows, eight megabytes of a document that is refused after half of one."""


class HttpSource:
    """Fetches a key set.

    Args:
        place: the key set's URL, or where to discover it, which is done each time.
        timeout: seconds for the whole of a fetch, discovery included.
        tls: what the server is verified with.
    """

    def __init__(self, place: str | Discovery, timeout: float, tls: ssl.SSLContext) -> None:
        self._place = place
        self._timeout = timeout
        carrier = httpx2.AsyncHTTPTransport(verify=tls, trust_env=False, socket_options=_AHEAD)
        self._client = httpx2.AsyncClient(
            transport=carrier, headers=_ASK, timeout=timeout, follow_redirects=False, trust_env=False
        )

    @property
    def origin(self) -> str:
        """The URL of the key set, or of the metadata that names it."""
        return self._place if isinstance(self._place, str) else self._place.url

    async def fetch(self, validator: str | None = None) -> Document:
        """Return the document, or that nothing has changed since `validator`.

        Raises:
            FetchError: it cannot be had, within the time and the size allowed.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return await self._get(await self.url(), validator)
        except TimeoutError as error:
            raise FetchError(f"no answer within {self._timeout:g} s") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as error:
            raise FetchError(f"{type(error).__name__}: {error}") from error

    async def url(self) -> str:
        """Return where the key set is, by discovery where that is not said.

        Raises:
            FetchError: the metadata is not to be had, or another issuer's.
        """
        if isinstance(self._place, str):
            return self._place
        metadata = (await self._get(self._place.url, None)).content or b""
        try:
            return jwks_url_of(metadata, self._place.issuer)
        except ValueError as error:
            raise FetchError(f"discovery: {error}") from error

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    async def _get(self, url: str, validator: str | None) -> Document:
        """A validator is the URL and the entity tag (RFC 9110, section 8.8.3): a tag of another place says nothing."""
        place, _, tag = (validator or "").partition(" ")
        conditions = {"If-None-Match": tag} if tag and place == url else {}
        async with self._client.stream("GET", url, headers=conditions) as response:
            if response.status_code == httpx2.codes.NOT_MODIFIED and conditions:
                return Document(None, validator, lifetime(response.headers), sent(response.headers))
            if response.status_code != httpx2.codes.OK:
                raise FetchError(f"{url} answered {response.status_code}")
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                raise FetchError(f"{url} answered with compressed content, which was not asked for")
            content = await _content(response, url)
            return Document(content, _validator(url, response), lifetime(response.headers), sent(response.headers))


def _validator(url: str, response: httpx2.Response) -> str | None:
    tag = response.headers.get("etag", "")
    return f"{url} {tag}" if tag and tag.isprintable() and len(tag) <= _MAX_TAG else None


async def _content(response: httpx2.Response, url: str) -> bytes:
    said = int(response.headers.get("content-length", "0"))  # its parser lets nothing but one number pass
    content = None if said > MAX_DOCUMENT else await whole(response.aiter_raw(), MAX_DOCUMENT)
    if content is None:
        raise FetchError(f"{url} answered with more than {MAX_DOCUMENT} octets")
    return content

"""Ask an issuer about a token: one bounded, unredirected POST (RFC 7662, section 2.1)."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, Final

import httpx2

from ostiary.authn.client import Client
from ostiary.authn.introspection import AskError
from ostiary.jwks.encoding import json_object

_LARGEST: Final = 64 << 10
_ASK: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}


class HttpEndpoint:
    """An introspection endpoint.

    Args:
        url: where it is.
        client: how the gateway proves itself there.
        timeout: seconds for the whole of a question.
        tls: what its server is verified with, and perhaps what the gateway proves itself with.
    """

    def __init__(self, url: str, client: Client, timeout: float, tls: ssl.SSLContext) -> None:
        self._url = url
        self._client = client
        self._timeout = timeout
        self._http = httpx2.AsyncClient(
            verify=tls, headers=_ASK, timeout=timeout, follow_redirects=False, trust_env=False
        )

    async def ask(self, token: str) -> dict[str, Any]:
        """Return what the issuer says of a token.

        Raises:
            AskError: it said nothing that can be read, in the time allowed.
            CredentialUnavailable: what the gateway proves itself with cannot be had.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return await self._ask(token)
        except TimeoutError as error:
            raise AskError(f"no answer within {self._timeout:g} s") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as error:
            raise AskError(f"{type(error).__name__}: {error}") from error
        except ValueError as error:
            raise AskError(f"the answer cannot be read: {error}") from error

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._http.aclose()

    async def _ask(self, token: str) -> dict[str, Any]:
        proven = await self._client.prove()
        form = {"token": token, "token_type_hint": "access_token", **proven.form}
        async with self._http.stream("POST", self._url, data=form, headers=dict(proven.headers)) as response:
            if response.status_code != httpx2.codes.OK:
                raise AskError(f"{self._url} answered {response.status_code}")
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                raise AskError(f"{self._url} answered with compressed content, which was not asked for")
            content = bytearray()
            async for piece in response.aiter_raw():
                content += piece
                if len(content) > _LARGEST:
                    raise AskError(f"{self._url} answered with more than {_LARGEST} octets")
        return json_object(bytes(content))

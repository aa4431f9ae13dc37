"""Ask an issuer about a token (RFC 7662, section 2.1)."""

from __future__ import annotations

import ssl
from http import HTTPStatus
from typing import Any

from ostiary.authn.introspection import AskError
from ostiary.oauth.client import Client
from ostiary.oauth.post import Asker, NoAnswerError


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
        self._asker = Asker(timeout, tls)

    async def ask(self, token: str) -> dict[str, Any]:
        """Return what the issuer says of a token.

        Raises:
            AskError: it said nothing that can be read, in the time allowed.
            CredentialUnavailable: what the gateway proves itself with cannot be had.
        """
        proven = await self._client.prove()
        form = {"token": token, "token_type_hint": "access_token", **proven.form}
        try:
            status, said = await self._asker.post(self._url, form, proven.headers)
        except NoAnswerError as error:
            raise AskError(str(error)) from error
        if status != HTTPStatus.OK or not said:
            raise AskError(f"{self._url} answered {status}")
        return said

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._asker.aclose()

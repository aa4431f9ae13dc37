"""Who asks Google: its own library finds out, through a transport of ours, in a thread."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from ostiary.model import Secret
from ostiary.vault.errors import AccessDenied, SecretError, Unavailable
from ostiary.vault.extra import extra

SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"


@dataclass(frozen=True, slots=True)
class Response:
    """What Google's library wants to know of an answer."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class Transport:
    """How Google's library asks: bounded, and without what the environment says of proxies."""

    def __init__(self, tls: ssl.SSLContext, patience: float) -> None:
        self._client = httpx2.Client(verify=tls, timeout=patience, trust_env=False, follow_redirects=False)

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - ours is shorter
        **_: Any,
    ) -> Response:
        """Ask.

        Raises:
            TransportError: there is no answer.
        """
        try:
            reply = self._client.request(method, url, content=body, headers=dict(headers or {}))
        except (httpx2.HTTPError, OSError) as error:
            problem = type(error).__name__
        else:
            return Response(reply.status_code, reply.headers, reply.content)
        raise extra("gcp", "google.auth.exceptions").TransportError(problem)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class Login:
    """The current access token.

    Args:
        given: the credentials that the file names, or None to look for them where Google's tools do.
        tls: how Google's servers are verified.
        patience: seconds for one question.
    """

    def __init__(self, given: Any, tls: ssl.SSLContext, patience: float) -> None:
        self._credentials = given
        self._transport = Transport(tls, patience)
        self._lock = asyncio.Lock()

    async def shown(self, *, dead: Secret | None = None) -> Secret:
        """Return the value of the Authorization header.

        Args:
            dead: one that the server did not accept any more.

        Raises:
            AccessDenied: Google does not know us.
            Unavailable: it cannot say now.
        """
        async with self._lock:
            if dead is not None and self._credentials is not None and self._value() == dead:
                self._credentials.token = None
            if self._credentials is None or not self._credentials.valid:
                await asyncio.to_thread(self._refresh)
            return self._value()

    async def aclose(self) -> None:
        """Close the connections."""
        await asyncio.to_thread(self._transport.close)

    def _value(self) -> Secret:
        return Secret(f"Bearer {self._credentials.token}")

    def _refresh(self) -> None:
        errors, library = extra("gcp", "google.auth.exceptions"), extra("gcp", "google.auth")
        try:
            if self._credentials is None:
                self._credentials, _ = library.default(scopes=[SCOPE], request=self._transport)
            self._credentials.refresh(self._transport)
        except (errors.RefreshError, errors.DefaultCredentialsError) as error:
            refusal: SecretError = (
                Unavailable("Google gave no token") if error.retryable else AccessDenied("Google does not know us")
            )
        except Exception as error:  # noqa: BLE001 - whatever else the library raises is no answer; its text may tell
            refusal = Unavailable(f"no token from Google: {type(error).__name__}")
        else:
            return
        raise refusal

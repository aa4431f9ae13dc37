"""One question to the server, one answer: HTTP, bounded in time and size.

No redirects (they would carry the token elsewhere), no proxies or netrc from the environment, TLS always
verified. An answer that is not JSON did not come from the vault.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from ostiary.model import NOTHING, Secret
from ostiary.vault.errors import Unavailable

LARGEST: Final = 1 << 20  # octets of an answer


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered.

    Attributes:
        status: the HTTP status.
        body: the JSON object in it; empty when there was none.
        spoken: whether the body is the vault's own, and not that of something in between.
        retry_after: seconds the server asks us to wait, or None.
    """

    status: int
    body: Mapping[str, Any] = field(default_factory=lambda: NOTHING, repr=False)
    spoken: bool = False
    retry_after: float | None = None


class Api:
    """The connection to one server.

    Args:
        address: scheme, host and port.
        namespace: sent with every request, or None.
        timeout: seconds for one question and its whole answer.
        tls: how the server is verified.
    """

    def __init__(self, address: str, namespace: str | None, timeout: float, tls: ssl.SSLContext) -> None:
        self._address = address.rstrip("/")
        self._place = f"{self._address} {namespace or ''}"
        self._timeout = timeout
        headers = {"X-Vault-Request": "true", "Accept": "application/json", "Accept-Encoding": "identity"}
        if namespace is not None:
            headers["X-Vault-Namespace"] = namespace
        self._client = httpx2.AsyncClient(
            headers=headers,
            verify=tls,
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            limits=httpx2.Limits(max_connections=16, max_keepalive_connections=4, keepalive_expiry=5.0),
        )

    @property
    def place(self) -> str:
        """The server, and the part of it that is asked."""
        return self._place

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: Secret | None = None,
        body: Mapping[str, Secret | str | int] | None = None,
    ) -> Reply:
        """Ask.

        Args:
            method: GET or POST.
            path: below `/v1/`, encoded.
            token: who asks.
            body: what is sent as JSON.

        Raises:
            Unavailable: no answer, not in time, or too large.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return await self._exchange(method, f"{self._address}/v1/{path}", token, body)
        except (httpx2.HTTPError, TimeoutError) as error:
            problem = f"no answer from the vault: {type(error).__name__}"
        raise Unavailable(
            problem
        )  # outside of the handler: the error of the library holds the request, and it the token

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _exchange(
        self, method: str, url: str, token: Secret | None, body: Mapping[str, Secret | str | int] | None
    ) -> Reply:
        async with self._client.stream(
            method, url, headers=_shown(token), content=None if body is None else _json(body)
        ) as response:
            content = bytearray()
            async for piece in response.aiter_raw():
                content += piece
                if len(content) > LARGEST:
                    raise Unavailable("the answer of the vault is too large")
        return _reply(response.status_code, response.headers.get("retry-after"), bytes(content))


def _shown(token: Secret | None) -> dict[str, str]:
    return {} if token is None else {"X-Vault-Token": token.reveal().decode("latin-1")}


def _json(body: Mapping[str, Secret | str | int]) -> bytes:
    plain = {name: value.reveal().decode() if isinstance(value, Secret) else value for name, value in body.items()}
    return json.dumps(plain).encode()


def _reply(status: int, retry_after: str | None, content: bytes) -> Reply:
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    wait = float(retry_after) if retry_after is not None and retry_after.isdigit() else None
    spoken = isinstance(body, dict) and ("errors" in body or "data" in body or "auth" in body)
    return Reply(status, body if spoken else NOTHING, spoken, wait)

"""One question to a server, one answer: HTTP, bounded in time and size, for every vault that speaks it.

No redirects (they would carry what we show elsewhere), no proxies or netrc from the environment, TLS always
verified, no compression. What a question holds is in no error.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2

from ostiary.bounded import whole
from ostiary.config.vaults.web import OverHttpSpec
from ostiary.model import Secret
from ostiary.pki.identity import load_identity, use
from ostiary.pki.server_trust import trust
from ostiary.vault.errors import Throttled, Unavailable
from ostiary.vault.fields import unique

LARGEST: Final = 1 << 20  # octets of an answer
FLOOR: Final = 2.0  # least pause after a 429, in seconds
_PLAIN: Final = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "ostiary"}
_TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered.

    Attributes:
        status: the HTTP status.
        content: the body.
        retry_after: seconds that the server asks us to wait, or None.
        kind: the media type of the body, in small letters, without parameters.
    """

    status: int
    content: bytes = field(repr=False)
    retry_after: float | None = None
    kind: str = ""

    def json(self) -> Any:
        """Return the body, parsed; None when it is not JSON, or has a name twice in an object."""
        try:
            return json.loads(self.content, object_pairs_hook=unique)
        except (ValueError, RecursionError):
            return None

    def not_now(self) -> Unavailable:
        """Return what an answer means that says nothing of a record."""
        said = f"the vault answered {self.status}"
        if self.status == _TOO_MANY:
            return Throttled(said, retry_after=max(self.retry_after or 0.0, FLOOR))
        return Unavailable(said, retry_after=self.retry_after)


class Web:
    """Connections to one server.

    Args:
        timeout: seconds for one question and its whole answer.
        tls: how the server is verified, and what we show it.
        largest: octets of an answer.
    """

    def __init__(self, timeout: float, tls: ssl.SSLContext, largest: int = LARGEST) -> None:
        self._timeout = timeout
        self._largest = largest
        self._client = httpx2.AsyncClient(
            headers=_PLAIN,
            verify=tls,
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            limits=httpx2.Limits(max_connections=16, max_keepalive_connections=4, keepalive_expiry=5.0),
        )

    async def ask(
        self, method: str, url: str, headers: Mapping[str, str | Secret] | None = None, body: Secret | None = None
    ) -> Answer:
        """Ask.

        Raises:
            Unavailable: no answer, not in time, too large, or compressed.
        """
        try:
            async with asyncio.timeout(self._timeout):
                found = await self._exchange(method, url, headers or {}, body)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, TimeoutError) as error:
            found = f"no answer from the vault: {type(error).__name__}"
        if isinstance(found, Answer):
            return found
        raise Unavailable(found)  # here: errors of the library, and frames further down, hold what was sent

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str | Secret], body: Secret | None
    ) -> Answer | str:
        """Return the answer, or what is wrong with it."""
        shown = {name: _text(value) for name, value in headers.items()}
        sent = None if body is None else body.reveal()
        async with self._client.stream(method, url, headers=shown, content=sent) as response:
            if response.headers.get("content-encoding", "identity").lower() not in ("identity", "base64"):
                return "the vault answered with compressed content, which was not asked for"
            content = await whole(response.aiter_raw(), self._largest)
            if content is None:
                return "the answer of the vault is too large"
        wait, kind = response.headers.get("retry-after", ""), response.headers.get("content-type", "")
        pause = float(wait) if wait.isascii() and wait.isdigit() else None
        return Answer(response.status_code, content, pause, kind.partition(";")[0].strip().lower())


def _text(value: str | Secret) -> str:
    return value.reveal().decode("latin-1") if isinstance(value, Secret) else value


def json_body(values: Mapping[str, str | Secret]) -> Secret:
    """Return a JSON object of texts, as what is sent."""
    return Secret(json.dumps({name: v.reveal().decode() if isinstance(v, Secret) else v for name, v in values.items()}))


def tls_of(spec: OverHttpSpec, folder: Path, address: str) -> ssl.SSLContext:
    """Return how the server of a vault is verified, and what we show it.

    Args:
        spec: what the file says.
        folder: the folder of the configuration file.
        address: where the server is; with http:// (loopback only) there is nobody to verify, and nobody is trusted.

    Raises:
        ConfigError: a certificate is not there, or not usable.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not spec.authorities and not address.startswith("http://"):
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    trust(context, spec.authorities, folder, "authorities")
    if spec.client is not None:
        use(load_identity(spec.client, folder), context)
    return context

"""One question to the server, one answer: HTTP, bounded in time and size.

No redirects (they would carry the token elsewhere), no proxies or netrc from the environment, TLS always
verified. An answer that is not JSON did not come from the vault.

Of several addresses the one that answered last is asked first; the next one is asked when it does not answer,
is sealed, or is a standby that passes nothing on.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from ostiary.bounded import whole
from ostiary.model import NOTHING, Secret
from ostiary.vault.errors import Unavailable

LARGEST: Final = 1 << 20  # octets of an answer
BEHIND: Final = 412  # a replica that has not heard of what we saw before (HashiCorp's Enterprise): ask again
ELSEWHERE: Final = frozenset((307, 472, 473, 501, 502, 503, 504))  # sealed, standing by, or not there: ask another
RETRIES: Final = 3  # of a question that a replica could not answer yet
PAUSE: Final = 0.1  # seconds before the first of them; then twice as long

Fields = Mapping[str, Secret | str | int]


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


@dataclass(frozen=True, slots=True)
class Question:
    """What the server is asked; what is secret in it is not printed."""

    method: str
    path: str
    token: Secret | None
    body: Fields | None
    namespace: str | None


class Api:
    """The connections to one cluster.

    Args:
        addresses: scheme, host and port of each server.
        namespace: sent with every request, or None.
        timeout: seconds for one question to one server, and its whole answer.
        tls: how servers are verified, and what they are shown.
        chance: spreads what is tried again; 0.0 to 1.0.
    """

    def __init__(
        self,
        addresses: str | tuple[str, ...],
        namespace: str | None,
        timeout: float,
        tls: ssl.SSLContext,
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        found = (addresses,) if isinstance(addresses, str) else addresses
        self._addresses = tuple(address.rstrip("/") for address in found)
        self._first = 0
        self._namespace = namespace
        self._timeout = timeout
        self._chance = chance
        self._client = httpx2.AsyncClient(
            headers={"X-Vault-Request": "true", "Accept": "application/json", "Accept-Encoding": "identity"},
            verify=tls,
            timeout=httpx2.Timeout(timeout, connect=timeout / 2),
            follow_redirects=False,
            trust_env=False,
            limits=httpx2.Limits(max_connections=16, max_keepalive_connections=4, keepalive_expiry=5.0),
        )

    @property
    def place(self) -> str:
        """The cluster, and the part of it that is asked."""
        return f"{' '.join(sorted(self._addresses))} {self._namespace or ''}"

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: Secret | None = None,
        body: Fields | None = None,
        namespace: str | None = None,
    ) -> Reply:
        """Ask.

        Args:
            method: GET, POST or PUT.
            path: below `/v1/`, encoded.
            token: who asks.
            body: what is sent as JSON.
            namespace: in place of the one that is always sent.

        Raises:
            Unavailable: no answer, not in time, or too large.
        """
        question = Question(method, path, token, body, namespace or self._namespace)
        for attempt in range(RETRIES):
            reply = await self._anywhere(question)
            if reply.status != BEHIND:
                break
            await asyncio.sleep(PAUSE * 2**attempt * (0.5 + self._chance()))
        return reply

    async def statuses(self, path: str) -> list[tuple[str, int | None]]:
        """Ask every server the same, as nobody in particular; return what each answers, None for nothing."""
        question = Question("GET", path, None, None, None)
        found: list[tuple[str, int | None]] = []
        for address in self._addresses:
            try:
                found.append((address, (await self._ask(address, question)).status))
            except (httpx2.HTTPError, Unavailable):
                found.append((address, None))
        return found

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _anywhere(self, question: Question) -> Reply:
        """Ask one server after the other, until one answers for the cluster."""
        reply: Reply | None = None
        problem: str | None = None
        for number in self._order():
            try:
                reply = await self._ask(self._addresses[number], question)
            except httpx2.HTTPError as error:
                problem = f"no answer from the vault: {type(error).__name__}"
                if not _may_repeat(question.method, error):
                    break
                continue
            if reply.status not in ELSEWHERE:
                self._first = number
                return reply
        if reply is None:  # outside of the handler: the error of the library holds the request, and it the token
            raise Unavailable(problem or "no answer from the vault")
        return reply

    def _order(self) -> Iterator[int]:
        count = len(self._addresses)
        return ((self._first + step) % count for step in range(count))

    async def _ask(self, address: str, question: Question) -> Reply:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._exchange(address, question)
        except TimeoutError:
            pass
        raise httpx2.ReadTimeout("not in time")

    async def _exchange(self, address: str, question: Question) -> Reply:
        """Put the question. Nothing else unveils what is in it: no frame on the way of an error holds it."""
        async with self._client.stream(
            question.method,
            f"{address}/v1/{question.path}",
            headers=_shown(question),
            content=None if question.body is None else _json(question.body),
        ) as response:
            received = await whole(response.aiter_raw(), LARGEST)
            if received is None:
                raise Unavailable("the answer of the vault is too large")
        return _reply(response.status_code, response.headers.get("retry-after"), received)


def _may_repeat(method: str, error: httpx2.HTTPError) -> bool:
    """Whether another server may be asked the same: what may have been done already is not done twice."""
    return method == "GET" or isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)


def _shown(question: Question) -> dict[str, str]:
    shown = {} if question.token is None else {"X-Vault-Token": question.token.reveal().decode("latin-1")}
    return shown if question.namespace is None else {**shown, "X-Vault-Namespace": question.namespace}


def _json(body: Fields) -> bytes:
    plain = {name: value.reveal().decode() if isinstance(value, Secret) else value for name, value in body.items()}
    return json.dumps(plain).encode()


def _reply(status: int, retry_after: str | None, content: bytes) -> Reply:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = None
    wait = float(retry_after) if retry_after is not None and retry_after.isascii() and retry_after.isdigit() else None
    spoken = isinstance(body, dict) and ("errors" in body or "data" in body or "auth" in body)
    return Reply(status, body if spoken else NOTHING, spoken, wait)

"""Ask an issuer: one bounded, unredirected request over verified TLS.

Its size and its time are bounded, and compressed content is refused: none is asked for.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx2

from ostiary.bounded import whole
from ostiary.jwks.encoding import json_object

_LARGEST: Final = 64 << 10
_ASK: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}

Form = Mapping[str, str | Sequence[str]]


class NoAnswerError(Exception):
    """There was no answer, or none that can be read. The text is for the log."""


class Asker:
    """Asks.

    Args:
        timeout: seconds for the whole of a question.
        tls: what servers are verified with, and perhaps what the gateway proves itself with.
        keep: keep connections. Where that certificate changes, each question is to prove the one of its time.
    """

    def __init__(self, timeout: float, tls: ssl.SSLContext, *, keep: bool = True) -> None:
        self._timeout = timeout
        limits = httpx2.Limits() if keep else httpx2.Limits(max_keepalive_connections=0)
        self._http = httpx2.AsyncClient(
            verify=tls, headers=_ASK, timeout=timeout, limits=limits, follow_redirects=False, trust_env=False
        )

    async def post(self, url: str, form: Form, headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Return status and object of the answer to a form.

        Raises:
            NoAnswerError: nothing that can be read, in the time allowed.
        """
        return await self._bounded("POST", url, data=dict(form), headers=dict(headers))

    async def get(self, url: str) -> tuple[int, dict[str, Any]]:
        """Return status and object of a document.

        Raises:
            NoAnswerError: nothing that can be read, in the time allowed.
        """
        return await self._bounded("GET", url)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._http.aclose()

    async def _bounded(self, method: str, url: str, **more: Any) -> tuple[int, dict[str, Any]]:
        try:
            async with asyncio.timeout(self._timeout):
                found = await self._exchange(method, url, more)
        except TimeoutError:
            found = f"no answer within {self._timeout:g} s"
        except (httpx2.ConnectError, httpx2.InvalidURL) as error:
            found = f"{type(error).__name__}: {error}"  # before anything was sent
        except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            found = type(error).__name__
        except ValueError:
            found = f"{url} answered with something that is no JSON object"
        if isinstance(found, str):
            raise NoAnswerError(found)  # here: errors of the library, and frames further down, hold what was sent
        return found

    async def _exchange(self, method: str, url: str, more: dict[str, Any]) -> tuple[int, dict[str, Any]] | str:
        """Return status and object of the answer, or what is wrong with it."""
        async with self._http.stream(method, url, **more) as response:
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                return f"{url} answered with compressed content, which was not asked for"
            content = await whole(response.aiter_raw(), _LARGEST)
            if content is None:
                return f"{url} answered with more than {_LARGEST} octets"
        if not content or (response.status_code != httpx2.codes.OK and not content.lstrip().startswith(b"{")):
            return response.status_code, {}
        return response.status_code, json_object(content)

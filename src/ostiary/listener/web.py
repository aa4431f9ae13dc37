"""One bounded exchange with whoever publishes what is known of revoked certificates.

Plain http is good enough there (RFC 5280, section 8; RFC 6960, section 5): what comes back is signed. No redirect is
followed, no proxy of the environment is asked, and size and time are bounded.
"""

from __future__ import annotations

import asyncio
from typing import Final

import httpx2

from ostiary.bounded import whole

LARGEST: Final = 8 << 20
"""Octets of a revocation list."""


class NotFetched(Exception):
    """It cannot be had now. The text says why, for the log."""


async def fetch(url: str, timeout: float, *, question: bytes | None = None, kind: str = "") -> bytes:  # noqa: ASYNC109 - of the whole exchange
    """Return what is at a URL.

    Args:
        url: where.
        timeout: seconds for all of it.
        question: what is sent, by POST; nothing by GET.
        kind: the media type of the question.

    Raises:
        NotFetched: it cannot be had, within the time and the size allowed.
    """
    method, headers = ("GET", {}) if question is None else ("POST", {"Content-Type": kind})
    try:
        async with (
            asyncio.timeout(timeout),
            httpx2.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False) as client,
            client.stream(method, url, content=question, headers=headers) as response,
        ):
            if response.status_code != httpx2.codes.OK:
                raise NotFetched(f"{url} answered {response.status_code}")
            content = await whole(response.aiter_raw(), LARGEST)
    except TimeoutError:
        raise NotFetched(f"{url} did not answer within {timeout:g} s") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as error:
        raise NotFetched(f"{url}: {type(error).__name__}: {error}") from None
    if content is None:
        raise NotFetched(f"{url} answered with more than {LARGEST} octets")
    return content

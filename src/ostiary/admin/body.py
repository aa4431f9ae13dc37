"""What operators may ask with: a document in the body of a POST, and nothing that a web page could have them send."""

from __future__ import annotations

import asyncio
from typing import Final

from ostiary.errors import BadRequest, ContentTooLarge
from ostiary.model import Body, Headers

LARGEST: Final = 32 << 10
"""Octets of a document."""


def check_asker(headers: Headers) -> None:
    """Return when a document may come with these fields: a page's script cannot send them to another site unasked.

    Raises:
        BadRequest: it is no JSON, or a browser says that a page asks.
    """
    kind = (headers.only(b"content-type") or b"").partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise BadRequest("the document is not application/json")
    if any(name.lower() in (b"origin", b"sec-fetch-site") for name, _ in headers):
        raise BadRequest("a web page asks")


async def whole(body: Body) -> bytes:
    """Return a body once it is complete.

    Raises:
        ContentTooLarge: it is larger than a document is.
        BadRequest: the caller went away before its end.
    """
    if body.length is not None and body.length > LARGEST:
        raise ContentTooLarge(f"{body.length} octets")
    gathered = _Gathered()
    body.flow_to(gathered)
    return await gathered.done


class _Gathered:
    """Where a body flows to."""

    patient = False

    def __init__(self) -> None:
        self.done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        self._size += len(data)
        if self._size <= LARGEST:
            self._pieces.append(bytes(data))
        elif not self.done.done():
            self.done.set_exception(ContentTooLarge(f"more than {LARGEST} octets"))

    def finish(self, trailers: Headers | None = None) -> None:  # noqa: ARG002 - nobody asks with trailers
        """It is complete."""
        if not self.done.done():
            self.done.set_result(b"".join(self._pieces))

    def abandon(self) -> None:
        """It never will be."""
        if not self.done.done():
            self.done.set_exception(BadRequest("the document is not complete"))

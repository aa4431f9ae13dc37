"""What somebody else sends, read until it ends or until it is too much, whichever comes first.

A server that we ask may be broken, or somebody else's by now: no answer of the control path is read
without a bound. What too much means, each room says in its own words.
"""

from __future__ import annotations

from collections.abc import AsyncIterable


async def whole(pieces: AsyncIterable[bytes], most: int) -> bytes | None:
    """Return all the pieces as one.

    Args:
        pieces: as they arrive; no more of them are asked for when there are too many octets.
        most: octets that may come.

    Returns:
        The octets; None when there were more than `most`. What has arrived of them is let go.
    """
    content = bytearray()
    async for piece in pieces:
        content += piece
        if len(content) > most:
            return None
    return bytes(content)

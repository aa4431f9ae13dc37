"""Whether the other end of a connection is gone, where nobody reads from it for now.

A loop notices an end when it reads. While an upstream takes nothing of an upload, nothing is read, and a caller who
hangs up would be noticed only when the upstream's patience ends. The kernel knows at once.
"""

from __future__ import annotations

import asyncio
import select
from typing import Final

_GONE: Final = select.POLLERR | select.POLLHUP | getattr(select, "POLLRDHUP", 0)  # the last one is Linux's


def hung_up(transport: asyncio.Transport) -> bool:
    """Return whether the other end has closed or reset its side. An end behind more octets than fit is not seen yet.

    Args:
        transport: of a TCP connection, or TLS on it.
    """
    connection = transport.get_extra_info("socket")
    if connection is None or transport.is_closing() or (descriptor := connection.fileno()) < 0:
        return False
    poll = select.poll()
    poll.register(descriptor, _GONE)
    return any(event & _GONE for _, event in poll.poll(0))

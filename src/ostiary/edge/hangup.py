"""What the kernel knows of the other end of a connection before the loop does.

A loop notices an end when it reads. While an upstream takes nothing of an upload, nothing is read, and a caller who
hangs up would be noticed only when the upstream's patience ends. The kernel knows at once.

Nor does a loop know whether what it has written has arrived; the kernel does, since the other one has said so.
"""

from __future__ import annotations

import asyncio
import select
from fcntl import ioctl
from termios import TIOCOUTQ
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


def taken(transport: asyncio.Transport) -> bool:
    """Return whether the other end's kernel has acknowledged all that was written. False: not yet, or nobody can say.

    What the loop is about to write, now that there is room again, is not counted: whoever depends on it looks twice.

    Args:
        transport: of a TCP connection, or TLS on it.
    """
    connection = transport.get_extra_info("socket")
    if connection is None or transport.get_write_buffer_size() or (descriptor := connection.fileno()) < 0:
        return False
    left = bytearray(4)
    try:
        ioctl(descriptor, TIOCOUTQ, left)
    except OSError:  # a system that does not count
        return False
    return not any(left)

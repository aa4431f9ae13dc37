"""How far an upstream may run ahead of a caller who reads slowly, or not at all.

While a caller takes nothing, nothing is read from his upstream, and what it still sends is kept by our kernel. Left to
itself, the kernel makes room by how fast was read before: up to `net.ipv4.tcp_rmem`, which is 6 to 32 MB, for each of
them. What is set here it leaves alone (`SO_RCVBUF` in tcp(7) and socket(7)).

Whoever is far away gives no more than this within one round trip: 25 MB/s and more in 10 ms, over one connection.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Final

_AHEAD: Final = 1 << 18
"""Octets; the kernel takes twice as much memory for them. No more than `net.core.rmem_max` is had."""
_CLAMP: Final = getattr(socket, "TCP_WINDOW_CLAMP", None)  # Linux has it


def bound(transport: asyncio.BaseTransport) -> None:
    """Bound what the kernel takes from an upstream before we do. On what is no TCP it does nothing.

    Args:
        transport: of a connection that was just made, TLS or not.
    """
    connection = transport.get_extra_info("socket")
    if connection is None or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    with suppress(OSError):  # it is gone already, which is seen elsewhere; or the kernel has no such bound
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _AHEAD)
        if _CLAMP is not None:  # older kernels would stay at the 64 KB that they begin with
            connection.setsockopt(socket.IPPROTO_TCP, _CLAMP, _AHEAD)

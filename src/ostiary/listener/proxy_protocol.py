"""The PROXY protocol, version 2: a few octets before everything else, in which a proxy of connections says whose.

    signature (12) | version, command (1) | family (1) | length (2) | addresses, and what is skipped

Only the binary version is understood. It is read to its exact end and not one octet further, since what follows is
the caller's: a TLS handshake, or a request. (The specification is "The PROXY protocol", HAProxy, section 2.2.)
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address
from typing import Final

SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
HEAD: Final = len(SIGNATURE) + 4
LONGEST: Final = 4096
"""Octets that may follow the first 16: addresses, and details such as the proxy's own TLS."""

_LOCAL, _PROXY = 0x20, 0x21
_UNSPECIFIED: Final = 0x00
_SIZES: Final = {0x11: (4, 12), 0x21: (16, 36)}  # TCP over IPv4, over IPv6: octets of an address, of the whole


class NotProxied(ConnectionError):
    """What came first is not a header that is understood. The connection cannot be attributed to anybody."""


def length(head: bytes) -> int:
    """Return how many octets follow the first 16.

    Raises:
        NotProxied: this is not version 2 of the protocol, or it is too long.
    """
    if len(head) != HEAD or not head.startswith(SIGNATURE):
        raise NotProxied("no header of the PROXY protocol, version 2")
    following = int.from_bytes(head[14:16], "big")
    if following > LONGEST:
        raise NotProxied(f"a header of {following} octets")
    return following


def source(head: bytes, following: bytes) -> str | None:
    """Return the address that a connection came from, or None when it is the proxy's own (a health check).

    Raises:
        NotProxied: the command or the family is not understood, or the addresses are cut off.
    """
    command, family = head[12], head[13]
    if command == _LOCAL or (command == _PROXY and family == _UNSPECIFIED):
        return None
    if command != _PROXY or family not in _SIZES:
        raise NotProxied(f"command {command:#04x}, family {family:#04x}")
    size, whole = _SIZES[family]
    if len(following) < whole:
        raise NotProxied("the addresses are cut off")
    address = following[:size]
    return str(IPv4Address(address) if size == IPv4Address(0).max_prefixlen // 8 else IPv6Address(address))


async def receive(connection: socket.socket) -> str | None:
    """Read the header of a connection that was just accepted; see `source`.

    Raises:
        NotProxied: it is not there, or not understood.
        OSError: the connection broke.
    """
    head = await _exactly(connection, HEAD)
    return source(head, await _exactly(connection, length(head)))


async def _exactly(connection: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    found = b""
    while len(found) < size:
        piece = await loop.sock_recv(connection, size - len(found))
        if not piece:
            raise NotProxied("the connection ended before its header")
        found += piece
    return found

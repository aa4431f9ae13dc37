"""Whose connection is it, when a proxy of connections says so?"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.listener.proxy_protocol import HEAD, SIGNATURE, NotProxied, length, receive, source


def header(address: str = "192.0.2.7", *, command: int = 0x21, family: int | None = None, more: bytes = b"") -> bytes:
    octets = ip_address(address).packed
    body = octets + octets + b"\x30\x39\x20\xfb" + more
    kind = family if family is not None else {4: 0x11, 16: 0x21}[len(octets)]
    return SIGNATURE + bytes([command, kind]) + len(body).to_bytes(2, "big") + body


async def received(data: bytes, *, end: bool = False) -> tuple[str | None, bytes]:
    """What is read from a connection, and what is left of it."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        theirs.sendall(data)
        if end:
            theirs.shutdown(socket.SHUT_WR)
        async with asyncio.timeout(5):
            told = await receive(ours)
        try:
            return told, ours.recv(4096)
        except BlockingIOError:
            return told, b""


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7"])
async def test_the_address_is_told_and_not_one_octet_more_is_taken(address):
    assert await received(header(address) + b"\x16\x03\x01hello") == (address, b"\x16\x03\x01hello")


async def test_details_behind_the_addresses_are_skipped():
    assert await received(header(more=b"\x02\x00\x03abc") + b"GET") == ("192.0.2.7", b"GET")


@pytest.mark.parametrize("how", [{"command": 0x20}, {"command": 0x20, "family": 0}, {"family": 0}])
async def test_the_proxys_own_connections_are_the_proxys(how):
    assert await received(header(**how)) == (None, b"")


@pytest.mark.parametrize(
    "data",
    [
        b"PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaaaaaa",
        header(command=0x11),
        header(command=0x22),
        header(family=0x12),
        header(family=0x31),
        SIGNATURE + b"\x21\x11\x00\x04aaaa",
        SIGNATURE + b"\x21\x11\xff\xff",
    ],
    ids=["version 1", "tls", "version", "command", "udp", "unix", "short", "long"],
)
async def test_what_is_not_understood_is_nobodys(data):
    with pytest.raises(NotProxied):
        await received(data)


@pytest.mark.parametrize("size", [0, 5, HEAD, HEAD + 5])
async def test_a_connection_that_ends_before_its_header_is_nobodys(size):
    with pytest.raises(NotProxied):
        await received(header()[:size], end=True)


@given(head=st.binary(min_size=HEAD, max_size=HEAD), following=st.binary(max_size=64))
def test_whatever_comes_is_an_address_or_refused(head, following):
    try:
        length(SIGNATURE + head[:4])
        told = source(SIGNATURE + head[:4], following)
    except NotProxied:
        return
    assert told is None or ip_address(told)


GOOD = header()[:HEAD]


@pytest.mark.parametrize("place", range(len(SIGNATURE)))
def test_every_octet_of_the_signature_counts(place):
    with pytest.raises(NotProxied):
        length(GOOD[:place] + bytes([GOOD[place] ^ 1]) + GOOD[place + 1 :])


@pytest.mark.parametrize("head", [b"", SIGNATURE, GOOD[:-1], GOOD + b"\0"])
def test_a_head_has_sixteen_octets(head):
    with pytest.raises(NotProxied):
        length(head)


def test_a_header_may_be_as_long_as_is_allowed_and_no_longer():
    assert length(GOOD[:14] + (4096).to_bytes(2, "big")) == 4096
    with pytest.raises(NotProxied):
        length(GOOD[:14] + (4097).to_bytes(2, "big"))


@pytest.mark.parametrize("command", [0x00, 0x10, 0x11, 0x22, 0x2F, 0x31, 0xFF])
def test_a_command_that_is_not_known_is_nobodys_whatever_its_family(command):
    for family in (0x00, 0x11, 0x21):
        with pytest.raises(NotProxied):
            source(header(command=command, family=family)[:HEAD], bytes(36))


@pytest.mark.parametrize(("family", "whole"), [(0x11, 12), (0x21, 36)])
def test_addresses_are_whole(family, whole):
    head = header(family=family)[:HEAD]
    assert source(head, bytes(whole)) in ("0.0.0.0", "::")
    with pytest.raises(NotProxied):
        source(head, bytes(whole - 1))


async def test_a_header_that_comes_octet_by_octet_is_the_same_header():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        told = asyncio.create_task(receive(ours))
        for octet in header():
            theirs.sendall(bytes([octet]))
            await asyncio.sleep(0)
        theirs.sendall(b"GET")
        async with asyncio.timeout(5):
            assert await told == "192.0.2.7"
        assert ours.recv(10) == b"GET"


@pytest.mark.parametrize("cut", [1, HEAD - 1, HEAD, HEAD + 1, HEAD + 11])
async def test_what_comes_with_the_rest_of_a_header_is_left_for_whoever_reads_on(cut):
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        theirs.sendall(header()[:cut])
        told = asyncio.create_task(receive(ours))
        await asyncio.sleep(0.01)
        theirs.sendall(header()[cut:] + b"\x16\x03\x01hello")
        async with asyncio.timeout(5):
            assert await told == "192.0.2.7"
        assert ours.recv(100) == b"\x16\x03\x01hello"

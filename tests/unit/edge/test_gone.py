"""What is left of a connection that is gone?"""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest
from tests.unit.edge.http1.test_plain import PLAIN, Seen, Transport

from ostiary.config.schema import ListenerLimits, ListenerTimeouts
from ostiary.edge.http1.connection import Http1Connection
from ostiary.edge.http2.connection import Http2Connection
from ostiary.edge.listening import Listening
from ostiary.model import Peer

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(("kind", "said"), [(Http1Connection, PLAIN), (Http2Connection, PREFACE)])
@pytest.mark.usefixtures("uncollected")
async def test_its_transport_is_let_go_of_at_once(kind, said):
    """A TLS transport holds 256 KiB of buffers, and would hold them until the garbage collector comes."""
    listening = Listening(Seen(), ListenerLimits(), ListenerTimeouts(), "https", lambda _: Peer("192.0.2.1"))
    connection, transport = kind(listening, asyncio.get_running_loop()), Transport()
    gone = weakref.ref(transport)
    connection.connection_made(transport)
    connection.data_received(said)
    connection.connection_lost(None)
    await asyncio.sleep(0)
    del transport
    assert gone() is None
    connection.abort()  # whoever still has the connection may say what he likes
    connection.tick(1e9)


@pytest.mark.usefixtures("uncollected")
async def test_a_connection_is_freed_without_the_collector():
    listening = Listening(Seen(), ListenerLimits(), ListenerTimeouts(), "https", lambda _: Peer("192.0.2.1"))

    class Watched(Http1Connection):
        __slots__ = ("__weakref__",)

    connection = Watched(listening, asyncio.get_running_loop())
    gone = weakref.ref(connection)
    connection.connection_made(Transport())
    connection.data_received(PLAIN)
    connection.connection_lost(None)
    del connection
    assert gone() is None

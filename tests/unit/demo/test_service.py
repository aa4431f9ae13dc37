"""What does the demo's service say of its troubles?"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from threading import Event

import pytest

from ostiary.demo.service import LOOPBACK, Asked, Told, serving

_REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: an end by RST


def _well(_: Asked) -> Told:
    return Told(200, {"well": True})


def _reset(port: int) -> None:
    with socket.create_connection((LOOPBACK, port), timeout=5) as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        caller.sendall(_REQUEST)
        assert caller.recv(1 << 16).startswith(b"HTTP/1.1 200 ")


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_caller_who_breaks_off_is_not_worth_a_word(capfd: pytest.CaptureFixture[str], monkeypatch) -> None:
    ended = Event()
    handled = "ostiary.demo.service._Server.shutdown_request"
    monkeypatch.setattr(handled, lambda server, request: (server.close_request(request), ended.set()))
    with serving(_well, 0) as port:
        _reset(port)
        assert ended.wait(10)  # what there was to say of it was said before
    assert capfd.readouterr().err == ""


def test_a_mistake_of_its_own_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    def wrong(_: Asked) -> Told:
        raise LookupError("no such account")

    told: list[str] = []

    def heard() -> bool:
        told.append(capfd.readouterr().err)
        return "LookupError: no such account" in "".join(told)

    with serving(wrong, 0) as port, socket.create_connection((LOOPBACK, port), timeout=5) as caller:
        caller.sendall(_REQUEST)
        assert caller.recv(16) == b""
        _until(heard)

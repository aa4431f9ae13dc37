"""What passes while the gateway is away, hangs, or somebody else answers in its place? And while it is exchanged?"""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import pytest
from tests.support.plugged import PROXIES, Plugged
from tests.support.plugin import World

from ostiary.edge.decide import fastcgi_records

pytestmark = pytest.mark.integration
PATIENCE = 3.0
SLACK = 2.0  # of a machine that does much else

GARBAGE = {
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "302": b"HTTP/1.1 302 Found\r\nLocation: /open/a\r\nContent-Length: 0\r\n\r\n",
    "200 without a header of the policy's": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "no HTTP": b"\x15\x03\x01\x00\x02\x02\x28 what is this?\r\n\r\n",
    "an end": b"",
}


def asks(made: World, proxy: Plugged) -> tuple[int, float]:
    """Status and seconds of a request that would be allowed; Apache has no patience to be set, and so we have little."""
    begin = time.monotonic()
    raw = f"GET /accounts/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {made.tokens['good']}\r\n\r\n"
    said = made.ask(proxy.port, raw.encode(), patience=PATIENCE if proxy.name == "apache" else 10.0)
    return said.status, time.monotonic() - begin


def everybody(made: World, fronts) -> dict[str, tuple[int, float]]:
    """The same of every proxy, at once."""
    running = {name: fronts[name] for name in PROXIES}
    with ThreadPoolExecutor(len(running)) as pool:
        found = {name: pool.submit(asks, made, proxy) for name, proxy in running.items()}
    return {name: one.result() for name, one in found.items()}


def nothing_passes(made: World, fronts, *, told: bool = True) -> None:
    """Nobody reaches the upstream, and all are told so within some seconds; by an impostor they may be told anything."""
    sent = len(made.echo.heads)
    found = everybody(made, fronts)
    assert len(made.echo.heads) == sent, "something has reached the upstream"
    assert not told or {name: status for name, (status, _) in found.items() if status == 200} == {}
    slow = {name: seconds for name, (_, seconds) in found.items() if seconds > PATIENCE + SLACK}
    assert slow == {}


def test_a_gateway_that_hangs_lets_nothing_pass(made, fronts):
    everybody(made, fronts)
    made.gateway.signal(signal.SIGSTOP)
    try:
        nothing_passes(made, fronts)
    finally:
        made.gateway.signal(signal.SIGCONT)
    assert {status for status, _ in everybody(made, fronts).values()} == {200}


@contextmanager
def impostors(made: World, answer: bytes) -> Iterator[None]:
    """Somebody who answers in the gateway's place."""
    with ExitStack() as stack:
        for name in PROXIES:
            place = made.folder / f"{name}.sock"
            if name == "apache":
                listening = socket.create_server(("127.0.0.1", made.ports[name]))
            else:
                place.unlink(missing_ok=True)
                listening = socket.socket(socket.AF_UNIX)
                listening.bind(str(place))
                listening.listen(16)
                place.chmod(0o666)
                stack.callback(place.unlink)
            stack.callback(listening.close)
            stack.callback(listening.shutdown, socket.SHUT_RDWR)
            told = fastcgi_records.answer(1, _as_cgi(answer)) if name == "apache" else answer
            threading.Thread(target=_answer, args=(listening, told), daemon=True).start()
        yield


def _as_cgi(answer: bytes) -> bytes:
    return answer.replace(b"HTTP/1.1", b"Status:").replace(b"Content-Length: 0\r\n", b"")


def _answer(listening: socket.socket, answer: bytes) -> None:
    with suppress(OSError):
        while True:
            one, _ = listening.accept()
            with suppress(OSError), one:
                one.recv(65536)
                one.sendall(answer)


def test_without_the_gateway_nothing_passes_and_neither_does_it_when_somebody_answers_in_its_place(made, fronts):
    everybody(made, fronts)
    made.gateway.stop()
    try:
        nothing_passes(made, fronts)
        for answer in GARBAGE.values():
            with impostors(made, answer):
                nothing_passes(made, fronts, told=False)
    finally:
        made.gateway.start()
    assert {status for status, _ in everybody(made, fronts).values()} == {200}


@pytest.mark.parametrize("name", ["nginx", "envoy-http", "envoy-grpc"])
def test_a_new_policy_takes_over_without_a_wrong_verdict(made, fronts, name):
    """The upstream is told another role from one moment on; nobody is told anything else."""
    proxy = fronts[name]
    before, after, text = "reader", "writer", made.file.read_text()
    allowed = f"GET /accounts/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {made.tokens['good']}\r\n\r\n"
    refused = allowed.replace(made.tokens["good"], made.tokens["expired"])
    roles: list[str] = []
    wrong: list[int] = []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            said = made.ask(proxy.port, allowed.encode())
            if said.status == 200:
                roles.append(said.seen["x-roles"][0])
            else:
                wrong.append(said.status)
            if (status := made.ask(proxy.port, refused.encode()).status) != 401:
                wrong.append(status)

    threads = [threading.Thread(target=load) for _ in range(3)]
    for one in threads:
        one.start()
    try:
        until(lambda: len(roles) > 5)
        made.file.write_text(text.replace(f"value: {before}", f"value: {after}"))
        made.gateway.signal(signal.SIGHUP)
        until(lambda: after in roles)
        many = len(roles)
        until(lambda: len(roles) > many + 10)
    finally:
        stop.set()
        for one in threads:
            one.join(15)
        made.file.write_text(text)  # for those who come after
        made.gateway.signal(signal.SIGHUP)
        until(lambda: made.ask(proxy.port, allowed.encode()).seen["x-roles"] == [before])

    assert wrong == []
    assert set(roles) == {before, after}
    assert set(roles[-5:]) == {after}


def until(happened) -> None:
    end = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < end, "it has not happened"
        time.sleep(0.02)

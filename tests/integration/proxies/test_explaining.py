"""What does a caller learn of a refusal through nginx, which has to ask twice, whoever answers the second time?"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.integration.proxies.test_outage import until
from tests.support.neighbours import free_port, program, running
from tests.support.plugged import PROXIES
from tests.support.plugin import BASIC, CANARY, Gateway, Said, World, recipe

pytestmark = pytest.mark.integration
AWAY = """
  - name: away
    match: {path: /away}
    authenticate: {jwt: {issuers: [away]}}
    authorize: anyone
    upstream: old
"""
REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@contextmanager
def nginx(made: World, name: str, *changed: str) -> Iterator[int]:
    """An nginx of its own; with another place to ask at than the recipe says."""
    home, port = made.folder / name, free_port()
    home.mkdir()
    text = recipe("nginx", made, port, "--listener", "nginx").replace(*(changed or ("", "")))
    program("nginx")
    with running("nginx", home, port, *PROXIES["nginx"].place(home, text)):
        yield port


@contextmanager
def between(made: World, place: Path) -> Iterator[None]:
    """Somebody between nginx and the gateway, who refuses what is asked first, and passes on what is asked then."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(place))
    place.chmod(0o666)
    listening.listen(16)
    threading.Thread(target=_relay, args=(listening, str(made.folder / "nginx.sock")), daemon=True).start()
    try:
        yield
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def _relay(listening: socket.socket, gateway: str) -> None:
    with suppress(OSError):
        while True:
            one, _ = listening.accept()
            with one, suppress(OSError):
                ask = one.recv(65536)
                one.sendall(REFUSED if ask.startswith(b"GET /brief ") else _passed_on(ask, gateway))


def _passed_on(ask: bytes, gateway: str) -> bytes:
    with socket.socket(socket.AF_UNIX) as other:
        other.connect(gateway)
        other.sendall(ask.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        return b"".join(iter(lambda: other.recv(65536), b""))


def ask(made: World, port: int, target: str, *lines: str) -> Said:
    head = (f"GET {target} HTTP/1.1", "Host: localhost", "Connection: close", *lines, "", "")
    return made.ask(port, "\r\n".join(head).encode())


def test_what_is_allowed_by_then_is_told_to_try_again_and_its_credential_to_nobody(made):
    """A permit in the second answer would reach the caller, with what the upstream was to be shown."""
    place = made.folder / "between.sock"
    sent = len(made.echo.heads)
    with between(made, place), nginx(made, "between", str(made.folder / "nginx.sock"), str(place)) as port:
        said = ask(made, port, "/accounts/1", f"Authorization: Bearer {made.tokens['good']}")
    assert (said.status, said.reason, said.get("retry-after")) == (503, "decision.changed", "1")
    everything = said.content + repr(said.fields).encode()
    assert BASIC.encode() not in everything
    assert CANARY.encode() not in everything
    assert {"ostiary-upstream", "ostiary-refusal", "authorization"} & {name.lower() for name, _ in said.fields} == set()
    assert len(made.echo.heads) == sent


def test_each_of_several_workers_explains_what_another_has_refused(made):
    """Each ask has a connection of its own, which the kernel gives to whom it likes."""
    file = made.folder / "several.yaml"
    text = made.file.read_text()
    head, rest = text.partition("listeners:")[0], text.partition("issuers:")[2]
    only = f'listeners: {{nginx: {{bind: "127.0.0.1:{free_port()}", decide: nginx}}}}'
    few = rest.partition("  - name: who")[0]
    file.write_text(f"{head}{only}\nissuers:{few}{AWAY}")
    several = World(made.folder, made.echo, made.authority, made.signer, {}, policy=file)
    gateway = Gateway(file, "--workers", "2")
    gateway.start()
    try:
        until(lambda: len([one for one in gateway.events() if one["event"] == "ready"]) == 2)
        with nginx(several, "several", "keepalive 32;", "") as port:
            for _ in range(8):
                expired = ask(made, port, "/accounts/1", f"Authorization: Bearer {made.tokens['expired']}")
                assert (expired.status, expired.reason) == (401, "token.expired")
                lied = ask(made, port, "/nothing", "Ostiary-Refusal: eyJraW5kIjoiRm9yYmlkZGVuIn0")
                assert (lied.status, lied.reason) == (404, "route.not-found")
                away = ask(made, port, "/away", f"Authorization: Bearer {made.tokens['away']}")
                assert (away.status, away.reason) == (503, "keys.unavailable")
                assert int(str(away.get("retry-after"))) > 0
    finally:
        gateway.stop()
    told = [json.loads(line) for line in gateway.out.read_text().splitlines()]
    by_whom = {(one["id"][:8], one["detail"].split()[2][:8]) for one in told if " was refused" in one.get("detail", "")}
    assert any(explaining != refusing for explaining, refusing in by_whom)

"""What does Envoy do while the vault changes, and while nobody answers?"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest
from tests.support.exported import validated
from tests.support.neighbours import PATIENCE, free_port, running, stop
from tests.support.plugged import listeners
from tests.support.plugin import BASIC, Gateway, World, world

pytestmark = pytest.mark.integration
PARTIAL = "    upstream: old\n    decision: allow-partial\n"
SEEN = 2.0
"""Seconds after which a new version is in use, from when its file was put in place."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The policy of the corpus, its gateway, and an Envoy whose secrets are kept up to date."""
    asked = {"envoy-http": listeners()["envoy-http"]}
    with world(tmp_path_factory.mktemp("change"), asked) as one:
        one.policy = one.folder / "partial.yaml"
        text = (one.folder / "gateway.yaml").read_text().replace("    upstream: old\n", PARTIAL)
        one.policy.write_text(
            text.replace("type: files, path: secrets", "type: files, path: secrets, cache: {ttl: 1s}")
        )
        one.gateway = Gateway(one.file)
        one.gateway.start()
        one.ports["envoy"] = free_port()
        with kept(one, one.folder / "home"):
            yield one
        one.gateway.stop()


@contextmanager
def kept(made: World, home: Path) -> Iterator[None]:
    """Run `ostiary export envoy --watch`, and Envoy with what it has written."""
    where = ("--config", made.file, "--out", home, "--listen", f"127.0.0.1:{made.ports['envoy']}")
    said = made.folder / "watch.err"
    with said.open("wb") as err:
        command = (sys.executable, "-m", "ostiary", "export", "envoy", *where, "--watch")
        watching = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=err)
    try:
        _until(lambda: '"watching"' in said.read_text(), PATIENCE)
        validated(home)
        log = ("--log-path", home / "envoy.log", "--use-dynamic-base-id")
        with running("envoy", home, made.ports["envoy"], "-c", home / "envoy.yaml", "--concurrency", "1", *log):
            yield
    finally:
        stop(watching)
    assert watching.returncode == 0, said.read_text()


def _until(holds, patience: float) -> float:
    """Wait until something holds, and return how long it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() < began + patience
        time.sleep(0.05)
    return time.monotonic() - began


def asked(made: World, target: str = "/write", method: str = "POST", token: str | None = "good"):
    head = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close", "Content-Length: 0"]
    if token is not None:
        head.append(f"Authorization: Bearer {made.tokens[token]}")
    return made.ask(made.ports["envoy"], "\r\n".join([*head, "", ""]).encode())


def put(made: World, secret: str) -> str:
    """Put another version into the vault, whole; return what the upstream is to be shown."""
    made.folder.joinpath("new").write_text(secret)
    made.folder.joinpath("new").chmod(0o600)
    (made.folder / "new").replace(made.folder / "secrets" / "legacy" / "secret")
    return "Basic " + b64encode(f"svc:{secret}".encode()).decode()


class Caller:
    """Asks all the time, and remembers what became of it."""

    def __init__(self, made: World) -> None:
        self.found: list[tuple[float, int, str]] = []
        self._made = made
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._ended.wait(0.02):
            said = asked(self._made)
            shown = said.seen["authorization"][0] if said.status == 200 else ""
            self.found.append((time.monotonic(), said.status, shown))


def test_a_new_version_is_shown_within_two_seconds_of_its_file_and_no_request_fails(made: World):
    """A machine that is busy may take longer once, and not three times."""
    assert asked(made).seen["authorization"] == [BASIC]
    wanted = [BASIC]
    with Caller(made) as caller:
        _until(lambda: caller.found, PATIENCE)
        took = [_rotated(made, caller, wanted, number) for number in range(3)]
    assert min(took) < SEEN
    assert {status for _, status, _ in caller.found} == {200}
    assert list(dict.fromkeys(shown for _, _, shown in caller.found)) == wanted


def _rotated(made: World, caller: Caller, wanted: list[str], number: int) -> float:
    """Put another version into the vault, and return how long after its file Envoy shows it, in seconds."""
    file = made.folder / "home" / "secrets" / "ostiary_basic~legacy.yaml"
    before = file.stat().st_ino
    wanted.append(put(made, f"another-secret-{number}"))
    _until(lambda: file.stat().st_ino != before, PATIENCE)
    placed = time.monotonic()
    _until(lambda: caller.found[-1][2] == wanted[-1], PATIENCE)
    return next(at for at, _, shown in caller.found if shown == wanted[-1]) - placed


def test_a_file_of_a_secret_is_for_its_owner_only_and_no_half_one_is_left(made: World):
    folder = made.folder / "home" / "secrets"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {one.stat().st_mode & 0o777 for one in folder.iterdir()} == {0o600}
    assert [one.name for one in folder.iterdir() if one.name.startswith(".")] == []
    assert "canary" not in (made.folder / "home" / "envoy.yaml").read_text()
    assert "another-secret" not in (made.folder / "watch.err").read_text()


def test_what_the_vault_has_no_more_is_not_shown_any_more(made: World):
    away = made.folder / "secrets" / "gone"
    (made.folder / "secrets" / "legacy").rename(away)
    _until(lambda: asked(made).status == 503, PATIENCE)
    away.rename(made.folder / "secrets" / "legacy")
    _until(lambda: asked(made).status == 200, PATIENCE)


def test_while_the_gateway_is_away_what_is_native_goes_on_and_nothing_else_passes(made: World):
    made.gateway.stop()
    try:
        assert asked(made).status == 200
        assert asked(made, "/hosted", "GET", None).status == 503  # the gateway would say 404
        assert asked(made, "/who", "GET").status == 503
        assert asked(made, token="expired").status == 503  # whether it is good is not known
        assert asked(made, "/far", "GET", None).status == 503
    finally:
        made.gateway.start()
    assert asked(made, token="expired").status == 401

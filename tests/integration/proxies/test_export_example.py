"""Does the example of an export do what it says?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.support.export_policy import published
from tests.support.exported import exported
from tests.support.neighbours import free_port
from tests.support.plugged import Plugged
from tests.support.plugin import BASIC, Gateway, World, world
from tests.support.tokens import key_set

pytestmark = pytest.mark.integration
EXAMPLE = Path(__file__).parents[3] / "examples" / "export-envoy.yaml"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The example, on this machine, and the gateway that serves it."""
    with ExitStack() as stack:
        one = stack.enter_context(world(tmp_path_factory.mktemp("example"), {}))
        keys = stack.enter_context(published(key_set(one.signer)))
        one.policy = one.folder / EXAMPLE.name
        text = EXAMPLE.read_text()
        for before, after in (
            ("127.0.0.1:8443", f"127.0.0.1:{free_port()}"),
            ("unix:/run/ostiary/envoy.sock", f"unix:{one.folder}/s"),
            ("https://id.example.com/bank/keys", f"http://127.0.0.1:{keys.port}/keys"),
            ("http://127.0.0.1:9000", f"http://127.0.0.1:{one.echo.port}"),
            ("file:certs/", "file:"),
            ('"0660"', '"0666"'),
        ):
            assert before in text
            text = text.replace(before, after)
        one.policy.write_text(text)
        one.gateway = Gateway(one.file)
        stack.callback(one.gateway.stop)
        one.gateway.start()
        yield one


@pytest.fixture(scope="module")
def envoy(made: World) -> Iterator[Plugged]:
    """Envoy, with what is written for it."""
    with exported(made.file, made.folder / "home") as running:
        yield running


def ask(made: World, envoy: Plugged, method: str, scope: str):
    head = [f"{method} /accounts/7 HTTP/1.1", "Host: localhost", "Connection: close", "Content-Length: 0"]
    head.append(f"Authorization: Bearer {made.token(scope=scope)}")
    return made.ask(envoy.port, "\r\n".join([*head, "", ""]).encode())


def test_who_reads_is_decided_by_envoy(made: World, envoy: Plugged):
    seen = ask(made, envoy, "GET", "read write").seen
    assert seen["authorization"] == [BASIC]
    assert "-" in seen["x-request-id"][0]  # Envoy's own


def test_who_writes_is_asked_about(made: World, envoy: Plugged):
    seen = ask(made, envoy, "POST", "write").seen
    assert (seen["authorization"], seen["x-subject"]) == ([BASIC], ["alice"])
    assert "-" not in seen["x-request-id"][0]  # the gateway's


def test_who_may_not_is_told_why_by_the_gateway(made: World, envoy: Plugged):
    assert ask(made, envoy, "GET", "write").reason == "scope.missing"
    assert ask(made, envoy, "POST", "read").reason == "scope.missing"
    assert ask(made, envoy, "DELETE", "read").reason == "method.not-allowed"

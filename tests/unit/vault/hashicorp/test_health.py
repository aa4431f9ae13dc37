"""What does the log say of the servers when there is trouble?"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
import structlog

from ostiary.model import Secret
from ostiary.vault.errors import Unavailable
from ostiary.vault.hashicorp.api import Reply
from ostiary.vault.hashicorp.client import Client
from ostiary.vault.hashicorp.health import PAUSE, Health, word
from ostiary.vault.hashicorp.login import Token
from ostiary.vault.hashicorp.session import Session


class Api:
    """Two servers, of which one is sealed; a question gets what the test says."""

    place = "https://a https://b"

    def __init__(self, answer: Reply | Exception | None = None) -> None:
        self.answer = answer
        self.looks = 0

    async def statuses(self, path: str) -> list[tuple[str, int | None]]:
        assert path == "sys/health"
        self.looks += 1
        return [("https://a", 503), ("https://b", None)]

    async def call(self, *_: object, **__: object) -> Reply:
        if isinstance(self.answer, Exception):
            raise self.answer
        assert self.answer is not None
        return self.answer

    async def aclose(self) -> None: ...


class Given:
    async def login(self, api: object) -> Token:
        return Token(Secret("t"), 0.0, 0.0, False, 0.0)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, "active"),
        (429, "standby"),
        (501, "not initialised"),
        (503, "sealed"),
        (418, "answers 418"),
        (None, "no answer"),
    ],
)
def test_a_server_is_what_it_answers(status, state):
    assert word(status) == state


async def test_trouble_is_looked_at_once_in_a_while():
    now = [0.0]
    api = Api()
    health = Health(api, clock=lambda: now[0])
    with structlog.testing.capture_logs() as logs:
        for _ in range(10):
            health.trouble()
            await asyncio.sleep(0)
        now[0] += PAUSE
        health.trouble()
        await asyncio.sleep(0)
    await health.aclose()
    assert api.looks == 2
    assert [(entry["address"], entry["state"]) for entry in logs[:2]] == [
        ("https://a", "sealed"),
        ("https://b", "no answer"),
    ]


@pytest.mark.parametrize(
    ("answer", "looks"),
    [
        (Reply(503, {"errors": []}, spoken=True), 1),
        (Unavailable("no answer"), 1),
        (Reply(200, {"data": {}}, spoken=True), 0),
        (Reply(404, {"errors": []}, spoken=True), 0),
    ],
)
async def test_what_the_cluster_answers_is_no_trouble_and_what_it_does_not_is(answer, looks):
    api = Api(answer)
    client = Client(api, Session(api, Given()))
    with suppress(Unavailable):
        await client.call("GET", "secret/data/a")
    await asyncio.sleep(0)
    await client.aclose()
    assert api.looks == looks

"""Walk the tour, and judge each step: the answer, the access log, and what the legacy service received."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from ostiary.demo.client import Client, Response, command
from ostiary.demo.places import write_private
from ostiary.demo.steps import TOUR, Step, tokens
from ostiary.demo.world import World

LOG_PATIENCE: Final = 3.0
"""Seconds within which a request's line must be in the access log."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step came out.

    Attributes:
        title: what was tried.
        command: the line to paste.
        status: what came back.
        reason: what the access log says.
        log: its whole line.
        body: the answer.
        differs: what did not come out as it has to; empty when all is well.
    """

    title: str
    command: str
    status: int
    reason: str
    log: dict[str, Any]
    body: str
    differs: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {**asdict(self), "differs": list(self.differs)}


def write_tokens(world: World) -> None:
    """Put the tokens of the tour where the lines that one can paste read them."""
    for name, token in tokens(world.issuer, world.pki).items():
        write_private(world.places.token(name), token)


def walk(world: World, client: Client) -> Iterator[Outcome]:
    """Take every step, one after the other."""
    for step in TOUR:
        response = client.send(step)
        log = _logged(world, response)
        differs = (*_differs(step, response, log), *_leaks(world, step, response))
        reason = str(log.get("reason", "unknown"))
        yield Outcome(step.title, command(step, world), response.status, reason, log, response.body, differs)


def _logged(world: World, response: Response) -> dict[str, Any]:
    """Return the line of the access log that belongs to an answer."""
    end = time.monotonic() + LOG_PATIENCE
    while (left := end - time.monotonic()) > 0:
        line = world.gateway.next_line(left)
        if line is not None and line.get("status") == response.status:
            return line
    return {}


def _differs(step: Step, response: Response, log: dict[str, Any]) -> Iterator[str]:
    if response.status != step.status:
        yield f"status {response.status} instead of {step.status}"
    if log.get("reason") != str(step.reason):
        yield f"reason {log.get('reason')} in the access log instead of {step.reason}"
    for name, value in (step.arrives or {}).items():
        if (arrived := _received(response.body, name)) != [value]:
            yield f"the legacy service received {name}: {arrived} instead of {value} alone"


def _received(body: str, name: str) -> list[str]:
    """Return every value that the legacy service received under a header's name, however it is spelt."""
    try:
        headers = [header.partition(": ") for header in json.loads(body)["headers"]]
    except (ValueError, KeyError):
        return []
    return [value for spelt, _, value in headers if spelt.lower().replace("_", "-").replace(".", "-") == name]


def _leaks(world: World, step: Step, response: Response) -> Iterator[str]:
    """The echo must not hold the caller's token: it may not get past the gateway."""
    if step.jwt is not None and world.places.token(step.jwt).read_text() in response.body:
        yield "the caller's token reached the legacy service"

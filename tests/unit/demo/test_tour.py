"""Would the tour notice a gateway that does not do its work?"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ostiary.demo.client import Response, command
from ostiary.demo.places import Places
from ostiary.demo.steps import TOUR, Step
from ostiary.demo.tour import walk
from ostiary.pki.development import DevelopmentPki
from ostiary.reasons import Reason

REFUSED = Step("no token", 401, Reason.TOKEN_MISSING, jwt=None)
LET_IN = Step("may", 200, Reason.ALLOWED, arrives={"authorization": "Basic ******", "x-subject": "alice"})
ECHO = ["Authorization: Basic ******", "X-Subject: alice"]


@dataclass
class FakeGateway:
    """The access log of a gateway that answered as it was told to."""

    lines: list[dict[str, Any]]
    port: int = 8443

    def next_line(self, patience: float) -> dict[str, Any] | None:
        return self.lines.pop(0) if self.lines else None


@dataclass
class FakeWorld:
    places: Places
    gateway: FakeGateway
    pki: DevelopmentPki = field(init=False)

    def __post_init__(self) -> None:
        self.pki = DevelopmentPki.below(self.places.certificates)
        self.places.clear()
        self.places.token("alice").write_text("eyJ.alice.token")

    def identity(self, name: str) -> tuple[Path, Path]:
        return self.pki.client.with_name(f"{name}.pem"), self.pki.client.with_name(f"{name}.key")


@dataclass
class FakeClient:
    response: Response
    name: str = "fake"

    def send(self, step: Step) -> Response:
        return self.response


@pytest.fixture
def judge(tmp_path, monkeypatch):
    def judged(step: Step, status: int, log: dict[str, Any] | None, body: str = "{}") -> tuple[str, ...]:
        monkeypatch.setattr("ostiary.demo.tour.TOUR", (step,))
        monkeypatch.setattr("ostiary.demo.tour.LOG_PATIENCE", 0.01)
        world = FakeWorld(Places(tmp_path), FakeGateway([] if log is None else [log]))
        (outcome,) = walk(world, FakeClient(Response(status, body)))
        return outcome.differs

    return judged


def test_a_refusal_for_the_right_reason_is_right(judge):
    assert judge(REFUSED, 401, {"status": 401, "reason": "token.missing"}) == ()


def test_a_refusal_for_another_reason_is_noticed(judge):
    (difference,) = judge(REFUSED, 401, {"status": 401, "reason": "token.malformed"})
    assert "token.malformed" in difference


def test_somebody_who_gets_in_is_noticed(judge):
    assert "status 200 instead of 401" in judge(REFUSED, 200, {"status": 200, "reason": "allowed"})


def test_a_request_that_is_not_in_the_log_is_noticed(judge):
    (difference,) = judge(REFUSED, 401, None)
    assert "access log" in difference


def test_what_arrived_as_it_should_is_right(judge):
    assert judge(LET_IN, 200, {"status": 200, "reason": "allowed"}, json.dumps({"headers": ECHO})) == ()


@pytest.mark.parametrize("spoofed", ["X-Subject: admin", "x_subject: admin", "X.SUBJECT: admin"])
def test_a_spoofed_header_that_arrived_is_noticed_in_every_spelling(judge, spoofed):
    body = json.dumps({"headers": [*ECHO, spoofed]})
    (difference,) = judge(LET_IN, 200, {"status": 200, "reason": "allowed"}, body)
    assert "admin" in difference


def test_a_credential_that_was_not_injected_is_noticed(judge):
    body = json.dumps({"headers": ["X-Subject: alice"]})
    (difference,) = judge(LET_IN, 200, {"status": 200, "reason": "allowed"}, body)
    assert "authorization" in difference


def test_a_token_that_got_past_the_gateway_is_noticed(judge):
    body = json.dumps({"headers": [*ECHO, "X-Token: eyJ.alice.token"]})
    differences = judge(LET_IN, 200, {"status": 200, "reason": "allowed"}, body)
    assert differences == ("the caller's token reached the legacy service",)


def test_the_tour_shows_every_kind_of_refusal_and_ends_with_one_who_gets_in():
    assert {step.status for step in TOUR} == {200, 400, 401, 403, 404}
    assert TOUR[-1].reason is Reason.ALLOWED


def test_the_line_is_one_that_a_shell_reads_as_it_is_meant(tmp_path):
    world = FakeWorld(Places(tmp_path / "with a space"), FakeGateway([]))
    step = Step("", 200, Reason.ALLOWED, path="/a/../b", headers=("X-It: isn't",))
    words = shlex.split(command(step, world).replace("\\\n", " "))
    assert words[:2] == ["curl", "-si"]
    assert str(world.pki.ca) in words
    assert "X-It: isn't" in words
    assert words[-2:] == ["--path-as-is", "https://localhost:8443/a/../b"]


def test_a_proxy_of_the_environment_is_gone_around(tmp_path, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    world = FakeWorld(Places(tmp_path), FakeGateway([]))
    assert "--noproxy localhost" in command(TOUR[0], world)

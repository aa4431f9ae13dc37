"""What does `ostiary explain` make of what an admin listener answers?"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ostiary.cli.run import run

TOLD = {
    "verdict": "deny", "status": 403, "reason": "tenant.mismatch", "route": "a", "at": "2027-01-15T08:00:00Z", "principal": None,
    "steps": [{"step": "route", "what": "a", "verdict": "yes", "text": "here", "where": "gateway.yaml:3"}],
}  # fmt: skip
LINE = {"id": "r1", "status": 401, "reason": "token.expired", "method": "GET", "path": "/a"}
TOKEN = "canary-of-the-admin"
URL = "https://api.example.com/a"


class Listener:
    """It answers the same to everybody, and keeps what was asked."""

    def __init__(self) -> None:
        self.status, self.content = 200, b""
        self.asked: list[tuple[str, str, str | None, bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.asked.append((self.command, self.path, self.headers.get("Authorization"), body))
                self.send_response_only(outer.status)
                self.send_header("Content-Length", str(len(outer.content)))
                self.end_headers()
                self.wfile.write(outer.content)

            do_GET = do_POST = _answer  # noqa: N815 - the library's names

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    running = Listener()
    thread = threading.Thread(target=running.server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("OSTIARY_ADMIN_TOKEN", TOKEN)
    yield running
    running.server.shutdown()
    running.server.server_close()
    thread.join()


Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def ask(listener: Listener, capsys: pytest.CaptureFixture[str]) -> Ask:
    def asked(*arguments: str, status: int = 200, content: Any = TOLD) -> tuple[int, Any]:
        listener.status = status
        listener.content = content if isinstance(content, bytes) else json.dumps(content).encode()
        code = run(["explain", *arguments, "--admin", listener.url, "--json"])
        out, err = capsys.readouterr()
        assert TOKEN not in out + err
        return code, json.loads(out)

    return asked


def test_the_request_is_asked_about_and_the_answer_shown_with_what_would_help(ask: Ask, listener: Listener) -> None:
    code, told = ask("POST", URL, "-H", "X: caf\xe9", "--claims", "--source", "10.0.0.1")
    assert (code, told["reason"], bool(told["to_allow"])) == (0, "tenant.mismatch", True)
    ((method, path, authorization, body),) = listener.asked
    assert (method, path, authorization) == ("POST", "/explain", f"Bearer {TOKEN}")
    asked = json.loads(body)
    assert (asked["method"], asked["target"], asked["source"], asked["claims"]) == ("POST", "/a", "10.0.0.1", True)
    assert ["Host", "api.example.com"] in asked["headers"]


def test_an_expectation_holds_for_the_gateway_that_runs_too(ask: Ask) -> None:
    assert ask(URL, "--expect", "deny")[0] == 0
    assert ask(URL, "--expect", "allow")[0] == 1
    assert ask(URL, content={**TOLD, "verdict": "unknown", "status": None, "reason": "keys.unavailable"})[0] == 3


def test_a_request_that_was_is_found_or_it_is_not(ask: Ask, listener: Listener) -> None:
    code, told = ask("--request-id", "r1/../x", content=LINE)
    assert (code, told["request"]) == (0, LINE)
    assert listener.asked[-1][1] == "/decisions/r1%2F..%2Fx"
    code, told = ask("--request-id", "r9", status=404, content={"reason": "route.not-found"})
    assert (code, told["error"]["code"]) == (3, "explain.unknown")


@pytest.mark.parametrize(
    ("status", "content", "says"),
    [
        (401, {"reason": "token.missing"}, "wants a token"),
        (503, {"reason": "worker.missing"}, "503 worker.missing"),
        (400, {"reason": "request.malformed"}, "400 request.malformed"),
        (404, {"reason": "route.not-found"}, "404 route.not-found"),
        (500, b"<html>", "cannot be asked"),
        (200, b"", "cannot be asked"),
        (200, [], "answers with 200"),
        (200, {"hello": "there"}, "no admin listener of ours"),
    ],
)
def test_anything_else_is_not_an_answer(status: int, content: Any, says: str, ask: Ask) -> None:
    code, told = ask(URL, status=status, content=content)
    assert (code, told["error"]["code"]) == (3, "explain.admin")
    assert says in told["error"]["message"]


def test_a_line_that_is_none_is_not_an_answer(ask: Ask) -> None:
    code, told = ask("--request-id", "r1", content={"hello": "there"})
    assert (code, told["error"]["code"]) == (3, "explain.admin")


def test_a_reason_of_a_newer_gateway_is_shown_as_it_is(ask: Ask) -> None:
    code, told = ask(URL, content={**TOLD, "reason": "moon.full"})
    assert (code, told["reason"]) == (0, "moon.full")
    assert "help" in told["to_allow"]


def test_the_gateway_that_runs_judges_as_of_now(ask: Ask, listener: Listener) -> None:
    assert ask(URL, "--at", "2026-01-31T08:00Z")[0] == 2
    assert listener.asked == []


def test_people_are_told_where_to_look_for_what_cannot_be_known(
    listener: Listener, capsys: pytest.CaptureFixture[str]
) -> None:
    listener.content = json.dumps({**TOLD, "verdict": "unknown", "status": None, "reason": "keys.unavailable"}).encode()
    assert run(["explain", URL, "--admin", listener.url]) == 3
    assert "to know: /readyz?verbose" in capsys.readouterr().out

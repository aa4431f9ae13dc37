"""When does a worker write down what it has counted?"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs
from tests.unit.admin.conftest import viewing  # noqa: F401 - a fixture

from ostiary.admin.encoding import metrics_of
from ostiary.admin.view import View
from ostiary.model import Record
from ostiary.observe.counted import counted_of
from ostiary.observe.ended import Ended
from ostiary.reasons import Reason
from ostiary.workers import keeper as room
from ostiary.workers.keeper import keeping
from ostiary.workers.ledger import Book, new_ledger, read


@pytest.fixture
def descriptor() -> Iterator[int]:
    one = new_ledger()
    yield one
    os.close(one)


@pytest.fixture
def view(viewing, monkeypatch: pytest.MonkeyPatch) -> View:  # noqa: F811 - the fixture
    monkeypatch.setattr(room, "_EVERY", 0.01)
    monkeypatch.setattr(room, "_BESIDE", 0.01)
    found: View = viewing()
    return found


def count(view: View) -> None:
    record = Record(started=1.0, route="accounts", upstream="echo", reason=Reason.ALLOWED)
    view.metrics.count(Ended(record, listener="public", method="GET", status=200, now=1.01))


def hits(descriptor: int) -> float:
    """Return what the ledger says of tokens that were known."""
    samples = (
        sample
        for family in metrics_of(read(descriptor, Book.BESIDE) or b"[]")
        for sample in family.samples
        if (sample.name, sample.labels) == ("ostiary_token_cache_requests_total", {"result": "hit"})
    )
    return next((sample.value for sample in samples), -1)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what another process would see
            await asyncio.sleep(0.01)


async def test_requests_are_there_within_a_moment_and_at_the_end(descriptor: int, view: View) -> None:
    async with keeping(descriptor, view):
        count(view)
        await until(lambda: bool(read(descriptor)))
        assert counted_of(read(descriptor)).requests == 1
        count(view)
    assert counted_of(read(descriptor)).requests == 2


async def test_so_is_everything_else(descriptor: int, view: View) -> None:
    tokens = view.serving.gateway.tokens[0]
    async with keeping(descriptor, view):
        for number in (3, 4):
            tokens.hits = number
            await until(lambda number=number: hits(descriptor) == number)
        tokens.hits = 7
    assert hits(descriptor) == 7


async def test_of_everything_else_only_what_grows_and_no_request_twice(descriptor: int, view: View) -> None:
    async with keeping(descriptor, view):
        count(view)
    names = {family.name for family in metrics_of(read(descriptor, Book.BESIDE))}
    assert {"ostiary_token_cache_requests", "ostiary_key_set_fetches", "ostiary_shadow_differences"} <= names
    assert not names & {"ostiary_decisions", "http_server_request_duration_seconds", "ostiary_token_cache_entries"}


async def test_while_nothing_is_counted_nothing_is_written(descriptor: int, view: View) -> None:
    async with keeping(descriptor, view):
        await until(lambda: bool(read(descriptor, Book.BESIDE)))
        before = os.pread(descriptor, 8, Book.BESIDE)
        await asyncio.sleep(0.1)
        assert os.pread(descriptor, 8, Book.BESIDE) == before
    assert read(descriptor) == b""


async def test_what_grows_while_it_is_read_is_read_again(
    descriptor: int, view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = iter((RuntimeError("dictionary changed size during iteration"), b"told"))

    def tell(_: object) -> bytes:
        said = next(told, b"told")
        if isinstance(said, RuntimeError):
            raise said
        return said

    monkeypatch.setattr(room, "metrics_told", tell)
    async with keeping(descriptor, view):
        await until(lambda: read(descriptor, Book.BESIDE) == b"told")


async def test_a_bug_there_costs_that_book_and_not_the_one_of_requests(
    descriptor: int, view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(_: object) -> bytes:
        raise LookupError

    with capture_logs() as logs:
        async with keeping(descriptor, view):
            monkeypatch.setattr(room, "metrics_told", wrong)
            await until(lambda: bool(logs))
            count(view)
            await until(lambda: bool(read(descriptor)))
    assert [line["event"] for line in logs] == ["a bug: what was counted cannot be written down"]

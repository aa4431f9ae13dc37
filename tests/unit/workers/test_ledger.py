"""What is left of a worker's counting when it is killed?"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from prometheus_client import generate_latest
from prometheus_client.registry import CollectorRegistry
from tests.support.admin import samples

from ostiary.admin.exposition.requests import counted_requests
from ostiary.admin.exposition.together import latest
from ostiary.model import Record
from ostiary.observe.counted import counted_of, counted_told
from ostiary.observe.ended import Ended
from ostiary.observe.histogram import Histogram
from ostiary.observe.metrics import Metrics
from ostiary.reasons import Reason
from ostiary.workers import ledger
from ostiary.workers.ledger import Book, new_ledger, read, write


@pytest.fixture
def descriptor() -> Iterator[int]:
    one = new_ledger()
    yield one
    os.close(one)


def count(metrics: Metrics, times: int = 1, status: int = 200) -> None:
    for _ in range(times):
        record = Record(started=1.0, route="accounts", upstream="echo", reason=Reason.ALLOWED)
        record.upstream_started, record.upstream_answered = 1.001, 1.004
        metrics.count(Ended(record, listener="public", method="GET", status=status, now=1.01))


class Told:
    def __init__(self, *families) -> None:
        self.families = families

    def collect(self):
        return self.families


def text(*families) -> dict:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Told(*families))
    return samples(generate_latest(registry).decode())


def test_an_empty_one_says_nothing(descriptor: int) -> None:
    assert read(descriptor) == b""


def test_the_last_entry_counts(descriptor: int) -> None:
    for turn, entry in enumerate((b"first", b"second entry", b"third"), 1):
        write(descriptor, entry, turn)
        assert read(descriptor) == entry


def test_whoever_is_killed_while_it_writes_leaves_what_it_had_written_before(descriptor: int) -> None:
    write(descriptor, b"whole", 1)
    write(descriptor, b"whole, too", 2)
    os.pwrite(descriptor, b"to", ledger._PLACES[1])  # the third began, and that was the end
    assert read(descriptor) == b"whole, too"


def test_what_does_not_fit_its_checksum_says_nothing(descriptor: int) -> None:
    write(descriptor, b"whole", 1)
    os.pwrite(descriptor, b"h", ledger._PLACES[1])
    assert read(descriptor) == b""


def test_what_was_counted_comes_back_as_it_was() -> None:
    metrics = Metrics()
    count(metrics, 3)
    count(metrics, 2, status=503)
    metrics.calls["accounts", "14"] = 2
    again = counted_of(counted_told(metrics))
    assert text(*counted_requests(again)) == text(*counted_requests(metrics))
    assert (again.requests, again.calls) == (5, metrics.calls)


def test_buckets_of_another_build_are_not_mixed_up() -> None:
    metrics = Metrics()
    count(metrics)
    metrics.whole["all", "GET", "200", "public"] = Histogram((0.1, 1.0))
    with pytest.raises(ValueError, match="another build"):
        counted_of(counted_told(metrics))


def test_told_twice_it_counts_once_and_the_later_telling_counts() -> None:
    metrics = Metrics()
    count(metrics, 3)
    early = list(counted_requests(metrics))
    count(metrics, 4)
    late = list(counted_requests(metrics))
    assert text(*latest([early, late])) == text(*latest([late, early])) == text(*latest([late]))


def test_the_two_books_know_nothing_of_each_other(descriptor: int) -> None:
    write(descriptor, b"requests", 1)
    assert read(descriptor, Book.BESIDE) == b""
    for turn in (1, 2, 3):
        write(descriptor, b"beside", turn, Book.BESIDE)
    assert (read(descriptor), read(descriptor, Book.BESIDE)) == (b"requests", b"beside")

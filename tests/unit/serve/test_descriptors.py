"""How many callers are let in when descriptors are few?"""

from __future__ import annotations

import os
import resource

from ostiary.serve.descriptors import RESERVED, Descriptors, raise_limit, used


def let_in(limit: int, open_already: int = 10, *, each: int = 1) -> int:
    """How many callers get in, when each costs so many descriptors."""
    callers = 0
    descriptors = Descriptors(limit, lambda: open_already + each * callers)
    while descriptors.take():
        callers += 1
        assert callers < limit
    return callers


def test_some_are_kept_back():
    assert let_in(64) == 64 - RESERVED - 10
    assert let_in(1024) == 1024 - 128 - 10, "an eighth, where that is more"


def test_what_callers_cause_counts_as_well():
    assert let_in(256, each=2) <= (256 - 32 - 10) / 2 + 1


def test_nobody_gets_in_when_too_many_are_open_already():
    assert let_in(64, 60) == 0


def test_they_are_counted_seldom():
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 10

    descriptors = Descriptors(10_000, count)
    for _ in range(4000):
        assert descriptors.take()
    assert counted == 1


def test_who_has_left_makes_room():
    now = 60
    descriptors = Descriptors(64, lambda: now)
    assert not descriptors.take()
    now = 20
    assert descriptors.take()


def test_what_is_open_is_counted():
    before = used()
    read, write = os.pipe()
    assert used() == before + 2
    os.close(read)
    os.close(write)


def test_the_process_may_have_as_many_as_it_may_allow_itself():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        limit = raise_limit()
        assert limit > 256
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == limit
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

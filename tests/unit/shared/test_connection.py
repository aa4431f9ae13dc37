"""From when on is a server of Redis believed to remember everything, whatever somebody has written into it?"""

from __future__ import annotations

import pytest

from ostiary.shared.connection import noted_since


def test_it_is_from_when_its_run_was_first_seen() -> None:
    assert noted_since(b"run-1 1700000000.5", "run-1") == 1700000000.5


@pytest.mark.parametrize(
    "noted",
    [None, b"", b"run-1", b"run-1 soon", b"run-1 nan", b"run-1 inf", b"run-1 -1", b"run-1 0", b"run-1 1 2", b"\xff 1"],
)
def test_what_is_no_moment_is_not_noted_and_so_it_is_from_now_on(noted: bytes | None) -> None:
    """`nan` is never later than anything: with it, what may have been forgotten would be taken for new."""
    assert noted_since(noted, "run-1") is None


def test_another_run_may_have_forgotten() -> None:
    assert noted_since(b"run-1 1700000000", "run-2") is None

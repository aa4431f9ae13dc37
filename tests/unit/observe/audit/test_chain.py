"""Does it show when a line of an audit log was changed, removed or moved?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.observe.audit.chain import BEGIN, RESUMED, Link, digest_of, sealed, verify


def chain(count: int = 5, after: Link | None = None) -> list[bytes]:
    lines, end = [], after or Link()
    for number in range(count):
        line, end = sealed({"event.action": "request-allowed", "number": number}, end)
        lines.append(line.removesuffix(b"\n"))
    return lines


def forged(line: bytes, **changes: Any) -> bytes:
    return json.dumps({**json.loads(line), **changes}, separators=(",", ":")).encode()


def faults(lines: list[bytes]) -> list[int]:
    return [fault.line for fault in verify(lines).faults]


def test_what_was_written_is_whole():
    lines = chain()
    verdict = verify(lines)
    assert (verdict.faults, verdict.lines, verdict.first) == ((), 5, BEGIN)
    assert verdict.last == Link(5, digest_of(lines[-1]))


def test_nothing_is_whole():
    assert verify([]).faults == ()


@given(st.integers(0, 3), st.sampled_from(["number", "event.action"]))
def test_a_changed_line_shows_in_the_next(which, key):
    lines = chain()
    lines[which] = forged(lines[which], **{key: "forged"})
    assert faults(lines) == [which + 2]


@given(st.integers(1, 3))
def test_a_removed_line_shows(which):
    lines = chain()
    del lines[which]
    assert faults(lines) == [which + 1]


@given(st.permutations(range(5)).filter(lambda order: order != [0, 1, 2, 3, 4]))
def test_another_order_shows(order):
    lines = chain()
    assert faults([lines[position] for position in order])


def test_a_line_put_in_shows():
    lines = chain()
    lines.insert(2, forged(lines[2], number=99))
    assert faults(lines)


def test_a_line_twice_shows():
    lines = chain()
    assert faults([*lines[:3], lines[2], *lines[3:]])


def test_a_single_octet_shows():
    lines = chain()
    lines[1] = lines[1].replace(b"request-allowed", b"request-denied_")
    assert faults(lines) == [3]


@pytest.mark.parametrize(
    "junk", [b"", b"not json", b"[]", b"{}", b'{"audit.sequence":"2","audit.previous":"x"}', b"\xff"]
)
def test_what_is_no_line_shows(junk):
    lines = chain()
    assert faults([*lines[:2], junk, *lines[2:]])


def test_a_torn_line_may_be_followed_only_by_one_that_says_so():
    lines, torn = chain(2), b'{"@timestamp":"20'
    end = Link(2, digest_of(torn))
    said, after = sealed({"event.action": RESUMED}, end)
    another, _ = sealed({"event.action": "request-allowed"}, end)
    more = chain(1, after)
    assert faults([*lines, torn, said.removesuffix(b"\n"), *more]) == []
    assert faults([*lines, torn, another.removesuffix(b"\n")]) == [4]
    assert faults([*lines, torn]) == [3]
    assert faults([*lines, b"other", said.removesuffix(b"\n")]) == [4]


def test_a_rotated_log_goes_on_and_says_what_comes_before():
    first = chain(3)
    end = Link(3, digest_of(first[-1]))
    second = chain(2, end)
    assert verify(second).first == end.digest
    assert verify(second).faults == ()
    assert verify([*first, *second]).faults == ()
    assert faults([*second, *first])

"""Is what is remembered on the data path bounded, and what must not be remembered forgotten?"""

from __future__ import annotations

import time

from ostiary import wire
from ostiary.remember import Remembered
from ostiary.wire import FieldLines


def test_a_function_is_asked_once_for_each_argument():
    asked = []
    remembered = Remembered(lambda word: asked.append(word) or word * 2)
    assert [remembered.of(word) for word in ("a", "b", "a")] == ["aa", "bb", "aa"]
    assert asked == ["a", "b"]


def test_a_full_memory_begins_anew():
    remembered = Remembered(ord, most=3)
    assert [remembered.of(letter) for letter in "abcdefghij"] == list(range(97, 107))
    assert len(remembered) <= 3


def test_arguments_that_callers_choose_are_bounded_in_length_as_well():
    remembered = Remembered(len, most=100, longest=50)
    for number in range(1, 60):
        assert remembered.of("a" * number) == number
        assert sum(map(len, remembered)) <= max(50, number)


def test_field_lines_are_read_once_and_their_octets_are_bounded(monkeypatch):
    monkeypatch.setattr(wire, "_OCTETS", 4096)
    lines = FieldLines(lambda field: field)
    first = lines.read(b"X-Number: 1")
    assert first == (b"X-Number", b"x-number", b"1")
    assert lines.read(b"X-Number: 1") is first
    for number in range(1000):
        assert lines.read(b"X-Number: %d" % number) == (b"X-Number", b"x-number", b"%d" % number)
    assert sum(len(line) for line in lines) < 4096


def test_cookies_and_long_lines_are_read_and_not_kept():
    lines = FieldLines(lambda field: field)
    for line in (b"Cookie: a=b", b"Set-Cookie: a=b", b"X-Long: " + b"a" * 5000):
        assert lines.read(line) is not None
    assert not lines


def test_what_is_not_a_plain_line_is_nothing():
    lines = FieldLines(lambda field: field)
    for line in (b"", b":", b"X", b"X : a", b" X: a", b"X: a\rb", b"X: a\nb", b"X: \x00", b"X\xe9: a", b"X: \x7f"):
        assert lines.read(line) is None
    assert not lines


def test_blanks_around_a_value_do_not_belong_to_it():
    lines = FieldLines(lambda field: field)
    for line in (b"X: a b", b"X:a b", b"X:\t a b \t"):
        assert lines.read(line) == (b"X", b"x", b"a b")
    assert lines.read(b"X: ") == (b"X", b"x", b"")


def test_a_line_of_blanks_costs_no_more_than_its_length():
    lines = FieldLines(lambda field: field)
    assert lines.read(b"X:" + b" \t" * 1000) == (b"X", b"x", b"")
    began = time.process_time()
    assert lines.read(b"X:" + b" \t" * 30_000 + b"\x01") is None  # seven seconds, were every blank given back
    assert time.process_time() - began < 1

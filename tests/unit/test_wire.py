"""How is a head written, and which lines of one are read at a glance?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary import wire
from ostiary.edge.http1.framing import chunk, head, last_chunk
from ostiary.model import Headers
from ostiary.wire import Field, FieldLines, head_octets


def lines() -> FieldLines[Field]:
    return FieldLines(lambda field: field)


def test_a_head_is_its_first_line_its_fields_and_what_frames_it() -> None:
    fields = Headers.of([(b"Host", b"a"), (b"X_B", b""), (b"X-C", b"c: d")]).fields
    assert head_octets([b"GET / HTTP/1.1\r\n"], fields, b"Content-Length: 0\r\n") == (
        b"GET / HTTP/1.1\r\nHost: a\r\nX_B: \r\nX-C: c: d\r\nContent-Length: 0\r\n\r\n"
    )
    assert head_octets([b"a", b"b\r\n"], [], b"") == b"ab\r\n\r\n"


def test_so_is_that_of_an_answer() -> None:
    said = head(200, Headers.of([(b"X-A", b"1")]), b"Content-Length: 2\r\n")
    assert said == b"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 2\r\n\r\n"


@pytest.mark.parametrize(("size", "line"), [(1, b"1\r\n"), (10, b"a\r\n"), (255, b"ff\r\n"), (65536, b"10000\r\n")])
def test_a_chunk_says_its_size_in_hexadecimal(size: int, line: bytes) -> None:
    assert chunk(b"x" * size) == line + b"x" * size + b"\r\n"


def test_behind_the_last_chunk_stand_trailers_or_none() -> None:
    assert last_chunk(None) == last_chunk(Headers()) == b"0\r\n\r\n"
    assert last_chunk(Headers.of([(b"A", b"1"), (b"B", b"")])) == b"0\r\nA: 1\r\nB: \r\n\r\n"


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (b"Host: a", (b"Host", b"host", b"a")),
        (b"Host:a", (b"Host", b"host", b"a")),
        (b"Host: \t a \t", (b"Host", b"host", b"a")),
        (b"X_A: a  b", (b"X_A", b"x-a", b"a  b")),
        (b"X: a\tb", (b"X", b"x", b"a\tb")),
        (b"X:", (b"X", b"x", b"")),
        (b"X: \t ", (b"X", b"x", b"")),
        (b"X: a:b:", (b"X", b"x", b"a:b:")),
        (b"X: \xc3\xa9", (b"X", b"x", b"\xc3\xa9")),
    ],
)
def test_a_plain_line_is_name_and_value_without_the_blanks_around_it(line: bytes, field: Field) -> None:
    known = lines()
    assert known.read(line) == field
    assert known.read(line) == field, "remembered, it is the same"


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b":", b": a", b"X", b"X a", b"X : a", b" X: a", b"\tX: a", b"X\t: a", b"X Y: a", b"(X): a", b"X\xe9: a"),
        *(b"X: a\x00", b"X: a\rb", b"X: a\nb", b"X: \x0ba", b"X: a\x7f", b"X: a\r", b"X: a\n", b"X\n: a", b"\nX: a"),
    ],
)
def test_whatever_else_a_line_is_it_is_not_plain(line: bytes) -> None:
    known = lines()
    assert known.read(line) is None
    assert len(known) == 0


@given(st.binary(max_size=12))
def test_a_value_keeps_every_octet_that_it_may_have_and_others_make_no_plain_line(value: bytes) -> None:
    plain = all(octet == 9 or 32 <= octet != 127 for octet in value)
    assert lines().read(b"X: " + value) == ((b"X", b"x", value.strip(b" \t")) if plain else None)


def test_what_somebody_has_no_meaning_for_is_not_remembered() -> None:
    known: FieldLines[Field] = FieldLines(lambda field: None)
    assert known.read(b"X: a") is None
    assert len(known) == 0


@pytest.mark.parametrize("name", [b"Cookie", b"SET-COOKIE", b"set_cookie", b"Proxy-Authorization"])
def test_what_is_somebodys_own_is_not_remembered(name: bytes) -> None:
    known = lines()
    assert known.read(name + b": a") is not None
    assert len(known) == 0


@pytest.mark.parametrize(("length", "kept"), [(4096, 1), (4097, 0)])
def test_a_long_line_is_read_and_not_remembered(length: int, kept: int) -> None:
    known = lines()
    assert known.read(b"X: " + b"a" * (length - 3)) is not None
    assert len(known) == kept


def test_what_is_remembered_has_a_bound_in_octets_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_OCTETS", 10 * (2 * 5 + 256))
    known = lines()
    for number in range(10, 20):
        known.read(b"X: %d" % number)
    assert len(known) == 10
    assert known.read(b"X: 20") == (b"X", b"x", b"20")
    assert list(known) == [b"X: 20"]
    for number in range(30, 39):
        known.read(b"X: %d" % number)
    assert len(known) == 10
    known.read(b"X: 40")
    assert list(known) == [b"X: 40"]

"""How does a response begin?"""

from __future__ import annotations

import pytest

from ostiary.edge.http1.framing import status_line


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (200, b"HTTP/1.1 200 OK\r\n"),
        (413, b"HTTP/1.1 413 Content Too Large\r\n"),
        (414, b"HTTP/1.1 414 URI Too Long\r\n"),
        (416, b"HTTP/1.1 416 Range Not Satisfiable\r\n"),
        (422, b"HTTP/1.1 422 Unprocessable Content\r\n"),
        (599, b"HTTP/1.1 599 Unknown\r\n"),
    ],
)
def test_phrases_are_those_of_rfc_9110_on_every_python(status: int, line: bytes) -> None:
    assert status_line(status) == line

"""Does nginx, where it stands behind us, find another path in a target than the one that was judged?

nginx decodes once, takes dot segments away and makes one slash of several (`merge_slashes`), and matches its own
`location` on what is left (ngx_http_parse_complex_uri). Said here once more, in a few lines.
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.errors import BadRequest
from ostiary.routing.path import canonical_path

PIECES = (
    *("/", ".", "..", ";", "a", "2e", "%2e", "%2E", "%2f", "%5c", "%25", "%32", "%65", "%3b", "%C3%A9", "%00", "\\"),
    *("?", "#", "%3f", "%3F", "%23", "%20", "+", ":", "@", "%0a", "%7f", "~", "*", "%E2%80%A8", "%c2%85"),
)
TARGETS = st.lists(st.sampled_from(PIECES), max_size=9).map(lambda pieces: ("/" + "".join(pieces)).encode())


def by_nginx(target: bytes) -> bytes:
    """Return the path that nginx matches on."""
    found: list[bytes] = []
    segments = unquote_to_bytes(target.partition(b"?")[0].partition(b"#")[0]).split(b"/")[1:]
    for place, segment in enumerate(segments):
        last = place == len(segments) - 1
        if segment == b"..":
            del found[-1:]
        elif segment not in (b"", b"."):
            found.append(segment)
        if last and segment in (b"", b".", b".."):
            found.append(b"")
    return b"/" + b"/".join(found)


@settings(max_examples=500)
@given(TARGETS | st.binary(max_size=10).map(b"/".__add__))
def test_a_path_that_is_accepted_is_the_path_that_nginx_finds(target: bytes) -> None:
    try:
        path = canonical_path(target)
    except BadRequest:
        return
    assert by_nginx(target) == path.encode()


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/a/../b", b"/b"),
        (b"/a/%2e%2e/b", b"/b"),
        (b"/a//b/.", b"/a/b/"),
        (b"/a/..", b"/"),
        (b"/a%2fb", b"/a/b"),
        (b"/a%3fb?c", b"/a?b"),
    ],
)
def test_nginx_would_find_another_one_in_what_is_refused(target: bytes, path: bytes) -> None:
    assert by_nginx(target) == path
    if b"%3f" not in target:
        with pytest.raises(BadRequest):
            canonical_path(target)

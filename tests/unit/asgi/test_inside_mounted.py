"""Which path is judged where an application is mounted somewhere?"""

from __future__ import annotations

import pytest
from tests.support.inside import http

from ostiary.asgi.head import whole_target
from ostiary.errors import BadRequest


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ({"path": "/a", "raw_path": b"/a"}, b"/a"),
        ({"path": "/api/a", "raw_path": b"/api/a", "root_path": "/api"}, b"/api/a"),
        ({"path": "/a", "raw_path": b"/api/a", "root_path": "/api"}, b"/api/a"),
        ({"path": "/a", "raw_path": b"/a", "root_path": "/api"}, b"/api/a"),
        ({"path": "/a", "raw_path": b"/a", "root_path": "/api/"}, b"/api/a"),
        ({"path": "/apis", "raw_path": b"/apis", "root_path": "/api"}, b"/api/apis"),
        ({"path": "/api", "raw_path": b"/api", "root_path": "/api"}, b"/api"),
        ({"path": "/a b", "raw_path": b"/a%20b", "root_path": "/api"}, b"/api/a%20b"),
        ({"path": "/a", "raw_path": None, "root_path": "/api"}, b"/api/a"),
        ({"path": "/a", "raw_path": b"/a", "query_string": b"b=%2f"}, b"/a?b=%2f"),
    ],
)
def test_the_whole_one_as_the_caller_wrote_it(said, whole):
    assert whole_target(http(**said)) == whole


@pytest.mark.parametrize(
    "said",
    [
        {"path": "/secret", "raw_path": b"/open"},
        {"path": "/secret", "raw_path": b"/open", "root_path": "/api"},
        {"path": "/api/secret", "raw_path": b"/secret", "root_path": "/api"},
        {"path": "/a b", "raw_path": None},
    ],
)
def test_none_that_the_application_would_not_see(said):
    with pytest.raises(BadRequest):
        whole_target(http(**said))

"""Which path is judged where an application is mounted somewhere?"""

from __future__ import annotations

import pytest
from litestar import Litestar, get
from tests.support.inside import ask, http

from ostiary.asgi import OstiaryMiddleware
from ostiary.asgi.head import whole_target
from ostiary.errors import BadRequest
from ostiary.observe.access import AccessLog


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ({"path": "/a", "raw_path": b"/a"}, b"/a"),
        ({"path": "/api/a", "raw_path": b"/api/a", "root_path": "/api"}, b"/api/a"),
        ({"path": "/a", "raw_path": b"/api/a", "root_path": "/api"}, b"/api/a"),
        ({"path": "/a", "raw_path": b"/a", "root_path": "/api"}, b"/api/a"),
        ({"path": "/a", "raw_path": b"/a", "root_path": "/api/"}, b"/api/a"),
        ({"path": "/api/b/api/c", "raw_path": b"/api/b/api/c", "root_path": "/api"}, b"/api/b/api/c"),
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
        {"path": "/apis", "raw_path": b"/apis", "root_path": "/api"},
        {"path": "/b/api/c", "raw_path": b"/b/api/c", "root_path": "/api"},
        {"path": "/b/api/c", "raw_path": b"/api/b/api/c", "root_path": "/api"},
    ],
)
def test_none_that_the_application_would_not_see(said):
    with pytest.raises(BadRequest):
        whole_target(http(**said))


async def test_none_that_litestar_would_cut_elsewhere(policy):
    """It cuts `root_path` wherever it finds it first: what is judged as one path would be carried out as another."""

    @get("/open/a")
    async def opened() -> str:
        return "open"

    app = Litestar([opened], openapi_config=None)
    cut = {"path": "/accounts/api/open/a", "raw_path": b"/accounts/api/open/a", "root_path": "/api"}
    assert (await ask(app, http(**cut), {"type": "http.request"})).status == 200  # by itself it takes that for /open/a
    guarded = OstiaryMiddleware(app, policy.file, access=AccessLog(), reload=False)
    async with guarded:
        said = await ask(guarded, http(**cut))
    assert (said.status, said.reason) == (400, "path.ambiguous")

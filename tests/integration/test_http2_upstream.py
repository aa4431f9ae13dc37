"""Are ordinary requests carried to upstreams that are spoken to in HTTP/2, whatever their callers speak?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias

import pytest
from tests.support.edges import LARGE, Client, World, hypercorn, native, native2, world
from tests.support.neighbours import free_port, nginx_arguments, nginx_file, running

pytestmark = pytest.mark.integration
Edge: TypeAlias = "Callable[[World], AbstractAsyncContextManager[Client]]"

_NGINX = """
  server {{
    listen 127.0.0.1:{port} http2;
    root {home}/www;
    client_max_body_size 0;
    dav_methods PUT;
    create_full_put_path on;
    keepalive_requests 7;
    add_header X-Saw-Protocol $server_protocol always;
    add_header X-Saw-Authorization $http_authorization always;
    add_header X-Saw-Forwarded $http_x_forwarded_for always;
  }}
"""


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose upstream is nginx: HTTP/2 in clear, and GOAWAY after every seventh request."""
    home = tmp_path / "nginx"
    (home / "www" / "token").mkdir(parents=True)
    (home / "www" / "token" / "small").write_bytes(b"hello")
    (home / "www" / "token" / "large").write_bytes(LARGE)
    port = free_port()
    file = nginx_file(home, _NGINX.format(port=port, home=home))
    with running("nginx", home, port, *nginx_arguments(home, file)):
        async with world(tmp_path) as one:
            text = one.file.read_text().replace("methods: [GET, HEAD, POST]", "methods: [GET, HEAD, PUT]")
            old = f'accounts: {{endpoints: ["http://127.0.0.1:{one.service.port}"]}}'
            assert old in text
            one.file.write_text(
                text.replace(old, f'accounts: {{endpoints: ["http://127.0.0.1:{port}"], protocol: h2}}')
            )
            yield one


@pytest.mark.parametrize("edge", [native, native2, hypercorn], ids=lambda edge: edge.__name__)
async def test_callers_of_every_kind_are_answered(there, edge):
    async with edge(there) as client, client() as caller:
        token = there.token()
        small = await caller.get("/token/small", headers=token)
        assert (small.status_code, small.content, small.headers["x-saw-protocol"]) == (200, b"hello", "HTTP/2.0")
        assert small.headers["x-saw-authorization"].startswith("Basic ")
        assert small.headers["x-saw-forwarded"] == "127.0.0.1"
        head = await caller.head("/token/small", headers=token)
        assert (head.headers["content-length"], head.content) == ("5", b"")
        same = await caller.get("/token/small", headers={**token, "If-None-Match": small.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        assert (await caller.get("/token/nothing", headers=token)).status_code == 404
        assert (await caller.get("/token/large", headers=token)).content == LARGE


@pytest.mark.parametrize("edge", [native, native2], ids=lambda edge: edge.__name__)
async def test_bodies_of_known_and_unknown_length_arrive_whole(there, edge):
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(LARGE), 50_000):
            yield LARGE[start : start + 50_000]

    async with edge(there) as client, client() as caller:
        for name, content in (("known", LARGE), ("pieces", pieces())):
            reply = await caller.put(f"/token/{name}", content=content, headers=there.token())
            assert reply.status_code == 201
            assert (there.folder / "nginx" / "www" / "token" / name).read_bytes() == LARGE


async def test_an_upstream_that_ends_its_connections_now_and_then_loses_no_request(there):
    async with native2(there) as client, client() as caller:
        asks = [caller.get("/token/small", headers=there.token()) for _ in range(200)]
        replies = await asyncio.gather(*asks)
    assert [reply.status_code for reply in replies] == [200] * 200

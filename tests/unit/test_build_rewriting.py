"""What do an upstream, the caller and the log see of a request that is told in other words?"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.origin import Origin, ok, origin
from tests.support.records import Record

from ostiary.build import compile_gateway
from ostiary.config.load import load_checked
from ostiary.errors import ConfigError
from ostiary.explain import running
from ostiary.gateway import Gateway
from ostiary.observe.access import AccessLog
from ostiary.serve import listening

FILE = """
version: 1
listeners: {{public: {{bind: "127.0.0.1:0", plaintext: accepted}}}}
vaults: {{local: {{type: env, prefix: X_}}}}
credentials: {{key: {{vault: local}}}}
upstreams:
  old: {{endpoints: ["http://127.0.0.1:{port}"], host: {host}}}
routes:
  - name: old
    match: {{path: /api/**}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    inject: [{inject}]
    rewrite: {rewrite}
    upstream: old
"""
PREFIX = "path: {strip_prefix: /api, add_prefix: /old}"


@dataclass
class There:
    """A gateway, what is behind it, and its log."""

    service: Origin
    gateway: Gateway
    port: int
    lines: int

    async def ask(
        self, path: str, *fields: tuple[str, str], method: str = "GET", content: bytes = b""
    ) -> httpx2.Response:
        async with httpx2.AsyncClient(trust_env=False, timeout=5) as client:
            return await client.request(
                method, f"http://127.0.0.1:{self.port}{path}", headers=list(fields), content=content
            )

    def seen(self) -> tuple[str, list[tuple[str, str]]]:
        """The request line that the service saw last, and its fields."""
        first, *lines = self.service.heads[-1].decode().strip().split("\r\n")
        return first, [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]

    def logged(self) -> dict[str, Any]:
        self.gateway.access.flush()
        return json.loads(os.read(self.lines, 1 << 16).splitlines()[-1])


@asynccontextmanager
async def opened(
    folder: Path, rewrite: str, answers: Mapping[str, bytes], *, inject: str = "", host: str = "preserve"
) -> AsyncIterator[There]:
    async with origin() as service:
        service.answers = dict(answers)
        text = FILE.format(port=service.port, rewrite="{" + rewrite + "}", inject=inject, host=host)
        (folder / "gateway.yaml").write_text(text)
        loaded = load_checked(folder / "gateway.yaml", environ={})
        reading, writing = os.pipe()
        try:
            gateway = compile_gateway(loaded, AccessLog(writing), sources={"key": Record("key", "id", "canary")})
            async with listening(gateway, loaded.spec, loaded.folder, drain=1) as listeners:
                yield There(service, gateway, listeners["public"].port, reading)
        finally:
            os.close(reading)
            os.close(writing)


async def test_the_upstream_sees_its_own_path_and_the_log_and_explain_tell_both(tmp_path: Path) -> None:
    async with opened(tmp_path, PREFIX, {"/old/a%20b?c=%2F..": ok(b"hello")}) as there:
        answer = await there.ask("/api/a%20b?c=%2F..")
        first, _ = there.seen()
        line = there.logged()
        document = {
            "method": "GET",
            "scheme": "http",
            "target": "/api/x?key=1",
            "headers": [["Host", "a"]],
            "source": "::1",
        }
        told = await running.answer(there.gateway, document)

    assert (answer.status_code, answer.content) == (200, b"hello")
    assert first == "GET /old/a%20b?c=%2F.. HTTP/1.1"
    assert (line["path"], line["upstream_path"]) == ("/api/a%20b", "/old/a%20b")
    assert told["steps"][-1]["text"] == "GET to old as /old/x"


async def test_a_body_flows_on_as_it_is(tmp_path: Path) -> None:
    got = bytearray()

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\nServer: old\r\n\r\n")
        for _ in range(64):
            writer.write(b"4000\r\n" + bytes(0x4000) + b"\r\n")
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    said = f"{PREFIX}, response: {{headers: {{remove: [Server]}}}}"
    async with opened(tmp_path, said, {}) as there:
        there.service.answers["/old/large"] = answer
        url = f"http://127.0.0.1:{there.port}/api/large"
        async with httpx2.AsyncClient(trust_env=False, timeout=10) as client, client.stream("GET", url) as reply:
            fields = reply.headers
            async for piece in reply.aiter_bytes():
                got += piece

    assert got == bytes(1 << 20)
    assert "server" not in fields


async def test_what_is_injected_into_the_query_stands_behind_the_new_path(tmp_path: Path) -> None:
    inject = "query: {name: key, credential: key}"
    async with opened(tmp_path, PREFIX, {"/old/x?a=1&key=canary": ok(b"")}, inject=inject) as there:
        answer = await there.ask("/api/x?key=mine&a=1")
        line = there.logged()

    assert answer.status_code == 200
    assert "canary" not in json.dumps(line)


async def test_the_upstream_sees_its_own_query_and_nobody_s_is_logged(tmp_path: Path) -> None:
    inject = "query: {name: key, credential: key}"
    said = 'query: {keep: [page], set: {id: "{rest}"}}'
    async with opened(tmp_path, said, {"/api/a%20b?page=2&id=a%20b&key=canary": ok(b"")}, inject=inject) as there:
        answer = await there.ask("/api/a%20b?page=2&id=mine&admin=1&key=mine")
        line = there.logged()
        bare = await there.ask("/api/a%20b")
        first, _ = there.seen()

    assert (answer.status_code, bare.status_code) == (200, 404)
    assert first == "GET /api/a%20b?id=a%20b&key=canary HTTP/1.1"
    assert "canary" not in json.dumps(line)
    assert "page" not in json.dumps(line)


async def test_a_query_that_servers_would_read_differently_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path, "query: {remove: [debug]}", {"/api/x": ok(b"")}) as there:
        answer = await there.ask("/api/x?a=1;debug=1")
        fine = await there.ask("/api/x?debug=1")

    assert (answer.status_code, answer.json()["reason"]) == (400, "request.ambiguous")
    assert fine.status_code == 200


async def test_headers_are_removed_or_told_under_another_name_in_place_of_the_caller_s_own(tmp_path: Path) -> None:
    said = "headers: {remove: [X-Debug], rename: {X-Account: X-Konto}}"
    async with opened(tmp_path, said, {"/api/x": ok(b"")}) as there:
        await there.ask(
            "/api/x",
            ("X-Debug", "1"),
            ("x_debug", "2"),
            ("X-Account", "7"),
            ("X_Konto", "8"),
            ("X-Konto", "9"),
            ("X-Other", "o"),
        )
        _, fields = there.seen()

    told = [(name, value) for name, value in fields if name.startswith("x-") and not name.startswith(("x-f", "x-req"))]
    assert told == [("x-konto", "7"), ("x-other", "o")]


async def test_answers_are_led_back(tmp_path: Path) -> None:
    said = f"{PREFIX}, response: {{location: true, cookies: true, headers: {{remove: [X-Powered-By], rename: {{X-Alt: X-Neu}}}}}}"
    moved = (
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: http://127.0.0.1:{port}/old/next?x\r\n"
        "Set-Cookie: s=1; Path=/old; HttpOnly\r\nSet-Cookie: t=2; Domain=127.0.0.1; Path=/\r\n"
        "X-Powered-By: age\r\nX-Alt: 1\r\n\r\n"
    )
    async with opened(tmp_path, said, {}, host="endpoint") as there:
        there.service.answers["/old/x"] = moved.format(port=there.service.port).encode()
        answer = await there.ask("/api/x")

    assert (answer.status_code, answer.headers["location"]) == (302, "/api/next?x")
    assert answer.headers.get_list("set-cookie") == ["s=1; Path=/api; HttpOnly", "t=2; Path=/api"]
    assert "x-powered-by" not in answer.headers
    assert answer.headers["x-neu"] == "1"
    assert "x-alt" not in answer.headers


async def test_the_upstream_is_called_by_the_name_that_the_file_says(tmp_path: Path) -> None:
    async with opened(tmp_path, PREFIX, {"/old/x": ok(b"")}, host="legacy.example:8080") as there:
        await there.ask("/api/x", ("Host", "evil.example"))
        _, fields = there.seen()

    assert [value for name, value in fields if name == "host"] == ["legacy.example:8080"]
    assert ("x-forwarded-host", "evil.example") in fields


async def test_a_proxy_that_asks_forwards_the_path_that_it_has_received(tmp_path: Path) -> None:
    text = FILE.format(port=1, host="preserve", inject="header: {name: X-A, value: a}", rewrite="{" + PREFIX + "}")
    asked = 'listeners: {public: {bind: "127.0.0.1:0", decide: traefik}}'
    text = text.replace('listeners: {public: {bind: "127.0.0.1:0", plaintext: accepted}}', asked)
    (tmp_path / "gateway.yaml").write_text(text + "    decision: allow-partial\n")
    loaded = load_checked(tmp_path / "gateway.yaml", environ={})
    fields = {"Method": "GET", "Uri": "/api/x?y", "Host": "a.example", "Proto": "https", "For": "192.0.2.1"}
    async with listening(compile_gateway(loaded), loaded.spec, loaded.folder, drain=1) as listeners:
        url = f"http://127.0.0.1:{listeners['public'].port}/decide"
        async with httpx2.AsyncClient(trust_env=False, timeout=5) as client:
            answer = await client.get(url, headers={f"X-Forwarded-{name}": value for name, value in fields.items()})

    assert (answer.status_code, answer.headers["x-a"]) == (200, "a")


@pytest.mark.parametrize(
    "path", ["/api/../x", "/api/%2e%2e/x", "/api/..%2fx", "/api/%2fx", "/api//x", "/api/x;/../y", "/api/%5c..%5cx"]
)
async def test_nobody_climbs_out_of_the_new_prefix(tmp_path: Path, path: str) -> None:
    async with opened(tmp_path, PREFIX, {}) as there:
        reader, writer = await asyncio.open_connection("127.0.0.1", there.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        first = await reader.readline()
        writer.close()

        assert first.startswith(b"HTTP/1.1 400 ")
        assert there.service.heads == []


@pytest.mark.parametrize(
    "name", ["X-Subject", "x_subject", "X-Forwarded-For", "X-Request-Id", "Authorization", "Client-Cert"]
)
def test_no_header_becomes_one_of_the_gateway_s(tmp_path: Path, name: str) -> None:
    text = FILE.format(
        port=1,
        host="preserve",
        inject="header: {name: X-Subject, value: a}",
        rewrite=f"{{headers: {{rename: {{X-A: {name}}}}}}}",
    )
    (tmp_path / "gateway.yaml").write_text(text)
    with pytest.raises(ConfigError, match="C392"):
        load_checked(tmp_path / "gateway.yaml", environ={})

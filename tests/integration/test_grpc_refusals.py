"""Does a real client of gRPC understand why its call was refused?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from tests.support.edges import World, world

from ostiary.build import compile_gateway
from ostiary.config.load import load_checked
from ostiary.observe.access import AccessLog
from ostiary.serve import listening

pytestmark = pytest.mark.integration
Code = grpc.StatusCode
OPTIONS = [("grpc.enable_http_proxy", 0), ("grpc.enable_retries", 0)]


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as one:
        yield one


@asynccontextmanager
async def serving(there: World) -> AsyncIterator[int]:
    loaded = load_checked(there.file)
    with there.lines.open("wb") as file:
        gateway = compile_gateway(loaded, AccessLog(file.fileno()))
        async with listening(gateway, loaded.spec, loaded.folder, drain=1) as listeners:
            yield listeners["public"].port


@asynccontextmanager
async def calling(there: World) -> AsyncIterator[grpc.aio.Channel]:
    trust = grpc.ssl_channel_credentials(there.pki.ca.read_bytes())
    async with (
        serving(there) as port,
        grpc.aio.secure_channel(f"localhost:{port}", trust, options=OPTIONS) as channel,
    ):
        yield channel


async def refused(
    channel: grpc.aio.Channel, path: str, fields: Sequence[tuple[str, str]] = (), content: bytes = b""
) -> Any:
    with pytest.raises(grpc.aio.AioRpcError) as found:
        await channel.unary_unary(path)(content, timeout=9, metadata=tuple(fields))
    return found.value


async def test_each_refusal_is_the_status_that_its_reason_deserves(there):
    bearer = (("authorization", there.token()["Authorization"]),)
    weak = (("authorization", there.token(permissions={})["Authorization"]),)
    asks = [
        ("/token/Read", (), Code.UNAUTHENTICATED, "token.missing"),
        ("/token/Read", (("authorization", "Bearer x"),), Code.UNAUTHENTICATED, "token.malformed"),
        ("/token/Read", weak, Code.PERMISSION_DENIED, "permission.missing"),
        ("/both/Read", bearer, Code.UNIMPLEMENTED, "method.not-allowed"),
        ("/nobody.Service/Read", bearer, Code.UNIMPLEMENTED, "route.not-found"),
        ("/token/../Read", bearer, Code.INTERNAL, "path.ambiguous"),
        ("/down", bearer, Code.UNAVAILABLE, "upstream.unreachable"),
    ]
    async with calling(there) as channel:
        for path, fields, code, reason in asks:
            error = await refused(channel, path, fields)
            told = dict(error.trailing_metadata() or ()) | dict(error.initial_metadata() or ())
            assert (error.code(), told["ostiary-reason"]) == (code, reason), path
            assert told["x-request-id"]
            assert error.details()
    assert there.service.heads == []


async def test_a_challenge_reaches_the_caller(there):
    async with calling(there) as channel:
        error = await refused(channel, "/token/Read")
        assert dict(error.trailing_metadata())["www-authenticate"].startswith("Bearer")
        assert error.details() == "A bearer token is required."


async def test_a_stream_of_messages_is_refused_while_it_is_sent(there):
    """By the other client of the same library: the one above takes a message that it cannot send for its own fault."""

    def speak(port: int) -> tuple[grpc.StatusCode, str]:
        trust = grpc.ssl_channel_credentials(there.pki.ca.read_bytes())
        with grpc.secure_channel(f"localhost:{port}", trust, options=OPTIONS) as channel:
            call = channel.stream_stream("/token/Chat")((bytes(10_000) for _ in range(100)), timeout=9)
            with pytest.raises(grpc.RpcError):
                next(call)
            return call.code(), call.details()

    async with serving(there) as port:
        assert await asyncio.to_thread(speak, port) == (Code.UNAUTHENTICATED, "A bearer token is required.")

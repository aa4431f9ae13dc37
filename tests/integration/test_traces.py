"""Does a trace reach the upstream, the log and the collector?"""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest
from tests.support.admin import administered

pytestmark = pytest.mark.integration
ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = ("-H", f"traceparent: 00-{ID}-{SPAN}-01", "-H", "tracestate: vendor=1")


@pytest.fixture(autouse=True)
def _curl() -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is needed")


def shown(head: bytes) -> list[str]:
    return [line.decode() for line in head.split(b"\r\n") if line.lower().startswith(b"trace")]


async def test_by_default_what_the_caller_sent_passes_as_it_is(tmp_path: Path):
    async with administered(tmp_path) as gateway:
        assert (await gateway.call("/both/a", *GIVEN, token=gateway.token())).status == 200
        assert shown(gateway.world.service.heads[-1]) == [f"traceparent: 00-{ID}-{SPAN}-01", "tracestate: vendor=1"]
        assert await gateway.process.stop() == 0
        assert "trace_id" not in gateway.process.access()[-1]


async def test_a_trace_goes_on_or_begins_and_is_logged_for_refusals_too(tmp_path: Path):
    async with administered(tmp_path, "{bind: 127.0.0.1:0}", "tracing: {}") as gateway:
        token = gateway.token()
        assert (await gateway.call("/both/a", *GIVEN, token=token)).status == 200
        assert (await gateway.call("/both/a", "-H", "traceparent: made-up", token=token)).status == 200
        assert (await gateway.call("/both/a", *GIVEN)).status == 401
        assert await gateway.process.stop() == 0
        first, second = (shown(head) for head in gateway.world.service.heads[-2:])
        went_on = re.fullmatch(f"traceparent: 00-{ID}-([0-9a-f]{{16}})-01", first[0])
        assert went_on is not None
        assert went_on[1] != SPAN
        assert first[1] == "tracestate: vendor=1"
        begun = re.fullmatch(r"traceparent: 00-([0-9a-f]{32})-[0-9a-f]{16}-01", second[0])
        assert begun is not None
        lines = gateway.process.access()
        assert [line["trace_id"] for line in lines] == [ID, begun[1], ID]
        assert lines[-1]["reason"] == "token.missing"


async def test_spans_come_to_a_collector(tmp_path: Path):
    pytest.importorskip("opentelemetry.sdk")
    got: asyncio.Queue[bytes] = asyncio.Queue()

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        body = await reader.readexactly(length)
        await got.put(head + body)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    collector = await asyncio.start_server(collect, "127.0.0.1", 0)
    port = collector.sockets[0].getsockname()[1]
    tracing = f'tracing: {{otlp: "http://127.0.0.1:{port}/v1/traces"}}'
    async with collector, administered(tmp_path, "{bind: 127.0.0.1:0}", tracing) as gateway:
        token = gateway.token()
        assert (await gateway.call("/both/a", *GIVEN, "-H", "Accept-Encoding:", token=token)).status == 200
        assert await gateway.process.stop() == 0
        sent = await asyncio.wait_for(got.get(), 10)
    assert sent.startswith(b"POST /v1/traces ")
    assert bytes.fromhex(ID) in sent
    assert token.encode() not in sent
    for secret in gateway.secrets:
        assert secret not in sent

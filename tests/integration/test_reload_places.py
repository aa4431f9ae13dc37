"""Where does a gateway listen, and what does it write, when its file changes?"""

from __future__ import annotations

import asyncio
import json
import socket

import pytest
from tests.support.gateway_process import gateway_process, ostiary
from tests.support.legacy_nginx import free_port
from tests.support.live import Caller, Live, furnished

pytestmark = pytest.mark.integration


async def test_another_address_is_opened_and_the_old_one_closed_after_its_last_answer(
    live: Live,
) -> None:
    idle, busy = await live.call(), await live.call()
    assert (await idle.get()).status == 200
    await busy.send("/slow/2")
    await busy.head()
    port = free_port()
    live.write("second", port=port)
    await live.takes_up()

    assert (await (await live.call(port=port)).get()).fields["x-saw"] == "second"
    with pytest.raises(ConnectionError):
        await live.call()
    assert await idle.closed()
    assert await busy.reader.readexactly(20) == b"ok" * 10


@pytest.mark.parametrize(("before", "after"), [("127.0.0.1", "0.0.0.0"), ("0.0.0.0", "127.0.0.1")])
async def test_an_address_that_overlaps_with_one_that_is_given_up_is_taken_without_a_gap(tmp_path, before, after):
    async with furnished(tmp_path) as live:
        live.text = live.text.replace("bind: 127.0.0.1", f"bind: {before}").lstrip()
        live.write("first")
        async with gateway_process(live.file) as live.gateway:
            busy = await live.call()
            await busy.send("/slow/2")
            await busy.head()
            live.text = live.text.replace(f"bind: {before}", f"bind: {after}")
            live.write("second")
            await live.takes_up()
            for _ in range(8):
                assert (await (await live.call()).get()).fields["x-saw"] == "second"
            assert await busy.reader.readexactly(20) == b"ok" * 10


async def test_a_listener_that_gives_its_tls_up_keeps_its_socket(live: Live) -> None:
    before = await live.call()
    tls = live.text[live.text.index("    tls:") : live.text.index("upstreams:")]
    closed = live.text[live.text.index("  - name: closed") :]
    live.text = live.text.replace(tls, "").replace(closed, "")
    live.write("second")
    await live.takes_up()

    plain = Caller(*await asyncio.open_connection("127.0.0.1", live.port))
    live.callers.append(plain)
    assert (await plain.get()).fields["x-saw"] == "second"
    assert await before.closed()


async def ready(port: int) -> int:
    """The status of the readiness page; 0 when nobody listens."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return 0
    writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    said = await reader.read()
    writer.close()
    return int(said.split(b" ")[1])


async def test_the_admin_listener_follows_the_file(live: Live) -> None:
    text, one, two = live.text.lstrip(), free_port(), free_port()
    seen = []
    for number, admin in enumerate((f"admin:\n  bind: 127.0.0.1:{one}\n", f"admin:\n  bind: 127.0.0.1:{two}\n", "")):
        live.text = admin + text
        live.write(f"subject-{number}")
        await live.takes_up(number + 1)
        seen.append((await ready(one), await ready(two)))
    assert seen == [(200, 0), (0, 200), (0, 0)]


async def test_an_audit_log_begins_moves_and_ends_with_the_file(live: Live) -> None:
    text, caller = live.text.lstrip(), await live.call()
    for number, audit in enumerate(("audit: {{path: one.jsonl}}\n", "audit: {{path: two.jsonl}}\n", ""), 1):
        live.text = audit + text
        live.write("first")
        await live.takes_up(number)
        assert (await caller.get(f"/{number}")).status == 200
    await live.gateway.stop()
    seen = [
        [
            event["url.path"]
            for event in map(json.loads, (live.folder / name).read_text().splitlines())
            if "url.path" in event
        ]
        for name in ("one.jsonl", "two.jsonl")
    ]
    assert seen == [["/1"], ["/2"]]
    for files in (("one.jsonl",), ("one.jsonl", "two.jsonl")):
        await ostiary("audit", "verify", *(live.folder / name for name in files))


async def test_an_admin_address_that_is_taken_changes_nothing_either(live: Live) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        live.text = f"admin:\n  bind: 127.0.0.1:{other.getsockname()[1]}\n" + live.text.lstrip()
        live.write("second")
        await live.until(lambda: live.told("configuration refused, the one before serves on"))
    assert (await (await live.call()).get()).fields["x-saw"] == "first"


async def test_an_address_that_is_taken_changes_nothing(live: Live) -> None:
    kept = await live.call()
    with socket.create_server(("127.0.0.1", 0)) as other:
        live.write("second", port=other.getsockname()[1])
        await live.until(lambda: live.told("configuration refused, the one before serves on"))
        assert (await kept.get()).fields["x-saw"] == "first"
        assert (await (await live.call()).get()).fields["x-saw"] == "first"

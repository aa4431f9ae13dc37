"""Is what the upstream gets what the gateway has judged, whatever the caller sends, and however the proxy reads it?"""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.integration.proxies.test_outage import until
from tests.support.plugged import PROXIES
from tests.support.plugin import World
from tests.support.plugin_odd import HTTP1, HTTP2, call

pytestmark = pytest.mark.integration


def lines(made: World) -> dict[str, dict]:
    """The access log, by the ids of requests; the last line may not be whole yet."""
    written = made.gateway.out.read_text().rpartition("\n")[0].splitlines()
    return {one["id"]: one for one in map(json.loads, written)}


def fields(head: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        found.setdefault(name.lower(), []).append(value.strip())
    return found


def judged_otherwise(made: World, heads: list[bytes]) -> list[str]:
    """What reached the upstream, and was not judged as it stands there."""
    ids = [fields(head)["x-request-id"] for head in heads]
    assert [number for number in ids if len(number) != 1] == []
    until(lambda: {number for (number,) in ids} <= lines(made).keys())  # they are written some at a time
    log = lines(made)
    return [f"{head!r}, {log[number]}" for head, (number,) in zip(heads, ids, strict=True) if other(head, log[number])]


def other(head: bytes, line: dict) -> bool:
    """Whether a head is another one than a line of the log tells of."""
    method, target, _ = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
    found = fields(head)
    host = found["host"][0].lower()
    sent = (method, target.partition("?")[0], host.rstrip("."), len(found["host"]), found.get("x-subject", [""]))
    subject = [line["subject"]] if "x-subject" in found else [""]
    return sent != (line["method"], line["path"], line["host"].rstrip("."), 1, subject)


def heads_since(made: World, before: int) -> list[bytes]:
    return [head for head in made.echo.heads[before:] if b" HTTP/1." in head.partition(b"\r\n")[0]]


@pytest.mark.parametrize("name", ["native", *PROXIES])
def test_in_http_1(made, fronts, name):
    port = made.ports["native"] if name == "native" else fronts[name].port
    before, found = len(made.echo.heads), {}
    for case, text in HTTP1.items():
        head = "\r\n".join([*text.split("|"), *([] if "Connection" in text else ["Connection: close"]), "", ""])
        found[case] = made.ask(port, head.encode("latin-1")).status
    heads = heads_since(made, before)
    assert heads, found  # some of them are let pass
    assert judged_otherwise(made, heads) == []


@pytest.mark.parametrize("name", ["haproxy", "caddy", "envoy-http", "envoy-grpc"])
async def test_in_http_2(made, fronts, name):
    before, port = len(made.echo.heads), fronts[name].port
    found = await asyncio.gather(*(call(made, port, said) for said in HTTP2.values()))
    heads = heads_since(made, before)
    assert len(heads) == found.count(200) > 0, dict(zip(HTTP2, found, strict=True))
    assert judged_otherwise(made, heads) == []

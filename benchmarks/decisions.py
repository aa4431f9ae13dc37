"""What does one decision cost another proxy: `python -m benchmarks.decisions [SECONDS]`.

    wrk (core 1)  --GET /decide: certificate, ES256 token-->  gateway (core 0)          CPU for one decision
    h2load (core 1)  --the same as a CheckRequest of Envoy's-->  gateway (core 0)        CPU for one call of gRPC
    wrk (core 1)  --TLS, ES256 token-->  nginx, which asks the gateway (both core 0)    with and without the question

The world is that of the tests in `tests/integration/proxies`, and nginx has what `ostiary recipe nginx` writes.
It needs nginx, wrk and h2load, and two cores on which nothing else happens; on others the figures mean little.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

import grpc
from tests.support.grpc_calls import CHECK, message, prefixed
from tests.support.neighbours import nginx_arguments, nginx_file, program, start, stop
from tests.support.plugin import Gateway, World, recipe, world

from benchmarks.places import free_port
from benchmarks.processes import cpu_clock
from ostiary.edge.decide.grpc.messages import CheckResponse

CLIENT: Final = "client: {mode: optional, authorities: [file:ca.pem]}"
LISTENERS: Final = {
    "grpc": f'{{bind: "127.0.0.1:{{port}}", decide: {{dialect: envoy-grpc, {CLIENT}}}}}',
    "tcp": '{bind: "127.0.0.1:{port}", decide: {dialect: nginx, client: {mode: optional, authorities: [file:ca.pem]}}}',
    "unix": '{bind: "unix:{home}/nginx.sock", socket: {mode: "0666"}, decide: nginx}',
}
BROWSER: Final = {
    "accept": "application/json, text/plain;q=0.9, */*;q=0.1",
    "accept-encoding": "gzip, deflate, br",
    "accept-language": "en-GB,en;q=0.9,de;q=0.7",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "x-forwarded-for": "192.0.2.7",
    "x-forwarded-proto": "https",
    "x-request-id": "3d7fb7d6-2a0b-4ed5-ae3f-5a6e4a5a5a9f",
}
PLAIN: Final = """
  upstream old {{ server 127.0.0.1:{upstream}; keepalive 32; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {home}/front.pem;
    ssl_certificate_key {home}/front.pem;
    location / {{ proxy_pass http://old; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
"""
ANSWERING: Final = """
  server {{ listen 127.0.0.1:{port}; keepalive_requests 1000000; location / {{ return 200 ok; }} }}
"""
GATEWAY, LOAD = 0, 1


def main() -> None:
    """Measure both, and print what came out."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder, world(Path(folder), LISTENERS) as made:
        gateway = Gateway(made.file)
        gateway.start()
        try:
            assert gateway.pid is not None
            pinned(gateway.pid)
            print(f"a decision                {decision(made, gateway.pid, seconds):6.1f} us")
            print(f"a decision by gRPC        {called(made, gateway.pid, seconds):6.1f} us")
            alone, asking = proxied(made, gateway.pid, seconds)
            print(f"nginx alone               {alone:6.1f} us")
            print(f"nginx that asks, in all   {asking:6.1f} us   {asking / alone:.2f} x")
        finally:
            gateway.stop()


def pinned(pid: int) -> None:
    """Keep a process on the gateway's core."""
    os.sched_setaffinity(pid, {GATEWAY})


def decision(made: World, pid: int, seconds: int) -> float:
    """Return microseconds of CPU for one decision over HTTP."""
    fields = {
        "X-Forwarded-Method": "GET",
        "X-Forwarded-Uri": "/accounts/1",
        "X-Forwarded-Host": "localhost",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "127.0.0.1",
        "X-Client-Cert": quote((made.folder / "john.pem").read_bytes()),
        "Authorization": f"Bearer {made.tokens['good']}",
    }
    return cost(f"http://127.0.0.1:{made.ports['tcp']}/decide", fields, seconds, lambda: cpu_clock(pid))


def called(made: World, pid: int, seconds: int) -> float:
    """Return the same over gRPC: the request of `decision`, as Envoy tells it, with what a browser says."""
    place, file = f"127.0.0.1:{made.ports['grpc']}", made.folder / "check.bin"
    content = message(
        "/accounts/1",
        *((name.encode(), value.encode()) for name, value in BROWSER.items()),
        (b"authorization", f"Bearer {made.tokens['good']}".encode()),
        certificate=quote((made.folder / "john.pem").read_text(), safe="").encode(),
    ).SerializeToString()
    with grpc.insecure_channel(place) as channel:
        asked = channel.unary_unary(CHECK, response_deserializer=CheckResponse.FromString)
        assert asked(content, timeout=10).HasField("ok_response")
    file.write_bytes(prefixed(content))
    calls(place, file, 1)
    before = cpu_clock(pid)
    made_calls = calls(place, file, seconds)
    return (cpu_clock(pid) - before) / made_calls * 1e6


def calls(place: str, file: Path, seconds: int) -> int:
    """Call as fast as it goes, on four connections with sixteen calls each; return how many were answered."""
    head = ("-H", "content-type: application/grpc", "-H", "te: trailers", "-d", str(file))
    h2load = ("taskset", "--cpu-list", str(LOAD), program("h2load"), "-c4", "-m16", f"-D{seconds}", *head)
    said = subprocess.run((*h2load, f"http://{place}{CHECK}"), check=True, capture_output=True, text=True, timeout=90)
    found = re.search(r"(\d+) succeeded, 0 failed, 0 errored", said.stdout)
    assert found is not None, said.stdout
    return int(found[1])


def proxied(made: World, pid: int, seconds: int) -> tuple[float, float]:
    """Return the same of nginx that asks nobody, and of nginx and the gateway together."""
    fields = {"Authorization": f"Bearer {made.tokens['good']}"}
    upstream = free_port()
    with nginx(made, "upstream", upstream, ANSWERING.format(port=upstream), core=LOAD):
        front = free_port()
        with nginx(made, "alone", front, PLAIN.format(port=front, home=made.folder, upstream=upstream)) as alone:
            bare = cost(f"https://127.0.0.1:{front}/accounts/1", fields, seconds, lambda: cpu_clock(alone))
        front = free_port()
        text = recipe("nginx", made, front, "--listener", "unix").replace(
            f"127.0.0.1:{made.echo.port}", f"127.0.0.1:{upstream}"
        )
        block = text[text.index("http {") + 6 : text.rindex("}")]
        with nginx(made, "asking", front, block) as asking:
            both = cost(
                f"https://127.0.0.1:{front}/accounts/1", fields, seconds, lambda: cpu_clock(asking) + cpu_clock(pid)
            )
    return bare, both


@contextmanager
def nginx(made: World, name: str, port: int, text: str, core: int = GATEWAY) -> Iterator[int]:
    """Run an nginx on one core; yield its number."""
    home = made.folder / name
    home.mkdir()
    process = start("nginx", home, port, *nginx_arguments(home, nginx_file(home, text)))
    try:
        os.sched_setaffinity(process.pid, {core})
        yield process.pid
    finally:
        stop(process)


def cost(url: str, fields: dict[str, str], seconds: int, clock: Callable[[], float]) -> float:
    """Return microseconds of CPU for one request, once everything is warm."""
    load(url, fields, 1)
    before = clock()
    requests = load(url, fields, seconds)
    return (clock() - before) / requests * 1e6


def load(url: str, fields: dict[str, str], seconds: int) -> int:
    """Ask as fast as it goes; return how many were answered with 200."""
    lines = [word for name, value in fields.items() for word in ("-H", f"{name}: {value}")]
    command = ("taskset", "--cpu-list", str(LOAD), program("wrk"), "-t1", "-c16", f"-d{seconds}s", *lines, url)
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60 + seconds).stdout
    assert "Non-2xx" not in said, said
    found = re.search(r"(\d+) requests in", said)
    assert found is not None, said
    return int(found[1])


if __name__ == "__main__":
    main()

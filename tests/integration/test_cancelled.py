"""What do others notice of a caller who opens requests and gives them up, where an upstream counts such things?

nginx refuses streams when too many are opened at once, and then ends the connection; Envoy ends one of which half of the
streams were given up early. Both are real here, and the caller comes through the gateway.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.support.edges import World, world
from tests.support.http2_caller import calling as by_hand
from tests.support.http2_caller import get
from tests.support.neighbours import free_port, nginx_arguments, nginx_file, running

from ostiary.build import compile_gateway
from ostiary.config.load import load_checked
from ostiary.observe.access import AccessLog
from ostiary.serve import listening

pytestmark = pytest.mark.integration

STREAMS = 8
_NGINX = """
  server {{
    listen 127.0.0.1:{port} http2;
    http2_max_concurrent_streams {streams};
    keepalive_requests 100000;
    root {home}/www;
    location /token/slow {{ limit_rate 2k; }}
  }}
"""
_ENVOY = """
static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - filters:
      - name: http
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: calls
          codec_type: HTTP2
          http_filters:
          - name: fault
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault
              delay: {{fixed_delay: 3s, percentage: {{numerator: 100}}}}
              headers: [{{name: ":path", string_match: {{prefix: /token/slow}}}}]
          - name: router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes: [{{match: {{prefix: /}}, direct_response: {{status: 200, body: {{inline_string: hello}}}}}}]
"""


def nginx(home: Path, port: int, stack: ExitStack) -> None:
    (home / "www" / "token").mkdir(parents=True)
    (home / "www" / "token" / "small").write_bytes(b"hello")
    (home / "www" / "token" / "slow").write_bytes(bytes(8_000))
    file = nginx_file(home, _NGINX.format(port=port, home=home, streams=STREAMS))
    stack.enter_context(running("nginx", home, port, *nginx_arguments(home, file)))


def envoy(home: Path, port: int, stack: ExitStack) -> None:
    home.mkdir()
    (home / "envoy.yaml").write_text(_ENVOY.format(port=port))
    arguments = ("-c", home / "envoy.yaml", "--concurrency", "1", "--use-dynamic-base-id")
    stack.enter_context(running("envoy", home, port, *arguments))


@pytest.fixture(params=[nginx, envoy], ids=lambda one: one.__name__)
def behind(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[int]:
    port = free_port()
    with ExitStack() as stack:
        request.param(tmp_path / "upstream", port, stack)
        yield port


@pytest.fixture
async def there(tmp_path: Path, behind: int) -> AsyncIterator[World]:
    async with world(tmp_path) as one:
        old = f'accounts: {{endpoints: ["http://127.0.0.1:{one.service.port}"]}}'
        text = one.file.read_text()
        assert old in text
        one.file.write_text(text.replace(old, f'accounts: {{endpoints: ["http://127.0.0.1:{behind}"], protocol: h2}}'))
        yield one


async def storm(there: World, port: int, count: int) -> None:
    """Open requests, and give each up at once: fewer than would end the caller's own connection."""
    async with by_hand(there, port) as caller:
        for _ in range(count):
            number = caller.ask(get(there, "/token/slow"))
            caller.h2.reset_stream(number, 8)
            caller.say()
            await asyncio.sleep(0)
        await caller.drain()
        assert (await caller.answer(caller.ask(get(there, "/token/small"))))[0] == 200


async def test_a_storm_of_requests_that_are_given_up_costs_others_nothing(there):
    loaded = load_checked(there.file)
    with there.lines.open("wb") as file:
        gateway = compile_gateway(loaded, AccessLog(file.fileno()))
        async with listening(gateway, loaded.spec, loaded.folder, drain=1) as listeners:
            port = listeners["public"].port
            async with by_hand(there, port) as patient, by_hand(there, port) as other:
                slow = patient.ask(get(there, "/token/slow"))
                storms = [asyncio.ensure_future(storm(there, port, 150)) for _ in range(5)]
                while not all(one.done() for one in storms):
                    assert (await other.answer(other.ask(get(there, "/token/small"))))[0] == 200
                await asyncio.gather(*storms)
                assert (await patient.answer(slow))[0] == 200

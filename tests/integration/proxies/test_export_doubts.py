"""Does Envoy allow by itself what the gateway allows, and nothing else?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.support.export_cases import AUDIENCE, CASES, ISSUER, Case
from tests.support.export_policy import policy
from tests.support.exported import exported
from tests.support.plugged import CLIENT
from tests.support.plugin import Gateway, World, world
from tests.support.plugin_answer import Said
from tests.support.plugin_furnish import furnish_cases

pytestmark = pytest.mark.integration
DECIDES = f'{{bind: "unix:{{home}}/d.sock", socket: {{mode: "0666"}}, decide: {{dialect: envoy-http, {CLIENT}}}}}'
OTHERWISE = {
    "two lengths": (400, 200),
    "and a comma": (401, 400),
    "the whole URL": (400, 404),
    "an upgrade": (400, 403),
}
"""What is otherwise: Envoy takes another spelling of a length away, joins two fields with a comma, has no route for a
target that does not begin with a slash, and refuses an upgrade by itself."""

OWNED = ("authorization", "x-said", "x-secret", "x-real-ip", "x-ostiary-peer-uri", "ostiary-upstream", "x-client-cert")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The policy, and the gateway that serves it."""
    with ExitStack() as stack:
        one = stack.enter_context(world(tmp_path_factory.mktemp("doubts"), {}))
        keys = stack.enter_context(furnish_cases(one))
        one.policy = one.folder / "rich.yaml"
        decides = "  decides: " + DECIDES.replace("{home}", str(one.folder))
        places = {"native": one.ports["native"], "listeners": decides, "upstream": one.echo.port, "keys": keys.port}
        one.policy.write_text(policy(**places, issuer=ISSUER, audience=AUDIENCE))
        one.gateway = Gateway(one.file)
        one.gateway.start()
        stack.callback(one.gateway.stop)
        yield one


Ended = dict[str, tuple[Said, Said]]


@pytest.fixture(scope="module")
def ended(made: World) -> Iterator[Ended]:
    """What became of every case, natively and through Envoy."""
    with exported(made.file, made.folder / "home", "--listener", "native") as envoy:
        yield {one.name: (_ask(made, made.ports["native"], one), _ask(made, envoy.port, one)) for one in CASES}


def _ask(made: World, port: int, one: Case) -> Said:
    try:
        return made.ask(port, one.raw(), shown=one.cert, name=one.server_name)
    except OSError:
        return Said(0)  # the handshake, or the end of it


@pytest.mark.parametrize("name", [one.name for one in CASES])
def test_the_verdict_is_the_gateway_s(ended: Ended, name: str):
    native, through = ended[name]
    assert (native.status, through.status) == OTHERWISE.get(name, (native.status, native.status))
    if through.status in (401, 403, 404, 405) and name not in OTHERWISE:
        assert through.reason == native.reason  # a refusal is the gateway's own, and says why


@pytest.mark.parametrize("name", [one.name for one in CASES if one.by])
def test_the_upstream_is_shown_the_same(ended: Ended, name: str):
    native, through = ended[name]
    assert native.status == 200
    shown = [{field: one.seen[field] for field in OWNED if field in one.seen} for one in (native, through)]
    assert shown[0] == shown[1]
    assert native.target == through.target


def test_what_is_plain_is_decided_by_envoy_alone(ended: Ended):
    allowed = {one.name: one.by for one in CASES if one.by}
    ids = {name: ended[name][1].seen["x-request-id"][0] for name in allowed}
    assert {name: "envoy" if "-" in one else "gateway" for name, one in ids.items()} == allowed  # Envoy's are UUIDs


def test_the_caller_is_never_told_a_credential(ended: Ended):
    told = json.dumps([[one.fields for one in both] for both in ended.values()])
    assert "Basic " not in told
    assert "canary" not in told

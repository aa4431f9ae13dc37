"""Is nobody let in by an Envoy that has nobody to ask, whom the gateway would not let in?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.export_cases import AUDIENCE, BANK, CASES, ISSUER, signed
from tests.support.export_policy import policy
from tests.support.exported import exported
from tests.support.plugged import Plugged
from tests.support.plugin import World, world
from tests.support.plugin_answer import Said
from tests.support.plugin_furnish import furnish_cases

pytestmark = pytest.mark.integration

UNLUCKY = {  # what the gateway would allow, and Envoy cannot be sure of
    **dict.fromkeys(("without a key id", "issued at no time"), 403),
    **dict.fromkeys(("in lower case", "another scheme, where nobody has to"), 401),
    **dict.fromkeys(("a literal in an escape", "a dot"), 400),
    "a host with a dot": 404,
}
STATUS = {  # what RBAC refuses is 403, whether it is evidence or rights that are wrong
    "no certificate": 403,
    "a token, and no certificate": 403,
    "a token that has expired": 401,
    "no token": 401,
    "no right": 403,
    "another method": 405,
    "nothing there": 404,
    "an escape": 400,
    "no credential": 503,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The policy; no gateway serves it."""
    with world(tmp_path_factory.mktemp("alone"), {}) as one, furnish_cases(one) as keys:
        one.policy = one.folder / "alone.yaml"
        places = {"native": one.ports["native"], "listeners": "", "upstream": one.echo.port, "keys": keys.port}
        one.policy.write_text(policy(**places, issuer=ISSUER, audience=AUDIENCE))
        yield one


@pytest.fixture(scope="module")
def envoy(made: World) -> Iterator[Plugged]:
    """Envoy, alone."""
    with exported(made.file, made.folder / "home") as running:
        yield running


@pytest.fixture(scope="module")
def ended(made: World, envoy: Plugged) -> dict[str, Said]:
    """What became of every case."""
    found = {}
    for one in CASES:
        try:
            found[one.name] = made.ask(envoy.port, one.raw(), shown=one.cert, name=one.server_name)
        except OSError:
            found[one.name] = Said(0)  # the handshake
    return found


def test_who_is_allowed_is_allowed_and_nobody_else(ended: dict[str, Said]):
    wanted = {one.name: 200 for one in CASES if one.by == "envoy"} | {"two lengths": 200} | UNLUCKY
    allowed = {name: said.status for name, said in ended.items() if name in wanted or said.status == 200}
    assert allowed == wanted


@pytest.mark.parametrize(
    ("what", "ask", "claims"),
    [
        ("no certificate", "GET /cert", None),
        ("a token, and no certificate", "GET /both", {}),
        ("a token that has expired", "GET /rights", {"exp": 1}),
        ("no token", "GET /rights", None),
        ("no right", "GET /rights", {}),
        ("another method", "POST /star/q/x", None),
        ("nothing there", "GET /nothing", None),
        ("an escape", "GET /star/%61", None),
        ("no credential", "GET /broken", None),
    ],
)
def test_a_refusal_has_its_status(made: World, envoy: Plugged, what: str, ask: str, claims: dict | None):
    lines = [f"{ask} HTTP/1.1", "Host: localhost", "Connection: close"]
    if claims is not None:
        lines.append(f"Authorization: Bearer {signed(BANK, claims, {})}")
    said = made.ask(envoy.port, "\r\n".join([*lines, "", ""]).encode())
    assert said.status == STATUS[what]
    assert b"localhost" not in said.content
    assert "localhost" not in (said.get("www-authenticate") or "")
    if what == "no token":
        assert said.get("www-authenticate") == 'Bearer realm="ostiary"'
    if what == "another method":
        assert said.get("allow") == "GET"

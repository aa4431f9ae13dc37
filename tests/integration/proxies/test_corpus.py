"""Is the verdict the same, whoever forwards?"""

from __future__ import annotations

import json
import subprocess

import pytest
from tests.support.plugin import World
from tests.support.plugin_corpus import corpus

pytestmark = pytest.mark.integration
EXCEPTIONS: dict[str, dict[str, object]] = {
    "envoy-http": {"silent": [503]},  # 5xx is an error to Envoy, which answers by itself
}


def verdicts(made: World, port: int, **how) -> dict[str, str]:
    """Every case that ended otherwise than it should."""
    wrong = {}
    for case in corpus():
        found = case.wrong(made.ask(port, case.raw(made), shown=case.cert, name=case.server_name), **how)
        if found is not None:
            wrong[case.name] = found
    return wrong


def test_the_corpus_is_large_enough_to_say_something():
    assert len(corpus()) >= 60


def test_natively(made):
    assert verdicts(made, made.ports["native"], native=True, exceptions={}) == {}


def test_through_a_proxy(made, proxy):
    assert verdicts(made, proxy.port, native=False, exceptions=EXCEPTIONS.get(proxy.name, {})) == {}


@pytest.mark.parametrize("name", ["haproxy", "caddy", "envoy-http", "envoy-grpc"])
def test_over_http_2_it_is_the_same(made, fronts, name):
    """The host is a pseudo-header there. The recipes of nginx and Apache offer HTTP/1.1 only."""
    proxy = fronts[name]
    found = {}
    for target, token in (
        ("/accounts/1?a=b", "good"),
        ("/accounts/1", "expired"),
        ("/tenant/a", "good"),
        ("/nothing", "good"),
    ):
        where = f"localhost:{proxy.port}"
        command = ("curl", "-q", "-s", "--noproxy", "*", "--http2", "--cacert", made.folder / "ca.pem")
        more = (
            "--resolve",
            f"{where}:127.0.0.1",
            "-H",
            f"Authorization: Bearer {made.tokens[token]}",
            "-H",
            "X-Roles: admin",
        )
        said = subprocess.run(
            (*command, *more, "-w", "\n%{http_code} %{http_version}", f"https://{where}{target}"),
            check=True, capture_output=True, text=True, timeout=30,
        ).stdout  # fmt: skip
        content, _, words = said.rpartition("\n")
        found[target, token] = words
        if words.startswith("200"):
            sent = json.loads(content)
            roles = [value for name, value in sent["headers"] if name.lower() == "x-roles"]
            assert (sent["target"], roles) == (target, ["reader"])
    assert found == {
        ("/accounts/1?a=b", "good"): "200 2",
        ("/accounts/1", "expired"): "401 2",
        ("/tenant/a", "good"): "403 2",
        ("/nothing", "good"): "404 2",
    }

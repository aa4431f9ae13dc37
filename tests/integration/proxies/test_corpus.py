"""Is the verdict the same, whoever forwards?"""

from __future__ import annotations

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

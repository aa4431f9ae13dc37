"""Is the verdict the same when Envoy decides by itself?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.exported import exported
from tests.support.plugged import Plugged
from tests.support.plugin import World
from tests.support.plugin_corpus import corpus

pytestmark = pytest.mark.integration
PARTIAL = "    upstream: old\n    decision: allow-partial\n"
EXCEPTIONS = {"silent": [400, 503]}  # 5xx is an error to Envoy, which answers by itself; so are escaped slashes


@pytest.fixture(scope="module")
def policy(made: World) -> Path:
    """The policy that everybody is asked about, with the word that lets Envoy do nearly the same."""
    file = made.folder / "exported.yaml"
    file.write_text(made.file.read_text().replace("    upstream: old\n", PARTIAL))
    return file


@pytest.fixture(scope="module")
def native(made: World, policy: Path) -> Iterator[Plugged]:
    """Envoy, which decides what it can."""
    with exported(policy, made.folder / "home-export", "--listener", "native", "--asked", "envoy-http") as running:
        yield running


def test_the_corpus_ends_as_everywhere(made, native):
    wrong = {}
    for case in corpus():
        said = made.ask(native.port, case.raw(made), shown=case.cert, name=case.server_name)
        found = case.wrong(said, native=False, exceptions=EXCEPTIONS)
        if found is not None:
            wrong[case.name] = found
    assert wrong == {}

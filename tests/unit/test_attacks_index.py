"""Does a test see each attack fail, and does the index say which?"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
WHOLE = "integration/"


@pytest.fixture(scope="module")
def index() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "tools" / "attacks.py"))


def test_each_attack_has_a_test_at_a_whole_gateway_or_at_a_key_set(index: dict[str, Any]) -> None:
    """Attacks on key sets are seen where key sets are fetched; all others also where a request comes in."""
    whole = {number for number, file, _ in index["marked"]() if file.startswith(WHOLE)}
    of_keys = {7, 9, 10, 11, 12}
    assert list(index["ATTACKS"]) == list(range(1, 66))
    assert whole | of_keys == set(index["ATTACKS"])


def test_each_attack_has_a_test_at_the_piece_that_stops_it(index: dict[str, Any]) -> None:
    pieces = {number for number, file, _ in index["marked"]() if not file.startswith(WHOLE)}
    assert pieces == set(index["ATTACKS"])


def test_the_index_is_in_step(index: dict[str, Any]) -> None:
    assert (ROOT / "docs" / "attacks.md").read_text() == index["attacks_page"](), "`make generate` writes it"


def test_no_marker_has_an_unknown_number(index: dict[str, Any]) -> None:
    assert {number for number, _, _ in index["marked"]()} <= set(index["ATTACKS"])

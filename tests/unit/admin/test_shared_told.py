"""Is it told whether Redis answers, and how old the copy of what is revoked is?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from prometheus_client import generate_latest
from tests.support.admin import samples, value
from tests.unit.admin.conftest import FILE

from ostiary.admin.exposition import registry
from ostiary.admin.health import of_link, of_revocations, parts
from ostiary.admin.view import View
from ostiary.reasons import Reason

SHARED = 'shared: {redis: {url: "redis://127.0.0.1:1"}, key: "file:master.key", revocation: {}}\n'


def test_where_nothing_is_shared_nothing_is_told(viewing: Callable[[str], View]) -> None:
    found = samples(generate_latest(registry(viewing(FILE))).decode())
    assert not [name for name, _ in found if name.startswith(("ostiary_shared", "ostiary_revocations"))]


def test_the_line_and_the_copy_are_told(viewing: Callable[[str], View], tmp_path: Path) -> None:
    view = viewing(FILE + SHARED)
    found = samples(generate_latest(registry(view)).decode())
    assert value(found, "ostiary_shared_connected") == 0
    assert value(found, "ostiary_shared_questions_total", outcome="failed") == 0
    assert value(found, "ostiary_revocations") == 0
    view.links[0].failure = ""
    assert value(samples(generate_latest(registry(view)).decode()), "ostiary_shared_connected") == 1


def test_both_are_parts_of_its_health(viewing: Callable[[str], View]) -> None:
    found = {one.name: one for one in parts(viewing(FILE + SHARED), 0.0, 0.0) if one.kind == "shared"}
    assert (found["redis"].condition, found["redis"].reason) == ("down", Reason.SHARED_UNAVAILABLE)
    assert (found["revocations"].condition, found["revocations"].reason) == ("down", Reason.REVOCATION_UNKNOWN)


def test_a_copy_that_still_answers_is_degraded() -> None:
    assert of_link("redis", here=True).condition == "ok"
    assert of_revocations("revocations", known=True, here=True).condition == "ok"
    assert of_revocations("revocations", known=True, here=False).condition == "degraded"
    assert of_revocations("revocations", known=False, here=False).condition == "down"

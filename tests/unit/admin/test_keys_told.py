"""What is told of the keys that we sign with, in metrics and on the status page?"""

from __future__ import annotations

import time
from typing import Any

import pytest
from prometheus_client import generate_latest
from tests.support.admin import samples, value
from tests.unit.admin.conftest import FILE

from ostiary.admin.exposition import registry
from ostiary.admin.page import page
from ostiary.admin.source import Own
from ostiary.admin.status import Samples, status
from ostiary.keys.local import LocalRing
from ostiary.keys.material import make

KEYS = "keys: {identity: {type: local, vault: local}}\nupstreams:"


@pytest.fixture
def view(viewing: Any) -> Any:
    return viewing(FILE.replace("upstreams:", KEYS, 1))


@pytest.fixture
def local(view: Any) -> LocalRing:
    (ring,) = view.rings
    ring._keeper._ring.store.path.parent.chmod(0o700)
    return ring._keeper._ring


def told(view: Any) -> Any:
    return samples(generate_latest(registry(view)).decode())


async def shown(view: Any) -> dict[str, Any]:
    own = Own(view)
    families = (await own.metrics()).collect()
    return status(await own.health(), await own.config(), Samples(families), time.time())


async def test_a_key_that_is_not_there_is_told_as_such(view: Any) -> None:
    found = told(view)
    assert value(found, "ostiary_signing_key_usable", key="identity") == 0
    assert not any("identity" in dict(labels).values() for name, labels in found if name.endswith("_timestamp_seconds"))
    assert "nothing signs" in page(await shown(view))


async def test_what_signs_what_is_next_and_the_end_are_told(view: Any, local: LocalRing) -> None:
    now = time.time()
    local.add(make("ec-p256"), now - 100, now + 5000)
    local.add(make("ec-p256"), now + 600, now + 9000)
    (ring,) = view.rings
    key = await ring.get()
    await key.sign(b"data")
    found = told(view)
    assert value(found, "ostiary_signing_key_usable", key="identity") == 1
    assert value(found, "ostiary_signing_key_version_info", key="identity", version="1", alg="ES256", kid=key.kid) == 1
    assert value(found, "ostiary_signing_key_versions", state="published") == 1
    for name, after in (("begun", -100), ("next", 600), ("expiry", 9000), ("read", 0)):
        at = value(found, f"ostiary_signing_key_{name}_timestamp_seconds", key="identity")
        assert at == pytest.approx(now + after, abs=30), name
    signed = {"key": "identity", "operation": "sign"}
    assert value(found, "ostiary_signing_key_operations_total", outcome="success", **signed) == 1
    assert value(found, "ostiary_signing_key_operation_duration_seconds_count", **signed) == 1
    assert value(found, "ostiary_signing_key_operation_duration_seconds_sum", **signed) > 0


async def test_people_read_it_on_the_status_page(view: Any, local: LocalRing) -> None:
    now = time.time()
    local.add(make("ec-p256"), now - 100, now + 90_000)
    await view.rings[0].get()
    facts = await shown(view)
    assert facts["keys"] == [
        {
            "name": "identity",
            "usable": True,
            "versions": ["1"],
            "next": None,
            "expiry": pytest.approx(now + 90_000, abs=1),
        }
    ]
    assert "signs, for 1 d " in page(facts)

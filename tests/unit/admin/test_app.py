"""What do the pages say, asked as an ASGI application is?"""

from __future__ import annotations

import gc

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ostiary.admin import encoding as module
from ostiary.admin.app import admin_app
from ostiary.admin.source import Own
from ostiary.model import Record
from ostiary.observe.ended import Ended
from ostiary.reasons import Reason


@pytest.fixture
async def client(view):
    async def known(scope, receive, send):
        await admin_app(Own(view))({**scope, "state": {"known": True}}, receive, send)

    transport = httpx2.ASGITransport(app=known)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as one:
        yield one


async def test_alive_is_alive_before_it_is_ready(client, view):
    assert (await client.get("/livez")).json() == {"status": "ok"}
    assert (await client.get("/readyz")).status_code == 503
    view.life.ready = True
    assert (await client.get("/readyz")).status_code == 200


async def test_metrics_are_told_in_the_format_that_is_asked_for(client):
    plain = await client.get("/metrics")
    assert plain.headers["content-type"].startswith("text/plain")
    assert list(text_string_to_metric_families(plain.text))
    open_ = await client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert open_.headers["content-type"].startswith("application/openmetrics-text")
    assert open_.text.endswith("# EOF\n")


async def test_the_configuration_comes_with_its_file_and_digest(client, view):
    said = (await client.get("/config")).json()
    assert (said["file"], said["overlays"]) == (str(view.loaded.path), [])
    assert len(said["digest"]) == 12


# --- requests ------------------------------------------------------------------------------------


async def test_a_request_that_was_is_shown_as_the_log_has_it(client, view, tmp_path):
    with (tmp_path / "log").open("wb") as out:
        view.access._descriptor = out.fileno()
        for number in range(3):
            facts = {"method": "GET", "target": b"/a?canary", "host": "a.example", "address": "::1", "status": 401}
            view.access.write(Ended(Record(reason=Reason.TOKEN_EXPIRED), id=f"r{number}", now=1.0, **facts))
        view.access.flush()
    answer = await client.get("/decisions/r1")
    assert (answer.json()["id"], answer.json()["reason"]) == ("r1", "token.expired")
    assert "canary" not in answer.text
    for unknown in ("r9", "r", '","id":"r1', "%2e%2e"):
        assert (await client.get(f"/decisions/{unknown}")).status_code == 404


@pytest.mark.parametrize(
    ("told", "status"), [({"verdict": "allow"}, 200), ({"unreadable": "no request"}, 400), (None, 503)]
)
async def test_what_would_become_of_a_request_is_asked_of_what_serves(view, told, status):
    asked = []

    async def explain(document):
        asked.append(document)
        return told

    async def known(scope, receive, send):
        await admin_app(Own(view, explain))({**scope, "state": {"known": True}}, receive, send)

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=known), base_url="http://localhost") as one:
        answer = await one.post("/explain", json={"method": "GET"})
        assert (answer.status_code, asked) == (status, [{"method": "GET"}])
        assert (await one.post("/explain", content=b"[" * 100_000)).status_code == 400


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_rests_while_metrics_are_written_and_is_left_as_it_was(enabled):
    (gc.enable if enabled else gc.disable)()
    try:
        assert module.undisturbed(lambda _: str(gc.isenabled()).encode(), None) == b"False"
        assert gc.isenabled() is enabled
    finally:
        gc.enable()


def test_the_collector_goes_on_when_writing_fails():
    def fails(_):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        module.undisturbed(fails, None)
    assert gc.isenabled()

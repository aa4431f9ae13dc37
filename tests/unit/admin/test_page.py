"""What do people see of a gateway, and can a name write on the page?"""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import httpx2
import pytest
from tests.unit.admin.conftest import FILE
from tests.unit.admin.test_exposition import count

from ostiary.admin.app import admin_app
from ostiary.admin.markup import Markup, element
from ostiary.admin.page import page
from ostiary.admin.source import Own
from ostiary.admin.status import quantile
from ostiary.reasons import Reason


class Seen(HTMLParser):
    """Elements with their texts; everything that is opened has to be closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.attributes: list[tuple[str, dict]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append((self.open[-1], data))

    def of(self, tag):
        return [text for its, text in self.texts if its == tag]


async def look(view, path: str = "/") -> httpx2.Response:
    async def known(scope, receive, send):
        await admin_app(Own(view))({**scope, "state": {"known": True}}, receive, send)

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=known), base_url="http://localhost") as client:
        return await client.get(path)


async def facts(view) -> dict:
    return (await look(view, "/status.json")).json()


async def test_the_page_says_how_it_is_in_numbers_and_names(view):
    view.life.ready = True
    for _ in range(3):
        count(view)
    count(view, Reason.TOKEN_EXPIRED, status=401)
    seen = Seen((await look(view)).text)
    captions = seen.of("caption")
    assert {"Routes", "Why requests were refused", "Issuers", "Credentials", "Upstreams"} <= set(captions)
    assert {"accounts", "token.expired", "bank", "legacy", "service"} <= set(seen.of("td"))
    assert seen.of("dd")[:2] == ["3", "1"]


async def test_the_facts_are_those_of_the_other_pages(view):
    view.life.ready = True
    count(view)
    count(view, Reason.PERMISSION_MISSING, status=403)
    count(view, Reason.PERMISSION_MISSING, status=403)
    said = await facts(view)
    assert (said["state"], said["requests"]["allow"], said["requests"]["deny"]) == ("ready", 1, 2)
    assert said["refused"] == [{"reason": "permission.missing", "count": 2}]
    (route,) = said["routes"]
    assert (route["name"], route["requests"], route["2xx"], route["4xx"]) == ("accounts", 3, 1, 2)
    assert route["p99_seconds"] == 0.025
    assert said["configuration"]["digest"] == (await look(view, "/config")).json()["digest"]


async def test_what_is_not_as_it_should_be_comes_first(view):
    view.life.ready, view.life.reload_refused = True, "line 1"
    seen = Seen((await look(view)).text)
    assert seen.of("h2")[0] == "Not as it should be"
    assert "refused" in seen.of("li")[0]
    assert "degraded" in seen.of("strong")


async def test_before_it_is_ready_it_says_so(view):
    assert "starting" in Seen((await look(view)).text).of("strong")


async def test_there_is_no_script_no_style_within_and_nothing_from_elsewhere(view):
    text = (await look(view)).text
    seen = Seen(text)
    assert "script" not in seen.tags
    assert not any(
        "style" in attributes or key.startswith("on") for _, attributes in seen.attributes for key in attributes
    )
    assert [its["href"] for tag, its in seen.attributes if tag == "link"] == ["/status.css"]
    assert not re.search(r"https?://(?!127\.0\.0\.1:1\b)", text)
    assert (await look(view, "/status.css")).headers["content-type"].startswith("text/css")


async def test_no_secret_is_on_it(view):
    for path in ("/", "/status.json"):
        said = (await look(view, path)).text
        assert "canary" not in said
        assert "ADMIN_TOKEN" not in said


HOSTILE = ("<script>alert(1)</script>", '"><img src=x>', "&lt;b&gt;", "</td></table>")


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_name_is_text_whatever_it_says(view, text):
    said = await facts(view)
    for rows in ("routes", "issuers", "credentials", "upstreams"):
        said[rows][0]["name"] = text
    said["degraded"] = [{"kind": text, "name": text, "condition": "down", "reason": text}]
    said["refused"] = [{"reason": text, "count": 1}]
    said["certificates"] = [{"role": text, "name": text, "ends": said["at"] + 1}]
    said["configuration"]["file"] = text
    seen = Seen(page(said))
    assert not {"script", "img", "b"} & set(seen.tags)
    assert seen.of("td").count(text) >= 7


def test_only_elements_are_markup():
    assert element("p", "<b>", element("i", "&"), class_='"x"') == '<p class="&quot;x&quot;">&lt;b&gt;<i>&amp;</i></p>'
    assert not isinstance(element("p") + "<b>", Markup)


@pytest.mark.parametrize(
    ("counts", "bound"),
    [({"0.1": 99, "1.0": 100, "+Inf": 100}, 0.1), ({"0.1": 9, "1.0": 100, "+Inf": 100}, 1.0), ({"+Inf": 0}, None)],
)
def test_a_quantile_is_the_bound_that_it_is_within(counts, bound):
    assert quantile([({"le": le}, float(n)) for le, n in counts.items()], 0.99) == bound


def test_beyond_every_bound_it_is_not_known():
    assert quantile([({"le": "0.1"}, 0.0), ({"le": "+Inf"}, 9.0)], 0.99) is None


async def test_two_hundred_routes_are_a_small_page(viewing):
    head, route = FILE.split("  - name: accounts\n")
    routes = "".join(f"  - name: r{n}\n{route.replace('/accounts', f'/accounts-{n}')}" for n in range(200))
    view = viewing(head + routes)
    for n in range(200):
        count(view, route=f"r{n}")
    text = (await look(view)).text
    assert len(text) < 200_000
    assert len(json.loads((await look(view, "/status.json")).text)["routes"]) == 200

"""The status page: HTML for people, of `/status.json` and nothing else. No script; it asks anew by itself."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from typing import Any, Final

from ostiary.admin.markup import Markup, element
from ostiary.admin.rows import Table, Urgent, numbers, since, state, tables, troubles

STYLE: Final = files("ostiary.admin").joinpath("status.css").read_text()
_EVERY: Final = "10"  # seconds


def page(facts: dict[str, Any]) -> str:
    """Return the page."""
    sections = (_troubles(facts), _numbers(facts), *map(_table, tables(facts)))
    return "<!doctype html>\n" + element(
        "html", _head(), element("body", _top(facts), element("main", *sections)), lang="en"
    )


def _head() -> Markup:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="refresh", content=_EVERY),
        element("link", rel="stylesheet", href="/status.css"),
        element("title", "Ostiary"),
    )


def _top(facts: dict[str, Any]) -> Markup:
    word = state(facts)
    title = element("h1", f"Ostiary {facts['version']} ", element("strong", word, class_=word))
    return element("header", title, element("p", since(facts)))


def _troubles(facts: dict[str, Any]) -> Iterable[Markup]:
    if told := troubles(facts):
        yield element(
            "section", element("h2", "Not as it should be"), element("ul", (element("li", one) for one in told))
        )


def _numbers(facts: dict[str, Any]) -> Markup:
    items = (element("div", element("dt", word), element("dd", value)) for word, value in numbers(facts))
    return element("section", element("h2", "Requests since the start"), element("dl", items))


def _table(table: Table) -> Markup:
    lines = [element("tr", (element("td", _cell(cell)) for cell in row)) for row in table.rows]
    head = element("thead", element("tr", (element("th", column, scope="col") for column in table.columns)))
    inner = element("table", element("caption", table.title), head, element("tbody", lines))
    return element("section", inner, class_="wide")


def _cell(cell: str) -> str:
    return element("strong", str(cell), class_="soon") if isinstance(cell, Urgent) else cell

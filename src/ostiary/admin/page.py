"""The status page: HTML for people, of `/status.json` and nothing else. No script; it asks anew by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any, Final

from ostiary.admin.markup import Markup, element

STYLE: Final = files("ostiary.admin").joinpath("status.css").read_text()
_EVERY: Final = "10"  # seconds
_DAY, _HOUR, _MINUTE = 86_400, 3600, 60
_SOON: Final = 14 * _DAY


def page(facts: dict[str, Any]) -> str:
    """Return the page."""
    now = facts["at"]
    sections = (
        _troubles(facts),
        _numbers(facts["requests"]),
        _table(
            "Routes", ("route", "match", "requests", "2xx", "3xx", "4xx", "5xx", "p99"), map(_route, facts["routes"])
        ),
        _table("Why requests were refused", ("reason", "requests"), map(_reason, facts["refused"])),
        _table("Issuers", ("issuer", "keys", "fetched", "state"), (_issuer(one, now) for one in facts["issuers"])),
        _table(
            "Credentials",
            ("credential", "version", "fetched", "state"),
            (_credential(one, now) for one in facts["credentials"]),
        ),
        _table("Keys", ("key", "version", "next signs", "state"), (_key(one, now) for one in facts["keys"])),
        _table("Upstreams", ("upstream", "endpoint", "state"), map(_upstream, facts["upstreams"])),
        _table("Ends, the soonest first", ("what", "name", "ends"), (_end(one, now) for one in facts["certificates"])),
        _table("Workers", ("worker", "process", "state", "configuration"), map(_worker, facts["workers"])),
    )
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
    configuration, now = facts["configuration"], facts["at"]
    word = "degraded" if facts["state"] == "ready" and facts["degraded"] else facts["state"]
    said = [f"up {_span(now - facts['started'])}"] if facts["started"] is not None else []
    said.append(f"configuration {configuration['digest']}, {configuration['file']}")
    if configuration["read"] is not None:
        said.append(f"read {_ago(configuration['read'], now)}")
    title = element("h1", f"Ostiary {facts['version']} ", element("strong", word, class_=word))
    return element("header", title, element("p", " · ".join(said)))


def _troubles(facts: dict[str, Any]) -> Iterable[Markup]:
    told = [f"{one['kind']} {one['name']} is {one['condition']}: {one['reason']}" for one in facts["degraded"]]
    if not facts["configuration"]["last_change_taken"]:
        told.insert(0, "The last change of the configuration was refused; the one before serves. The log says why.")
    if told:
        yield element(
            "section", element("h2", "Not as it should be"), element("ul", (element("li", one) for one in told))
        )


def _numbers(requests: dict[str, float]) -> Markup:
    words = {"allow": "allowed", "deny": "denied", "error": "failed", "under_way": "under way"}
    pairs = ((words.get(name, name), f"{value:,.0f}") for name, value in requests.items())
    items = (element("div", element("dt", word), element("dd", value)) for word, value in pairs)
    return element("section", element("h2", "Requests since the start"), element("dl", items))


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[Markup]:
    """Return a table, or nothing where it would be empty."""
    lines = [element("tr", (element("td", cell) for cell in row)) for row in rows]
    if lines:
        head = element("thead", element("tr", (element("th", column, scope="col") for column in columns)))
        inner = element("table", element("caption", title), head, element("tbody", lines))
        yield element("section", inner, class_="wide")


def _route(route: dict[str, Any]) -> Sequence[str]:
    match = route["match"] or {}
    where = f"{match.get('host', '*')} {match.get('path', '')} {' '.join(match.get('methods') or ())}".strip()
    counts = (f"{route[name]:,.0f}" for name in ("requests", "2xx", "3xx", "4xx", "5xx"))
    slow = route["p99_seconds"]
    return (route["name"], where, *counts, "" if slow is None else f"≤ {slow * 1000:g} ms")


def _reason(one: dict[str, Any]) -> Sequence[str]:
    return (one["reason"], f"{one['count']:,.0f}")


def _issuer(one: dict[str, Any], now: float) -> Sequence[str]:
    state = "no keys: its tokens end with 503" if one["void"] else "stale" if one["stale"] else "fresh"
    return (one["name"], f"{one['keys']:g}", _ago(one["fetched"], now), state)


def _credential(one: dict[str, Any], now: float) -> Sequence[str]:
    state = "usable" if one["usable"] else "cannot be had: its routes end with 503"
    return (one["name"], ", ".join(one["versions"]), _ago(one["fetched"], now), state)


def _key(one: dict[str, Any], now: float) -> Sequence[str]:
    state = "signs" if one["usable"] else "nothing signs: what needs it ends with 503"
    if one["expiry"] is not None:
        state += f", for {_span(one['expiry'] - now)} more"
    return (one["name"], ", ".join(one["versions"]), "" if one["next"] is None else _in(one["next"], now), state)


def _upstream(one: dict[str, Any]) -> Sequence[str]:
    return (one["name"], one["endpoint"], "up" if one["up"] else "could not be reached")


def _end(one: dict[str, Any], now: float) -> Sequence[str]:
    left, word = one["ends"] - now, _in(one["ends"], now)
    return (one["role"], one["name"], element("strong", word, class_="soon") if left < _SOON else word)


def _worker(one: dict[str, Any]) -> Sequence[str]:
    return (str(one["number"]), str(one["pid"]), one["state"] or "does not answer", one["digest"])


def _ago(at: float | None, now: float) -> str:
    return "never" if at is None else f"{_span(now - at)} ago"


def _in(at: float, now: float) -> str:
    return f"{_span(now - at)} ago" if at < now else f"in {_span(at - now)}"


def _span(seconds: float) -> str:
    """Return a span in words: the two largest units, roughly."""
    seconds = max(0.0, seconds)
    if seconds >= _DAY:
        return f"{seconds // _DAY:.0f} d {seconds % _DAY // _HOUR:.0f} h"
    if seconds >= _HOUR:
        return f"{seconds // _HOUR:.0f} h {seconds % _HOUR // _MINUTE:.0f} min"
    return f"{seconds // _MINUTE:.0f} min" if seconds >= _MINUTE else f"{seconds:.0f} s"

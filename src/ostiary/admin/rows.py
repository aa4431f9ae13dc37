"""What is said of a gateway, in words and rows: of `/status.json`, for the page and for the terminal alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

_DAY, _HOUR, _MINUTE = 86_400, 3600, 60
_SOON: Final = 14 * _DAY


class Urgent(str):
    """A cell that somebody should look at."""

    __slots__ = ()


class Table(NamedTuple):
    """Rows of one kind.

    Attributes:
        title: what they are.
        columns: their names.
        rows: as many cells each.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[Sequence[str]]


def state(facts: dict[str, Any]) -> str:
    """Return how it is, in a word."""
    return "degraded" if facts["state"] == "ready" and facts["degraded"] else str(facts["state"])


def since(facts: dict[str, Any]) -> str:
    """Return for how long it has run, and by which configuration."""
    configuration, now = facts["configuration"], facts["at"]
    said = [f"up {_span(now - facts['started'])}"] if facts["started"] is not None else []
    said.append(f"configuration {configuration['digest']}, {configuration['file']}")
    if configuration["read"] is not None:
        said.append(f"read {_ago(configuration['read'], now)}")
    return " \u00b7 ".join(said)


def troubles(facts: dict[str, Any]) -> list[str]:
    """Return what is not as it should be, a sentence each."""
    told = [f"{one['kind']} {one['name']} is {one['condition']}: {one['reason']}" for one in facts["degraded"]]
    if not facts["configuration"]["last_change_taken"]:
        told.insert(0, "The last change of the configuration was refused; the one before serves. The log says why.")
    return told


def numbers(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what was counted since the start: words and numbers."""
    words = {"allow": "allowed", "deny": "denied", "error": "failed", "under_way": "under way"}
    return [(words.get(name, name), f"{value:,.0f}") for name, value in facts["requests"].items()]


def tables(facts: dict[str, Any]) -> Iterator[Table]:
    """Yield every table that has a row."""
    now = facts["at"]
    every = (
        Table(
            "Routes",
            ("route", "match", "requests", "2xx", "3xx", "4xx", "5xx", "p99"),
            [_route(one) for one in facts["routes"]],
        ),
        Table("Why requests were refused", ("reason", "requests"), [_reason(one) for one in facts["refused"]]),
        Table("Issuers", ("issuer", "keys", "fetched", "state"), [_issuer(one, now) for one in facts["issuers"]]),
        Table(
            "Credentials",
            ("credential", "version", "fetched", "state"),
            [_credential(one, now) for one in facts["credentials"]],
        ),
        Table("Keys", ("key", "version", "next signs", "state"), [_key(one, now) for one in facts["keys"]]),
        Table("Upstreams", ("upstream", "endpoint", "state"), [_upstream(one) for one in facts["upstreams"]]),
        Table("Ends, the soonest first", ("what", "name", "ends"), [_end(one, now) for one in facts["certificates"]]),
        Table("Workers", ("worker", "process", "state", "configuration"), [_worker(one) for one in facts["workers"]]),
    )
    yield from (table for table in every if table.rows)


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
    return (one["role"], one["name"], Urgent(word) if left < _SOON else word)


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

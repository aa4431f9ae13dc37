"""What in a configuration of nginx goes around the answer of the gateway that it asks.

Nobody needs this for a file that `ostiary recipe` has written; files are changed, and merged with others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from ostiary.recipes.nginx_file import Directive, parse


class Finding(NamedTuple):
    """Something that lets a request pass unseen, or seen as another one."""

    line: int
    text: str


_FIRST: Final = "runs before `auth_request`: nobody is asked"
_SAID: Final = {
    "X-Forwarded-Method": ("$request_method",),
    "X-Forwarded-Uri": ("$request_uri",),
    "X-Forwarded-Host": ("$http_host", "$host"),
    "X-Forwarded-Proto": ("$scheme",),
    "X-Forwarded-For": ("$remote_addr", "$realip_remote_addr"),
}
_CACHES: Final = ("proxy_cache", "fastcgi_cache", "uwsgi_cache")


def findings(text: str) -> list[Finding]:
    """Return what is wrong with a file, by line."""
    root = parse(text)
    guarded = [block for block in root.walk() if block.name in ("location", "server", "if") and _asks(block)]
    found = {one for look in _LOOKS for one in look(root, guarded)}
    return sorted(found)


def _asks(block: Directive) -> bool:
    asks = block.effective("auth_request")
    return asks is not None and asks.arguments != ("off",)


def _before(_: Directive, guarded: list[Directive]) -> Iterator[Finding]:
    """Find what is done before the question."""
    for block in guarded:
        for one in block.children:
            if one.name in ("return", "rewrite"):
                yield Finding(one.line, f"`{one.name}` {_FIRST}")
        satisfy = block.effective("satisfy")
        if satisfy is not None and satisfy.arguments == ("any",):
            yield Finding(satisfy.line, "`satisfy any`: an `allow` or a password is enough, whatever the answer is")


def _unasked(root: Directive, guarded: list[Directive]) -> Iterator[Finding]:
    """Find places that forward without a question, in a server that asks elsewhere."""
    servers = [one for one in root.walk() if one.name == "server" and any(_below(one, block) for block in guarded)]
    for server in servers:
        for one in server.walk():
            internal = one.all("internal") or (one.arguments and one.arguments[0].startswith("@"))
            if (
                one.name == "location"
                and not _asks(one)
                and not internal
                and (one.all("proxy_pass") or one.all("root"))
            ):
                yield Finding(one.line, f"location {' '.join(one.arguments)} is served without a question")


def _below(block: Directive, one: Directive | None) -> bool:
    while one is not None and one is not block:
        one = one.parent
    return one is block


def _forwarded(_: Directive, guarded: list[Directive]) -> Iterator[Finding]:
    """Find what is forwarded otherwise than it was judged."""
    for block in guarded:
        for one in block.all("proxy_pass"):
            if one.arguments and "/" in one.arguments[0].partition("://")[2]:
                yield Finding(one.line, "`proxy_pass` with a path: the upstream gets another target than was judged")
        if block.name != "location" or not block.all("proxy_pass"):
            continue
        written = {one.arguments[0].lower(): one for one in block.all("proxy_set_header") if one.arguments}
        if "authorization" not in written:
            yield Finding(block.line, "`proxy_set_header Authorization` is missing: the caller's own gets through")
        for one in written.values():
            if any(value.startswith("$upstream_http_") for value in one.arguments[1:]):
                yield Finding(one.line, "`$upstream_http_...` is empty here: take it by `auth_request_set`")


def _asked(root: Directive, guarded: list[Directive]) -> Iterator[Finding]:
    """Find places where the question is put wrongly, or its answer is kept."""
    asks = [one.effective("auth_request") for one in guarded]
    names = {one.arguments[0] for one in asks if one is not None and one.arguments}
    for place in root.walk():
        if place.name != "location" or not place.arguments or place.arguments[-1] not in names:
            continue
        if not place.all("internal"):
            yield Finding(place.line, "without `internal` callers reach the answer, and the credential in it")
        yield from _kept(place)
        written = {one.arguments[0].lower(): one for one in place.all("proxy_set_header") if len(one.arguments) > 1}
        for name, values in _SAID.items():
            one = written.get(name.lower())
            if one is None:
                yield Finding(place.line, f"`proxy_set_header {name} {values[0]}` is missing: the caller's own is read")
            elif one.arguments[1] not in values:
                yield Finding(one.line, f"{name} is {one.arguments[1]}; it has to be {values[0]}")


def _kept(place: Directive) -> Iterator[Finding]:
    for name in _CACHES:
        cache = place.effective(name)
        if cache is not None and cache.arguments != ("off",):
            yield Finding(cache.line, f"`{name}`: one answer for everybody; the gateway remembers by itself")
    ignored = place.effective("proxy_ignore_headers")
    if ignored is not None and "Cache-Control" in ignored.arguments:
        yield Finding(ignored.line, "`proxy_ignore_headers Cache-Control`: answers say `no-store`")


def _spelling(root: Directive, guarded: list[Directive]) -> Iterator[Finding]:
    """Find servers that let headers pass in other spellings."""
    if not guarded:
        return
    for one in root.walk():
        if one.name == "underscores_in_headers" and one.arguments == ("on",):
            yield Finding(one.line, "`underscores_in_headers on`: X_Subject passes where X-Subject is replaced")
        if one.name == "ignore_invalid_headers" and one.arguments == ("off",):
            yield Finding(one.line, "`ignore_invalid_headers off`: X.Subject passes where X-Subject is replaced")
        if one.name == "include":
            yield Finding(one.line, f"`include {' '.join(one.arguments)}` is not looked into; `nginx -T` prints it all")


_Look = Callable[[Directive, list[Directive]], Iterator[Finding]]
_LOOKS: Final[tuple[_Look, ...]] = (_before, _unasked, _forwarded, _asked, _spelling)

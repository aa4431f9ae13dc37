"""Can what a route says of rewriting be done, in both directions, and safely?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ostiary.config.draft import Draft
from ostiary.config.injectors import QuerySpec
from ostiary.config.problem import Path, Problem
from ostiary.config.query import alike
from ostiary.config.rewriting import FieldsSpec, RewriteSpec
from ostiary.model import fold

_PLACE: Final = re.compile(r"\{(\d+|rest)\}")
_THEIRS: Final = frozenset(
    (
        *(b"authorization", b"cookie", b"proxy", b"proxy-authorization", b"proxy-authenticate"),
        *(b"forwarded", b"x-forwarded", b"x-real-ip", b"x-client-ip", b"x-cluster-client-ip", b"true-client-ip"),
        *(b"client-ip", b"x-original-forwarded-for", b"x-envoy-external-address", b"cf-connecting-ip"),
        *(b"fastly-client-ip", b"x-host", b"x-http-host-override", b"x-arr-clientcert"),
        *(b"forwarded-for", b"x-remote-ip", b"x-remote-addr", b"x-originating-ip", b"fly-client-ip"),
        *(b"do-connecting-ip", b"proxy-client-ip", b"wl-proxy-client-ip", b"wl-proxy-ssl", b"wl-proxy-client-cert"),
        *(b"x-azure-clientip", b"x-azure-socketip", b"x-scheme", b"x-url-scheme", b"front-end-https"),
        *(b"x-script-name", b"x-middleware-subrequest"),
        *(b"remote-user", b"x-remote-user", b"x-ms-client-principal", b"x-ms-client-principal-id"),
        *(b"x-ms-client-principal-name", b"x-goog-iap-jwt-assertion", b"x-goog-authenticated-user-email"),
        *(b"x-goog-authenticated-user-id", b"x-amzn-oidc-data", b"x-amzn-oidc-identity", b"x-amzn-oidc-accesstoken"),
        *(b"cf-access-jwt-assertion", b"cf-access-authenticated-user-email"),
        *(b"x-original-url", b"x-original-uri", b"x-original-host", b"x-original-method", b"x-rewrite-url"),
        *(b"x-envoy-original-path", b"x-http-method-override", b"x-http-method", b"x-method-override"),
        *(b"client-cert", b"client-cert-chain", b"x-request-id", b"http2-settings"),
    )
)
_PROXIES: Final = (b"x-forwarded-", b"x-ssl-", b"ssl-client-", b"x-client-cert", b"x-amzn-mtls-")
_ANSWERS: Final = frozenset((b"x-request-id", b"set-cookie", b"location", b"content-location", b"www-authenticate"))


def rewritten(draft: Draft) -> Iterator[Problem]:
    """Find paths that cannot be written, headers that must not be, and answers that cannot be led back."""
    written = _written(draft)
    for index, route in draft.routes.items():
        if route.rewrite is not None:
            place: Path = ("routes", index, "rewrite")
            yield from _path(draft, route.rewrite, route.match.path, place)
            yield from _query(draft, index, place)
            yield from _names(draft, route.rewrite, written, place)
            yield from _back(draft, route.rewrite, place)


def _path(draft: Draft, spec: RewriteSpec, matched: str, place: Path) -> Iterator[Problem]:
    if spec.path is None:
        return
    if spec.path.strip_prefix is not None and not begins_with(matched, spec.path.strip_prefix):
        message = f"not every path of {matched} begins with {spec.path.strip_prefix}"
        yield draft.problem("C390", message, (*place, "path", "strip_prefix"))
    known = places(matched)
    for name in _PLACE.findall(spec.path.template or ""):
        if name not in known:
            message = f"{{{name}}} is nothing that {matched} matches"
            yield draft.problem(
                "C391", message, (*place, "path", "template"), known=", ".join(f"{{{one}}}" for one in known) or "none"
            )


def _query(draft: Draft, index: int, place: Path) -> Iterator[Problem]:
    route = draft.routes[index]
    own = (route.rewrite.query.set or {}) if route.rewrite is not None and route.rewrite.query is not None else {}
    shown = {alike(str(one.value.name).encode()) for one in route.inject if isinstance(one.value, QuerySpec)}
    known = places(route.match.path)
    for name, value in own.items():
        where: Path = (*place, "query", "set", name)
        for wanted in _PLACE.findall(value):
            if wanted not in known:
                said = ", ".join(f"{{{one}}}" for one in known) or "none"
                message = f"{{{wanted}}} is nothing that {route.match.path} matches"
                yield draft.problem("C391", message, where, known=said)
        if alike(name.encode()) in shown:
            yield draft.problem("C396", f"an injector of this route writes the parameter {name}, too", where)


def begins_with(matched: str, prefix: str) -> bool:
    """Whether every path that a pattern matches begins with these segments."""
    wanted, pattern = prefix[1:].split("/"), matched[1:].split("/")
    return "*" not in wanted and "**" not in wanted and pattern[: len(wanted)] == wanted


def places(matched: str) -> tuple[str, ...]:
    """Return the places that a pattern of paths has: 1, 2, ... for each *, `rest` for a ** at its end."""
    segments = matched[1:].split("/")
    numbers = tuple(str(number + 1) for number in range(segments.count("*")))
    return (*numbers, "rest") if segments[-1] == "**" else numbers


def _names(draft: Draft, spec: RewriteSpec, written: frozenset[bytes], place: Path) -> Iterator[Problem]:
    for old, new in _renamed(spec.headers):
        for name in (old, new):
            folded = fold(name.encode())
            if folded in _THEIRS or folded.startswith(_PROXIES) or folded in written:
                message = f"{name} is the gateway's to write or to judge, and no caller's"
                yield draft.problem("C392", message, (*place, "headers", "rename", old))
    for old, new in _renamed(spec.response.headers if spec.response else None):
        for name in (old, new):
            if fold(name.encode()) in _ANSWERS:
                message = f"{name} of an answer means something to the caller's program, under this name only"
                yield draft.problem("C392", message, (*place, "response", "headers", "rename", old))


def _renamed(fields: FieldsSpec | None) -> list[tuple[str, str]]:
    return list((fields.rename or {}).items()) if fields is not None else []


def _written(draft: Draft) -> frozenset[bytes]:
    """Return what injectors write on any route; folded."""
    names = {
        name
        for route in draft.routes.values()
        for one in route.inject
        if (name := getattr(one.value, "header", None) or getattr(one.value, "name", None))
        and one.kind not in ("query", "cookie", "custom")
    }
    return frozenset(fold(str(name).encode()) for name in names)


def _back(draft: Draft, spec: RewriteSpec, place: Path) -> Iterator[Problem]:
    if spec.path is None or spec.path.template is None or spec.response is None:
        return
    for word in ("location", "cookies"):
        if getattr(spec.response, word):
            message = f"`{word}` cannot be led back through a template"
            yield draft.problem("C393", message, (*place, "response", word), help="use `strip_prefix` and `add_prefix`")

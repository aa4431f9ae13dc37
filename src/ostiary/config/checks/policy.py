"""Can a route's policy hold, and does every kind of evidence have one owner?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cryptography import x509

from ostiary.config.checks.names import authenticators
from ostiary.config.draft import Draft
from ostiary.config.problem import Path, Problem
from ostiary.config.schema import AuthenticatorSpec, MtlsSpec, RouteSpec

_EVIDENCE: Final = {
    "mtls": "the client certificate",
    "jwt": "signed bearer tokens",
    "introspection": "opaque bearer tokens",
    "basic": "passwords",
}
_FORMS: Final = {"bearer": "opaque bearer tokens", "basic": "passwords", "bare": "keys without a scheme"}
_FROM_TOKEN: Final = frozenset(
    ("audience", "tenant", "environment", "permissions", "methods", "scopes", "subject_type", "claims")
)
_SEPARATORS: Final = {"san.uri": "/", "spiffe": "/", "san.dns": ".", "san.email": "@", "san.upn": "@"}
_DISTINGUISHED: Final = ("dn", "issuer")
_SHAPES: Final = {
    "serial": re.compile(r"[0-9A-Fa-f:]{1,60}"),
    "fingerprint": re.compile(r"([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}"),
    "spki": re.compile(r"[A-Za-z0-9+/]{43}="),
}


def owners(draft: Draft) -> Iterator[Problem]:
    """Find evidence that two authenticators judge, and authenticators that prove nobody or are never asked."""
    for index, route in draft.routes.items():
        several = list(authenticators(route.authenticate, ("routes", index, "authenticate")))
        first: dict[str, int] = {}
        for position, (path, one) in enumerate(several):
            taken = [kind for kind in _evidence_of(one) if first.setdefault(kind, position) != position]
            if taken:
                yield _second_owner(draft, path, one.kind, taken[0])
            elif (
                route.authenticate.kind == "all"
                and _in_authorization(one)
                and any(_in_authorization(other) for _, other in several[:position])
            ):
                yield draft.problem(
                    "C334", "no request can have both: they stand in the one Authorization header", path,
                    help="use `any`, or an `api_key` with a `header` of its own",
                )  # fmt: skip
            if one.kind == "anonymous" and route.authenticate.kind == "all":
                yield draft.problem(
                    "C314", "`anonymous` proves nobody, so it cannot be one of `all`", path,
                    note="it would be the principal if it were the last of the list",
                    help="take it out, or write `any` if callers without evidence are welcome",
                )  # fmt: skip
            elif one.kind == "anonymous" and position < len(several) - 1:
                yield draft.problem(
                    "C325", "nothing after `anonymous` is ever asked", path,
                    note="every caller would have been anonymous, with evidence or without",
                    help="put it last",
                )  # fmt: skip


def _evidence_of(one: AuthenticatorSpec) -> tuple[str, ...]:
    """Return what an authenticator judges, in words."""
    if one.api_key is not None:
        own = (f"the header {one.api_key.header.lower()}",)
        return tuple(_FORMS[form] for form in one.api_key.written) or own
    return (_EVIDENCE[one.kind],) if one.kind in _EVIDENCE else ()


def _in_authorization(one: AuthenticatorSpec) -> bool:
    """Whether the evidence stands in the Authorization header."""
    own = one.api_key is not None and one.api_key.header.lower() != "authorization"
    return one.kind not in ("mtls", "anonymous") and not own


def _second_owner(draft: Draft, path: Path, kind: str, evidence: str) -> Problem:
    ways = {"jwt": "one `jwt` takes several issuers", "mtls": "one `mtls` takes several patterns in `allow`"}
    help_ = ways.get(kind, "leave one of the two")
    return draft.problem("C312", f"a second {kind!r} judges {evidence}", path, help=help_)


def patterns(draft: Draft) -> Iterator[Problem]:
    """Find names that cannot be read, and patterns in which a star stands for less than a whole part."""
    for index, route in draft.routes.items():
        for path, one in authenticators(route.authenticate, ("routes", index, "authenticate")):
            if one.mtls is not None:
                for place, source, text in _patterns(one.mtls, (*path, "mtls")):
                    yield from _pattern(draft, place, source, text)


def _patterns(spec: MtlsSpec, path: Path) -> Iterator[tuple[Path, str, str]]:
    """Return every pattern of an `mtls`, with its path and the kind of name that it is for."""
    for name, source, several in (("issuer", "issuer", spec.issuer), ("allow", spec.subject, spec.allow)):
        yield from _several((*path, name), source, several)
    for number, identity in enumerate(spec.identities or ()):
        for source, wanted in identity.match.items():
            yield from _several((*path, "identities", number, "match", source), source, wanted)


def _several(path: Path, source: str, wanted: str | tuple[str, ...] | None) -> Iterator[tuple[Path, str, str]]:
    if isinstance(wanted, str):
        yield path, source, wanted
    else:
        yield from (((*path, position), source, text) for position, text in enumerate(wanted or ()))


def _pattern(draft: Draft, path: Path, source: str, text: str) -> Iterator[Problem]:
    if source in _DISTINGUISHED and text != "**" and not _is_name(text):
        message = f"{text!r} is not a distinguished name (RFC 4514): CN=Bank CA,O=Bank,C=GB"
        yield draft.problem("C327", message, path)
    elif wrong := _wrong_pattern(text, source):
        yield draft.problem("C315", f"{text!r}: {wrong}", path)


def _is_name(text: str) -> bool:
    """Whether a text is a distinguished name."""
    try:
        x509.Name.from_rfc4514_string(text)
    except ValueError:
        return False
    return True


def _wrong_pattern(text: str, source: str) -> str | None:
    """Return what is wrong with a pattern of names, or None."""
    if text == "**":
        return None
    if source in _SHAPES and not _SHAPES[source].fullmatch(text):
        return f"not a {source}; `ostiary certs inspect FILE` shows it"
    parts = _parts(text, source)
    if _SEPARATORS.get(source) == "/" and parts[-1] == "**":
        parts.pop()
    if any("**" in part for part in parts):
        return "** stands alone, or for the rest of a URI: spiffe://example.com/**"
    if any("*" in part and part != "*" for part in parts):
        return "* stands for a whole part of a name, not for a piece of one"
    return None


def _parts(text: str, source: str) -> list[str]:
    if source in _DISTINGUISHED:
        return [str(attribute.value) for attribute in x509.Name.from_rfc4514_string(text)]
    return text.split(_SEPARATORS[source]) if source in _SEPARATORS else [text]


def possible(draft: Draft) -> Iterator[Problem]:
    """Find conditions that only a token can meet, on routes that take none: they would refuse everybody."""
    for index, route in draft.routes.items():
        if route.authorize == "anyone" or _last_is_token(route):
            continue
        known = _said_of_certificates(route)
        for position, rule in enumerate(route.authorize):
            if rule.kind in _FROM_TOKEN - known:
                yield draft.problem(
                    "C323", f"`{rule.kind}` is read from a token, and the principal of this route has none",
                    ("routes", index, "authorize", position), help="add `jwt`, as the last of `all`",
                )  # fmt: skip


def _said_of_certificates(route: RouteSpec) -> set[str]:
    """Return what the identities of a route's certificates say of their callers."""
    specs = [one.mtls for _, one in authenticators(route.authenticate, ()) if one.mtls is not None]
    identities = [one for spec in specs for one in spec.identities or ()]
    return {word for word in ("tenant", "environment", "permissions") if any(getattr(one, word) for one in identities)}


def _last_is_token(route: RouteSpec) -> bool:
    """Whether the principal of a route may come from a token."""
    several = [one.kind for _, one in authenticators(route.authenticate, ())]
    return "jwt" in several or "introspection" in several

"""Can a route's policy hold, and does every kind of evidence have one owner?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cryptography import x509

from ostiary.config.checks.names import authenticators
from ostiary.config.draft import Draft
from ostiary.config.problem import Path, Problem
from ostiary.config.schema import MtlsSpec, RouteSpec

_EVIDENCE: Final = {"mtls": "the client certificate", "jwt": "the Authorization header"}
_FROM_TOKEN: Final = frozenset(("audience", "tenant", "environment", "permissions", "scopes"))
_SEPARATORS: Final = {"san.uri": "/", "san.dns": ".", "san.email": "@", "cn": "\0"}


def owners(draft: Draft) -> Iterator[Problem]:
    """Find evidence that two authenticators judge, and authenticators that prove nobody or are never asked."""
    for index, route in draft.routes.items():
        several = list(authenticators(route.authenticate, ("routes", index, "authenticate")))
        first: dict[str, int] = {}
        for position, (path, one) in enumerate(several):
            if first.setdefault(one.kind, position) != position and one.kind in _EVIDENCE:
                yield _second_owner(draft, path, one.kind)
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


def _second_owner(draft: Draft, path: Path, kind: str) -> Problem:
    help_ = "one `jwt` takes several issuers" if kind == "jwt" else "one `mtls` takes several patterns in `allow`"
    return draft.problem("C312", f"a second {kind!r} judges {_EVIDENCE[kind]}", path, help=help_)


def patterns(draft: Draft) -> Iterator[Problem]:
    """Find names that cannot be read, and patterns in which a star stands for less than a whole part."""
    for index, route in draft.routes.items():
        for path, one in authenticators(route.authenticate, ("routes", index, "authenticate")):
            if one.mtls is None:
                continue
            if one.mtls.issuer is not None and not _is_name(one.mtls.issuer):
                message = f"{one.mtls.issuer!r} is not a distinguished name (RFC 4514): CN=Bank CA,O=Bank,C=GB"
                yield draft.problem("C327", message, (*path, "mtls", "issuer"))
            for position, text in enumerate(one.mtls.allow):
                if wrong := _wrong_pattern(text, one.mtls):
                    yield draft.problem("C315", f"{text!r}: {wrong}", (*path, "mtls", "allow", position))


def _is_name(text: str) -> bool:
    """Whether a text is a distinguished name."""
    try:
        x509.Name.from_rfc4514_string(text)
    except ValueError:
        return False
    return True


def _wrong_pattern(text: str, spec: MtlsSpec) -> str | None:
    """Return what is wrong with a pattern of names, or None."""
    if text == "**":
        return None
    parts = text.split(_SEPARATORS[spec.subject])
    if spec.subject == "san.uri" and parts[-1] == "**":
        parts.pop()
    if any("**" in part for part in parts):
        return "** stands alone, or for the rest of a URI: spiffe://example.com/**"
    if any("*" in part and part != "*" for part in parts):
        return "* stands for a whole part of a name, not for a piece of one"
    return None


def possible(draft: Draft) -> Iterator[Problem]:
    """Find conditions that only a token can meet, on routes that take none: they would refuse everybody."""
    for index, route in draft.routes.items():
        if route.authorize == "anyone" or _last_is_token(route):
            continue
        for position, rule in enumerate(route.authorize):
            if rule.kind in _FROM_TOKEN:
                yield draft.problem(
                    "C323", f"`{rule.kind}` is read from a token, and the principal of this route has none",
                    ("routes", index, "authorize", position), help="add `jwt`, as the last of `all`",
                )  # fmt: skip


def _last_is_token(route: RouteSpec) -> bool:
    """Whether the principal of a route may come from a token."""
    several = [one.kind for _, one in authenticators(route.authenticate, ())]
    return "jwt" in several

"""Can keys be fetched safely, and is each issuer itself?"""

from __future__ import annotations

from collections.abc import Iterator

from ostiary.config.checks.names import authenticators
from ostiary.config.draft import Draft
from ostiary.config.problem import Path, Problem
from ostiary.config.values import Refused, secure_url


def fetchable(draft: Draft) -> Iterator[Problem]:
    """Find issuers whose key set has no safe place to come from."""
    for name, issuer in draft.issuers.items():
        if issuer.jwks_url is not None:
            continue
        path = ("issuers", name, "issuer")
        try:
            secure_url(issuer.issuer)
        except Refused as error:
            better = "https" + issuer.issuer.removeprefix("http") if issuer.issuer.startswith("http://") else None
            yield draft.problem(
                error.code, f"keys are found by discovery, which starts at `issuer`: {error}", path,
                suggestion=better, help="or say in `jwks_url` where the key set is",
            )  # fmt: skip
            continue
        if "?" in issuer.issuer:
            yield draft.problem("C126", "an issuer with a query cannot be discovered", path, help="give `jwks_url`")


def distinct(draft: Draft) -> Iterator[Problem]:
    """Find issuers of one authenticator that a token's `iss` cannot tell apart, or that stand twice."""
    for index, route in draft.routes.items():
        for path, one in authenticators(route.authenticate, ("routes", index, "authenticate")):
            if one.jwt is not None:
                yield from _alike(draft, one.jwt.issuers, (*path, "jwt", "issuers"))


def _alike(draft: Draft, names: tuple[str, ...], path: Path) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for position, name in enumerate(names):
        if name in names[:position]:
            yield draft.problem("C328", f"issuer {name!r} stands twice", (*path, position))
        elif name in draft.issuers:
            other = first.setdefault(draft.issuers[name].issuer, name)
            if other != name:
                message = f"issuers {other!r} and {name!r} write the same `iss`, so a token cannot say whose it is"
                yield draft.problem("C321", message, (*path, position), help="use one of them per route")

"""Can keys be fetched safely, is each issuer itself, and are its tokens for us?"""

from __future__ import annotations

from collections.abc import Iterator

from ostiary.config.checks.names import authenticators
from ostiary.config.draft import Draft
from ostiary.config.presets import Unfit, doubts, resolve
from ostiary.config.problem import Path, Problem
from ostiary.config.schema import IssuerSpec
from ostiary.config.values import Refused, secure_url


def fitting(draft: Draft) -> Iterator[Problem]:
    """Find presets that do not go together with what stands beside them, and what should be looked at."""
    for name, issuer in draft.issuers.items():
        try:
            whole = resolve(issuer)
        except Unfit as error:
            place: Path = ("issuers", name, error.key)
            known = place in draft.tree.values
            yield draft.problem(
                error.code, str(error), place if known else place[:2], key=not known, suggestion=error.suggestion
            )
            continue
        for key, message, help_ in doubts(issuer):
            yield draft.problem("C411", message, ("issuers", name, key), severity="warning", help=help_)
        if whole.audience_unchecked:
            key = "audience_unchecked" if issuer.audience_unchecked else "preset"
            message = f"issuer {name!r} lets in tokens that are for other services"
            yield draft.problem("C412", message, ("issuers", name, key), severity="warning", help="name `audiences`")


def fetchable(draft: Draft) -> Iterator[Problem]:
    """Find issuers whose key set has no safe place to come from."""
    for name, issuer in _resolved(draft).items():
        if issuer.jwks_url or issuer.jwks_file or issuer.certificates_url:
            continue
        path = ("issuers", name, "issuer")
        identifier = issuer.issuer or ""
        try:
            secure_url(identifier)
        except Refused as error:
            better = "https" + identifier.removeprefix("http") if identifier.startswith("http://") else None
            yield draft.problem(
                error.code, f"keys are found by discovery, which starts at `issuer`: {error}", path,
                suggestion=better, help="or say in `jwks_url` where the key set is",
            )  # fmt: skip
            continue
        if "?" in identifier:
            yield draft.problem("C126", "an issuer with a query cannot be discovered", path, help="give `jwks_url`")


def distinct(draft: Draft) -> Iterator[Problem]:
    """Find issuers of one authenticator that a token cannot tell apart, or that stand twice."""
    resolved = _resolved(draft)
    for index, route in draft.routes.items():
        for path, one in authenticators(route.authenticate, ("routes", index, "authenticate")):
            if one.jwt is not None:
                yield from _alike(draft, resolved, one.jwt.issuers, (*path, "jwt", "issuers"))


def _alike(draft: Draft, resolved: dict[str, IssuerSpec], names: tuple[str, ...], path: Path) -> Iterator[Problem]:
    for position, name in enumerate(names):
        if name in names[:position]:
            yield draft.problem("C328", f"issuer {name!r} stands twice", (*path, position))
        elif name in resolved:
            before = (other for other in names[:position] if other in resolved)
            other = next((other for other in before if not told_apart(resolved[other], resolved[name])), None)
            if other is not None:
                message = f"issuers {other!r} and {name!r} write the same `iss`, so a token cannot say whose it is"
                help_ = "use one of them per route, or name the `tenant` or `environment` of both"
                yield draft.problem("C321", message, (*path, position), help=help_)


def told_apart(one: IssuerSpec, other: IssuerSpec) -> bool:
    """Whether no token can be of both issuers: another `iss`, or another tenant or environment in the same claim."""
    if set(one.identifiers).isdisjoint(other.identifiers):
        return True
    return any(_pinned_apart(one, other, pin) for pin in ("tenant", "environment"))


def _pinned_apart(one: IssuerSpec, other: IssuerSpec, pin: str) -> bool:
    values = getattr(one, pin), getattr(other, pin)
    return None not in values and values[0] != values[1] and getattr(one.claims, pin) == getattr(other.claims, pin)


def _resolved(draft: Draft) -> dict[str, IssuerSpec]:
    """Return the issuers with their presets applied, but for those that are told as what they are above."""
    found = {}
    for name, issuer in draft.issuers.items():
        try:
            found[name] = resolve(issuer)
        except Unfit:
            continue
    return found

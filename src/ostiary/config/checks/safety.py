"""What is allowed, and should be looked at? These are warnings: they stop nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ostiary.config.checks.names import authenticators
from ostiary.config.draft import Draft
from ostiary.config.problem import Problem
from ostiary.config.schema import RouteSpec
from ostiary.config.values import is_loopback_host


def doubtful(draft: Draft) -> Iterator[Problem]:
    """Find what weakens a door, one after the other."""
    yield from _credentials_in_clear(draft)
    yield from _credentials_for_anyone(draft)
    yield from _lenient_listeners(draft)
    yield from _pinned(draft)


def _credentials_in_clear(draft: Draft) -> Iterator[Problem]:
    """Find upstreams that receive a credential over plain http from another machine's point of view."""
    receiving = {route.upstream for route in draft.routes.values() if _injects(route)}
    for name, upstream in draft.upstreams.items():
        clear = [
            position for position, endpoint in enumerate(upstream.endpoints)
            if endpoint.scheme == "http" and not is_loopback_host(endpoint.host)
        ]  # fmt: skip
        if clear and name in receiving and upstream.plaintext is None:
            yield draft.problem(
                "C402", f"upstream {name!r} is plain http and receives a credential",
                ("upstreams", name, "endpoints", clear[0]), severity="warning",
                help="use https://, or write `plaintext: accepted` on the upstream to silence this",
            )  # fmt: skip


def _injects(route: RouteSpec) -> bool:
    return any(getattr(injector.value, "credential", None) is not None for injector in route.inject)


def _credentials_for_anyone(draft: Draft) -> Iterator[Problem]:
    """Find routes on which a credential is used for callers that proved nothing."""
    for index, route in draft.routes.items():
        kinds = [one.kind for _, one in authenticators(route.authenticate, ())]
        if "anonymous" in kinds and route.authorize == "anyone" and _injects(route):
            yield draft.problem(
                "C401", f"route {route.name!r} uses a credential for callers that proved nothing",
                ("routes", index, "inject"), key=True, severity="warning",
                help="ask for evidence, or do not inject a credential here",
            )  # fmt: skip


def _lenient_listeners(draft: Draft) -> Iterator[Problem]:
    for name, listener in draft.listeners.items():
        client = listener.tls.client if listener.tls else None
        path = ("listeners", name, "tls", "client")
        if client and client.profile == "compat":
            message = "`profile: compat` accepts X.509 v1 certificates, which cannot say what they are for"
            yield draft.problem("C403", message, (*path, "profile"), severity="warning")
        if client and client.revocation and client.revocation.mode == "soft":
            message = "`mode: soft` accepts certificates while a revocation list is missing or old"
            yield draft.problem("C409", message, (*path, "revocation", "mode"), severity="warning")


def _pinned(draft: Draft) -> Iterator[Problem]:
    for alias, credential in draft.credentials.items():
        if credential.version is not None:
            message = f"credential {alias!r} is pinned to version {credential.version}: a rotation does not reach it"
            yield draft.problem("C406", message, ("credentials", alias, "version"), severity="warning")

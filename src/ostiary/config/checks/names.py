"""Does every name lead somewhere, and is every entry used?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ostiary.config.checks.backends import needs
from ostiary.config.draft import Draft
from ostiary.config.listeners import ListenerTlsSpec
from ostiary.config.nearest import nearest
from ostiary.config.oauth import TokenSpec
from ostiary.config.problem import Path, Problem
from ostiary.config.schema import AuthenticateSpec, AuthenticatorSpec, RouteSpec, SharedSpec

_CODES: Final = {"vaults": "C201", "credentials": "C202", "upstreams": "C203", "issuers": "C204", "keys": "C205"}
_MOST_SHOWN: Final = 8


def dangling(draft: Draft) -> Iterator[Problem]:
    """Find names that lead nowhere."""
    for section, name, path in references(draft):
        known = draft.names(section)
        if name not in known and section not in _misspelt(draft):
            yield draft.problem(
                _CODES[section],
                f"unknown {section.removesuffix('s')} {name!r}",
                path,
                suggestion=nearest(name, known),
                known=_with_lines(draft, section, known) or f"there are no {section}",
            )


def _misspelt(draft: Draft) -> frozenset[str]:
    """Return sections that are not there because their own name is misspelt, or they are no sections."""
    return frozenset(section for section in _CODES if section in draft.broken and not draft.names(section))


def _with_lines(draft: Draft, section: str, names: tuple[str, ...]) -> str:
    shown = [f"{name} ({draft.tree.line((section, name))})" for name in names[:_MOST_SHOWN]]
    return ", ".join(shown) + (f", and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else "")


def unused(draft: Draft) -> Iterator[Problem]:
    """Find entries that nothing refers to."""
    if not draft.whole("routes", "credentials"):
        return
    used = {(section, name) for section, name, _ in references(draft)}
    used |= {(section, str(nearest(name, draft.names(section)))) for section, name in used}  # or was meant to be
    for section in _CODES:
        for name in draft.names(section):
            if (section, name) not in used:
                word = section.removesuffix("s")
                yield draft.problem(
                    "C220",
                    f"{word} {name!r} is not used",
                    (section, name),
                    key=True,
                    severity="warning",
                    help="take it out, or use it",
                )


def references(draft: Draft) -> Iterator[tuple[str, str, Path]]:
    """Return every reference to an entry, as (section, name, path)."""
    for alias, credential in draft.credentials.items():
        yield "vaults", credential.vault, ("credentials", alias, "vault")
    yield from (("credentials", alias, path) for alias, path in needs(draft))
    yield from _of_keys(draft)
    if draft.shared is not None:
        yield from _of_shared(draft.shared)
    for name, spec in draft.issuers.items():
        if spec.sync is not None:
            yield "credentials", spec.sync.credential, ("issuers", name, "sync", "credential")
    for index, route in draft.routes.items():
        here: Path = ("routes", index)
        yield "upstreams", route.upstream, (*here, "upstream")
        for at, authenticator in authenticators(route.authenticate, (*here, "authenticate")):
            if authenticator.jwt is not None:
                for position, issuer in enumerate(authenticator.jwt.issuers):
                    yield "issuers", issuer, (*at, "jwt", "issuers", position)
            yield from (("credentials", alias, place) for alias, place in _records(authenticator, at))
            yield from (("keys", alias, place) for alias, place in _signing(authenticator, at))
        yield from _of_injectors(route, here)


def _of_injectors(route: RouteSpec, path: Path) -> Iterator[tuple[str, str, Path]]:
    """Return what the injectors of a route show the upstream, and sign with."""
    for position, injector in enumerate(route.inject):
        for section, key in (("credentials", "credential"), ("credentials", "session_token"), ("keys", "key")):
            if (name := getattr(injector.value, key, None)) is not None:
                yield section, name, (*path, "inject", position, injector.kind, key)
        if isinstance(injector.value, TokenSpec):
            client = injector.value.client
            place = (*path, "inject", position, injector.kind, "client", client.kind)
            if (alias := getattr(client.value, "credential", None)) is not None:
                yield "credentials", alias, (*place, "credential")
            yield from (("keys", alias, (*place, key)) for key, alias in _own(client.value))


def _of_keys(draft: Draft) -> Iterator[tuple[str, str, Path]]:
    """Return where keys are kept, and where they are published."""
    for name, key in draft.keys.items():
        if (vault := getattr(key, "vault", None)) is not None:
            yield "vaults", vault, ("keys", name, "vault")
    for name, listener in draft.listeners.items():
        if listener.tls is not None:
            yield from _of_tls(listener.tls, ("listeners", name, "tls"))
    for name, upstream in draft.upstreams.items():
        if upstream.tls.identity is not None:
            yield "keys", upstream.tls.identity, ("upstreams", name, "tls", "identity")
        if upstream.tls.credential is not None:
            yield "credentials", upstream.tls.credential, ("upstreams", name, "tls", "credential")
    if draft.publication is not None:
        for position, name in enumerate(draft.publication.keys):
            yield "keys", name, ("publication", "keys", position)


def _of_shared(spec: SharedSpec) -> Iterator[tuple[str, str, Path]]:
    """Return the secrets that gateways have together, and those that they log in with."""
    if spec.key_credential is not None:
        yield "credentials", spec.key_credential, ("shared", "key_credential")
    for place, alias in spec.redis.logins.items():
        yield "credentials", alias, ("shared", "redis", *place)


def _of_tls(spec: ListenerTlsSpec, path: Path) -> Iterator[tuple[str, str, Path]]:
    """Return the keys that a listener shows."""
    if spec.identity is not None:
        yield "keys", spec.identity, (*path, "identity")
    for number, one in enumerate(spec.also):
        if one.identity is not None:
            yield "keys", one.identity, (*path, "also", number, "identity")


def _records(spec: AuthenticatorSpec, path: Path) -> Iterator[tuple[str, Path]]:
    """Return the credentials that an authenticator knows callers by, or itself is known by."""
    for kind, key, aliases in (
        ("api_key", "keys", spec.api_key.keys if spec.api_key else ()),
        ("basic", "users", spec.basic.users if spec.basic else ()),
    ):
        yield from ((alias, (*path, kind, key, position)) for position, alias in enumerate(aliases))
    if spec.introspection is not None:
        client = spec.introspection.client
        if (alias := getattr(client.value, "credential", None)) is not None:
            yield alias, (*path, "introspection", "client", client.kind, "credential")


def _signing(spec: AuthenticatorSpec, path: Path) -> Iterator[tuple[str, Path]]:
    """Return the key that an authenticator proves the gateway with."""
    if spec.introspection is not None:
        client = spec.introspection.client
        yield from ((alias, (*path, "introspection", "client", client.kind, key)) for key, alias in _own(client.value))


def _own(client: object) -> Iterator[tuple[str, str]]:
    """Return the keys of ours with which the gateway proves itself: one that signs, or one that is shown."""
    found = ((key, getattr(client, key, None)) for key in ("key", "identity"))
    return ((key, alias) for key, alias in found if alias is not None)


def authenticators(spec: AuthenticateSpec, path: Path) -> Iterator[tuple[Path, AuthenticateSpec | AuthenticatorSpec]]:
    """Return the authenticators of a route, with their paths."""
    several = spec.any or spec.all
    if several is None:
        yield path, spec
    else:
        yield from (((*path, spec.kind, position), one) for position, one in enumerate(several))

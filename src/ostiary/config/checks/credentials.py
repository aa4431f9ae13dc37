"""Does each caller's credential lead to that caller's record only, and do bound tokens meet their certificate?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ostiary.config.checks.inject import PLACES, wrong_text
from ostiary.config.checks.names import references
from ostiary.config.draft import Draft
from ostiary.config.nearest import nearest
from ostiary.config.oauth import TokenSpec
from ostiary.config.problem import Path, Problem
from ostiary.config.schema import UpstreamSpec
from ostiary.config.sigv4 import SigV4Spec
from ostiary.config.values import is_loopback_host

_ABOUT: Final = tuple(place for place in PLACES if place.startswith("principal."))
_WRITE: Final = frozenset(("basic", "bearer", "header", "query", "cookie", "sigv4"))
"""Injectors that write a credential, or sign with it, for a caller who is known by then."""


def paths(draft: Draft) -> Iterator[Problem]:
    """Find places in paths that cannot be filled in, or could be filled in alike for two callers."""
    for alias, credential in draft.credentials.items():
        if credential.path is None or not ("{" in credential.path or "}" in credential.path):
            continue
        where: Path = ("credentials", alias, "path")
        if wrong := wrong_text(credential.path):
            message, name = wrong
            meant = nearest(name, _ABOUT) if name else None
            yield draft.problem("C353", message, where, suggestion=f"{{{meant}}}" if meant else None)
        elif "{request." in credential.path:
            yield draft.problem("C353", "only what was verified of the caller leads to a credential", where)
        elif any(segment.count("{") > 1 for segment in credential.path.split("/")):
            yield draft.problem("C353", "two places in one segment: two callers could have one path", where)


def users(draft: Draft) -> Iterator[Problem]:
    """Find credentials of callers that are used where there is no caller."""
    for section, alias, path in references(draft):
        credential = draft.credentials.get(alias) if section == "credentials" else None
        if credential is not None and credential.for_each and not _writes(path):
            message = f"{alias!r} is another credential for each caller, and here is no caller"
            yield draft.problem("C354", message, path)
    for alias, credential in draft.credentials.items():
        if credential.for_each and credential.start == "require":
            message = f"{alias!r} is another credential for each caller, and at the start there is no caller"
            yield draft.problem("C354", message, ("credentials", alias, "start"))


def _writes(path: Path) -> bool:
    """Whether a reference is the `credential` of an injector that writes it, or of a client that asks for a caller."""
    written = rf"({'|'.join(_WRITE)})/(credential|session_token)"
    asked_with = "oauth2/client/(basic|post|private_key_jwt)/credential"
    return bool(re.fullmatch(rf"routes/\d+/inject/\d+/({written}|{asked_with})", "/".join(map(str, path))))


def bound(draft: Draft) -> Iterator[Problem]:
    """Find bound tokens whose upstream is not shown the certificate that they are bound to."""
    for index, route in draft.routes.items():
        upstream = draft.upstreams.get(route.upstream)
        for position, injector in enumerate(route.inject):
            spec = injector.value
            if upstream is None or not isinstance(spec, TokenSpec) or not spec.bound:
                continue
            shown, client = upstream.tls.client, spec.client.certificate
            if shown is None or client is None or shown.certificate != client.certificate:
                message = f"upstream {route.upstream!r} is not shown the certificate that the token is bound to"
                help_ = f"upstreams > {route.upstream} > tls > client: the same `certificate` and `private_key`"
                yield draft.problem(
                    "C352", message, ("routes", index, "inject", position, injector.kind, "bound"), help=help_
                )


def signatures(draft: Draft) -> Iterator[Problem]:
    """Find signatures that would not hold: something is written after them, or the Host is not known before."""
    for index, route in draft.routes.items():
        upstream = draft.upstreams.get(route.upstream)
        for position, injector in enumerate(route.inject):
            if injector.sigv4 is None:
                continue
            where: Path = ("routes", index, "inject", position)
            if not _together(draft, injector.sigv4):
                message = "key and session token are two fields of one record, and these are of two"
                yield draft.problem("C355", message, (*where, "sigv4", "session_token"))
            if position != len(route.inject) - 1:
                yield draft.problem("C355", "`sigv4` signs what the others write: it is the last one", where)
            if upstream is not None and upstream.host == "endpoint" and len(upstream.endpoints) > 1:
                message = f"upstream {route.upstream!r} has several endpoints, so Host is not known when it is signed"
                yield draft.problem("C355", message, where)
            if injector.sigv4.payload == "unsigned" and upstream is not None and not _secure(upstream):
                message = (
                    f"a body that is not signed is accepted over TLS only, and upstream {route.upstream!r} has none"
                )
                yield draft.problem("C355", message, (*where, "sigv4", "payload"))


def _together(draft: Draft, spec: SigV4Spec) -> bool:
    """Whether key and session token are of one record: versions of two say nothing of each other."""
    key, session = draft.credentials.get(spec.credential), draft.credentials.get(spec.session_token or "")
    if key is None or session is None:
        return True
    paths = (key.path or spec.credential, session.path or spec.session_token)
    same = ("vault", "version", "engine", "mount")
    return paths[0] == paths[1] and all(getattr(key, name) == getattr(session, name) for name in same)


def _secure(upstream: UpstreamSpec) -> bool:
    return all(one.scheme == "https" or is_loopback_host(one.host) for one in upstream.endpoints)


def lives(draft: Draft) -> Iterator[Problem]:
    """Find tokens about callers that could live longer than the key that verifies them is published."""
    for index, route in draft.routes.items():
        for position, injector in enumerate(route.inject):
            spec = injector.identity
            key = draft.keys.get(spec.key) if spec is not None else None
            if spec is not None and key is not None and spec.lifetime > key.keep:
                message = f"tokens live longer than key {spec.key!r} is published after it was replaced (`keep`)"
                yield draft.problem("C356", message, ("routes", index, "inject", position, "identity", "lifetime"))

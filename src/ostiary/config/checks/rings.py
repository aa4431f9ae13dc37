"""Can keys be kept where they are said to be, and does everybody know a key before it signs?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ostiary.config.checks.names import references
from ostiary.config.draft import Draft
from ostiary.config.keys import AzureKeySpec, LocalKeySpec, TransitKeySpec
from ostiary.config.listeners import ListenerTlsSpec
from ostiary.config.problem import Path, Problem
from ostiary.config.vaults import AzureVaultSpec, HashicorpVaultSpec, LocalVaultSpec

_WANTED: Final = {LocalKeySpec: LocalVaultSpec, TransitKeySpec: HashicorpVaultSpec, AzureKeySpec: AzureVaultSpec}


def rings_kept(draft: Draft) -> Iterator[Problem]:
    """Find keys that are said to be in a vault that keeps no such keys."""
    for name, key in draft.keys.items():
        wanted = _WANTED.get(type(key))
        vault = draft.vaults.get(getattr(key, "vault", ""))
        if wanted is not None and vault is not None and not isinstance(vault, wanted):
            message = f"a key of type {key.type} is not in a vault of type {vault.type}"
            yield draft.problem("C371", message, ("keys", name, "vault"))


def rings_known(draft: Draft) -> Iterator[Problem]:
    """Find keys that sign before everybody who verifies can have heard of them."""
    spec = draft.publication
    if spec is None:
        return
    for position, name in enumerate(spec.keys):
        key = draft.keys.get(name)
        if key is not None and key.publish_before <= spec.max_age:
            message = f"key {name!r} is published for {key.publish_before:g} s before it signs, and others remember "
            message += f"what was published before for {spec.max_age:g} s"
            yield draft.problem("C370", message, ("publication", "keys", position), help="raise its `publish_before`")


def rings_beside(draft: Draft) -> Iterator[Problem]:
    """Find routes in the place of our key set."""
    spec = draft.publication
    if spec is None or spec.listeners != "all":
        return
    ours = {f"{spec.prefix}/.well-known/{name}" for name in ("jwks.json", "openid-configuration")}
    for index, route in draft.routes.items():
        if route.match.path in ours and route.match.host in (None, spec.host):
            yield draft.problem("C373", "here the gateway answers itself", ("routes", index, "match", "path"))


def rings_signing(draft: Draft) -> Iterator[Problem]:
    """Find keys that are to sign and only open what is encrypted to them."""
    for section, name, path in references(draft):
        key = draft.keys.get(name) if section == "keys" and path[0] == "routes" and path[-1] == "key" else None
        if key is not None and key.opens:
            message = f"key {name!r} opens what is encrypted to it ({key.algorithm}), and does not sign"
            yield draft.problem("C378", message, path)


def rings_shown(draft: Draft) -> Iterator[Problem]:
    """Find keys that are to be shown in TLS and cannot."""
    for name, path in _shown(draft):
        key = draft.keys.get(name)
        if key is not None and (not isinstance(key, LocalKeySpec) or path[0] == "admin"):
            where = "on the admin listener" if path[0] == "admin" else "in handshakes"
            yield draft.problem("C375", f"a key of type {key.type} is not shown {where}", path)


def _shown(draft: Draft) -> Iterator[tuple[str, Path]]:
    """Return the keys whose certificates are to be shown, each with its place."""
    clients = [(name, path) for section, name, path in references(draft) if (section, path[-1]) == ("keys", "identity")]
    yield from (one for one in clients if one[1][0] == "routes")
    for name, upstream in draft.upstreams.items():
        yield upstream.tls.identity or "", ("upstreams", name, "tls", "identity")
    ends: list[tuple[Path, ListenerTlsSpec | None]] = [
        (("listeners", name, "tls"), listener.tls) for name, listener in draft.listeners.items()
    ]
    ends.append((("admin", "tls"), None if draft.admin is None else draft.admin.tls))
    for path, tls in ends:
        for number, one in enumerate(() if tls is None else (tls, *tls.also), start=-1):
            yield one.identity or "", (*path, *(("also", number) if number >= 0 else ()), "identity")

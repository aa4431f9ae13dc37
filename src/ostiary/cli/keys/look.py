"""`ostiary keys list` and `ostiary keys jwks`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ostiary.cli.frame import DEFAULT_CONFIG, ConfigOption, Json, Overlays, emit, fail
from ostiary.cli.keys.answer import answers
from ostiary.cli.keys.facts import told
from ostiary.cli.keys.place import Place, every, place
from ostiary.keys.algorithms import jwk
from ostiary.keys.version import published
from ostiary.sealed.errors import SecretError
from ostiary.sealed.files import check_file

Aliases = Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="Which keys; all by default.")]


def list_(
    aliases: Aliases = None, *, config: ConfigOption = DEFAULT_CONFIG, overlay: Overlays = None, as_json: Json = False
) -> None:
    """Show the versions of keys: which signs, which are published, from when and until when."""
    now = time.time()
    rings = [_row(one, now) for one in _asked(config, aliases, overlay or ())]
    if as_json:
        emit(rings)
        return
    for ring in rings:
        print(f"{ring['key']}" + (f"  ({ring['problem']})" if ring["problem"] else ""))
        for one in ring["versions"]:
            until = f"  until {one['not_after']}" if one["not_after"] else ""
            print(
                f"  {one['version']:>3}  {one['state']:<9} {one['role']:<10} {one['algorithm']:<6} {one['kid']}"
                f"  from {one['not_before']}{until}"
            )


def jwks(aliases: Aliases = None, *, config: ConfigOption = DEFAULT_CONFIG, overlay: Overlays = None) -> None:
    """Print the public keys as the gateway publishes them now: a key set (RFC 7517).

    For verifiers that are given a file, and for a look before a rotation.
    """
    keys = []
    for one in _asked(config, aliases, overlay or ()):
        with answers():
            check_file(one.ring.store.path)
            versions = [kept.version for kept in one.ring.read()[0]]
        keys += [jwk(v.public, v.alg, v.kid) for v in published(versions, time.time(), one.spec.keep, one.pin)]
    emit({"keys": keys})


def _asked(config: Path, aliases: list[str] | None, overlays: Sequence[Path]) -> list[Place]:
    found = [place(config, alias, overlays=overlays) for alias in aliases] if aliases else every(config, overlays)
    if not found:
        fail("keys.none", "the file has no keys in a local vault", where=str(config))
    return found


def _row(one: Place, now: float) -> dict[str, Any]:
    with answers():
        check_file(one.ring.store.path)
    try:
        versions, problem = told(one, one.ring.read()[0], now), None
    except SecretError as error:
        versions, problem = [], str(error)
    return {"key": one.alias, "vault": one.spec.vault, "problem": problem, "versions": versions}

"""`ostiary keys list` and `ostiary keys jwks`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ostiary.cli.frame import DEFAULT_CONFIG, ConfigOption, Exit, Json, Overlays, emit, fail
from ostiary.cli.keys.answer import answers
from ostiary.cli.keys.facts import told
from ostiary.cli.keys.place import Place, every, place
from ostiary.cli.vault.place import sections
from ostiary.config.keys import LocalKeySpec
from ostiary.errors import CredentialUnavailable
from ostiary.keys.algorithms import jwk
from ostiary.keys.version import published
from ostiary.observe.log import silent
from ostiary.sealed.errors import SecretError
from ostiary.sealed.files import check_file

Aliases = Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="Which keys; all by default.")]


def list_(
    aliases: Aliases = None, *, config: ConfigOption = DEFAULT_CONFIG, overlay: Overlays = None, as_json: Json = False
) -> None:
    """Show the versions of keys.

    Which signs, which are published, from when and until when.
    """
    now = time.time()
    rings = [_row(one, now) for one in _asked(config, aliases, overlay or ())]
    if as_json:
        emit(rings)
        return
    for ring in rings:
        print(f"{ring['key']}" + (f"  ({ring['problem']})" if ring["problem"] else ""))
        width = max((len(one["algorithm"]) for one in ring["versions"]), default=0)
        for one in ring["versions"]:
            until = f"  until {one['not_after']}" if one["not_after"] else ""
            print(
                f"  {one['version']:>3}  {one['state']:<9} {one['role']:<10} {one['algorithm']:<{width}} {one['kid']}"
                f"  from {one['not_before']}{until}"
            )


def jwks(aliases: Aliases = None, *, config: ConfigOption = DEFAULT_CONFIG, overlay: Overlays = None) -> None:
    """Print the public keys as the gateway publishes them now.

    It is a key set (RFC 7517). For verifiers that are given a file, and for a look before a rotation. Keys in
    HSMs and on servers are asked for there, so this also shows whether they can be had.
    """
    elsewhere = _elsewhere(config, aliases, overlay or ())
    local = [alias for alias in aliases or () if alias not in elsewhere]
    keys = []
    for one in _asked(config, local, overlay or ()) if local or not elsewhere else ():
        with answers():
            check_file(one.ring.store.path)
            versions = [kept.version for kept in one.ring.read()[0]]
        keys += [jwk(v.public, v.alg, v.kid) for v in published(versions, time.time(), one.spec.keep, one.pin)]
    if elsewhere:
        with answers(), silent():
            keys += asyncio.run(_fetched(config, elsewhere, overlay or ()))
    emit({"keys": keys})


def _elsewhere(config: Path, aliases: list[str] | None, overlays: Sequence[Path]) -> list[str]:
    """Return the keys among those that were asked for that are not kept in a local vault."""
    known = sections(config, overlays).draft.keys
    return [alias for alias in aliases or () if alias in known and not isinstance(known[alias], LocalKeySpec)]


async def _fetched(config: Path, aliases: list[str], overlays: Sequence[Path]) -> list[dict[str, str]]:
    from ostiary.embed import open_keys

    async with open_keys(config, overlays=overlays) as keys:
        try:
            found: list[dict[str, str]] = (await keys.jwks(*aliases))["keys"]
        except CredentialUnavailable as error:
            fail("keys.unavailable", error.detail, exit_code=Exit.UNKNOWN)
        return found


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

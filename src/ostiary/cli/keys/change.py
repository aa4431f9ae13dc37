"""`ostiary keys enable`, `disable` and `destroy`."""

from __future__ import annotations

import time

from ostiary.cli.frame import DEFAULT_CONFIG, ConfigOption, Json, Overlays, emit, fail, say
from ostiary.cli.keys.answer import answers
from ostiary.cli.keys.place import Alias, Place, place
from ostiary.cli.versions import Chosen, Every, Number, Yes, chosen, sure
from ostiary.keys.version import signing
from ostiary.sealed import VersionState
from ostiary.sealed.errors import SecretError
from ostiary.sealed.files import check_file


def enable(
    alias: Alias,
    number: Number,
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    as_json: Json = False,
) -> None:
    """Let a disabled version sign again, when it is its turn."""
    _change(place(config, alias, overlays=overlay or ()), VersionState.ENABLED, number, as_json=as_json)


def disable(
    alias: Alias,
    number: Number,
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    as_json: Json = False,
) -> None:
    """Keep a version from signing, without losing it.

    It is taken out of the published key set. What it signed is refused as soon as verifiers ask for the key set anew.
    """
    _change(place(config, alias, overlays=overlay or ()), VersionState.DISABLED, number, as_json=as_json)


def destroy(
    alias: Alias,
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    number: Chosen = None,
    every: Every = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Forget the private half of a version, for ever. Copies and backups of the file still hold it."""
    what = chosen(number, every=every)
    where = place(config, alias, overlays=overlay or ())
    sure(f"Destroy {what} of key {alias}? What it signed can be verified no more.", "keys", yes=yes)
    _change(where, VersionState.DESTROYED, number, as_json=as_json)


def _change(where: Place, state: VersionState, number: int | None, *, as_json: bool) -> None:
    with answers():
        check_file(where.ring.store.path)
        changed = where.ring.change(state, number)
    if number is not None and not changed and state is not VersionState.DESTROYED and number not in _left(where):
        fail("keys.destroyed", f"version {number} of {where.alias} was destroyed and does not come back")
    if as_json:
        emit({"key": where.alias, "versions": changed, "state": state.value})
    else:
        print(f"{where.alias}: {', '.join(map(str, changed)) or 'nothing'} {state.value}")
    _warn(where)


def _left(where: Place) -> list[int]:
    try:
        return [int(one.version.id) for one in where.ring.read()[0]]
    except SecretError:
        return []


def _warn(where: Place) -> None:
    """Say when nothing is left that signs."""
    try:
        versions = [one.version for one in where.ring.read()[0]]
    except SecretError:
        versions = []
    if signing(versions, time.time(), where.pin) is None:
        say(f"warning: nothing signs for {where.alias} now; `ostiary keys rotate --now {where.alias}` changes that")

"""`ostiary vault key` and `ostiary vault rekey`: the master key."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.frame import DEFAULT_CONFIG, ConfigOption, Json, Overlays, emit, fail
from ostiary.cli.vault.answer import answers
from ostiary.cli.vault.place import VaultName, sections
from ostiary.sealed.files import check_file
from ostiary.vault.local import new_key_text


def key(
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it to a new file that only you can read.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a master key: 32 random octets, base64. Keep it apart from the vault, and a copy safe."""
    text = new_key_text()
    if out is None:
        emit({"master_key": text}) if as_json else print(text)
        return
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        fail("vault.exists", "there is a file already; a master key is never overwritten", where=str(out))
    with os.fdopen(handle, "w") as file:
        file.write(f"{text}\n")
    emit({"written": str(out)}) if as_json else print(f"a new master key is in {out}")


def rekey(
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    vault: VaultName = None,
    as_json: Json = False,
) -> None:
    """Lock the vault with the current master key, not a previous one.

    Give gateways the new key first (`master_key` the new one, the old one in `previous_master_keys`), then
    run this, then drop the old one.
    """
    with answers():
        found = sections(config, overlay or ())
        name = vault or found.only_local()
        store = found.store(name)
        check_file(store.path)
        wrapped = store.rekey()
    current = store.masters.current.id
    if as_json:
        emit({"vault": name, "master_key_id": current, "data_keys": wrapped})
    elif wrapped:
        print(f"{name}: {wrapped} data keys are wrapped with master key {current} now; drop the previous one")
    else:
        print(f"{name}: already locked with master key {current}")

"""`ostiary vault get` and `ostiary vault list`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby
from typing import Annotated, Any

import typer

from ostiary.cli.frame import DEFAULT_CONFIG, ConfigOption, Json, Overlays, emit, fail
from ostiary.cli.vault.answer import answers
from ostiary.cli.vault.place import Alias, Place, VaultName, place, sections
from ostiary.sealed.files import check_file
from ostiary.vault.local import Opened, Version

MASK = "******"


class Field(StrEnum):
    """The halves of a credential."""

    ID = "id"
    SECRET = "secret"  # noqa: S105 - a word, not a secret


def get(
    alias: Alias,
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    vault: VaultName = None,
    version: Annotated[int | None, typer.Option(min=1, help="Which version; the one in use by default.")] = None,
    field: Annotated[Field | None, typer.Option(help="Print this half only, raw, without a newline.")] = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show the secret.")] = False,
    as_json: Json = False,
) -> None:
    """Show a credential; its secret only when asked for."""
    with answers():
        where = place(config, alias, vault, overlay or ())
        check_file(where.store.path)
        opened, _ = where.store.read(where.path, version or where.spec.version)
    if field is not None:
        _raw(where, opened, field)
    elif as_json:
        emit(_facts(where, opened, reveal=reveal))
    else:
        facts = _facts(where, opened, reveal=reveal)
        print("\n".join(f"{name:<8} {MASK if value is None else value}" for name, value in facts.items()))


def list_(
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    vault: VaultName = None,
    as_json: Json = False,
) -> None:
    """Show which records and versions there are, never what they hold."""
    with answers():
        found = sections(config, overlay or ())
        store = found.store(vault or found.only_local())
        check_file(store.path)
        records = [
            {"path": path, "versions": [_version(version) for version in versions]}
            for path, versions in groupby(store.versions(), key=lambda version: version.path)
        ]
    if as_json:
        emit(records)
        return
    width = max((len(str(record["path"])) for record in records), default=0)
    for record in records:
        for version in record["versions"]:
            print(f"{record['path']:<{width}}  {version['version']:>3}  {version['state']:<9}  {version['created']}")


def _raw(where: Place, opened: Opened, field: Field) -> None:
    name = where.spec.id if field is Field.ID else where.spec.secret
    if name not in opened.fields:
        fail("vault.no-field", f"{where.alias} has no field {name!r}")
    sys.stdout.buffer.write(opened.fields[name].reveal())
    sys.stdout.buffer.flush()


def _facts(where: Place, opened: Opened, *, reveal: bool) -> dict[str, Any]:
    name, secret = opened.fields.get(where.spec.id), opened.fields.get(where.spec.secret)
    return {
        "alias": where.alias,
        "vault": where.vault,
        "path": where.path,
        "version": opened.version.number,
        "created": _version(opened.version)["created"],
        "id": name.reveal().decode() if name else "",
        "secret": secret.reveal().decode() if secret and reveal else None,
    }


def _version(version: Version) -> dict[str, Any]:
    created = datetime.fromtimestamp(version.created, UTC).isoformat().replace("+00:00", "Z")
    return {"version": version.number, "state": version.state.value, "created": created}

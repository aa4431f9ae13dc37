"""Which ring, in which file: from the configuration. Only the key and its vault have to be right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.frame import Exit, fail, say
from ostiary.cli.keys.answer import answers
from ostiary.cli.vault.place import Sections, sections
from ostiary.config.keys import KeySpec, LocalKeySpec
from ostiary.config.nearest import nearest
from ostiary.config.vaults import LocalVaultSpec
from ostiary.keys.compile import local_ring
from ostiary.keys.local import LocalRing

Alias = Annotated[str, typer.Argument(metavar="KEY", help="Name of the key, in the section `keys`.")]
VaultName = Annotated[
    str | None, typer.Option("--vault", metavar="NAME", help="Which local vault, for a key that is new to the file.")
]


@dataclass(frozen=True, slots=True)
class Place:
    """Where one ring is kept.

    Attributes:
        alias: its name.
        spec: what the configuration says of it.
        ring: the ring.
    """

    alias: str
    spec: LocalKeySpec
    ring: LocalRing

    @property
    def pin(self) -> str | None:
        """The only version that may sign, or None."""
        return None if self.spec.version is None else str(self.spec.version)


def place(file: Path, alias: str, vault: str | None = None, overlays: Sequence[Path] = ()) -> Place:
    """Return where a ring is kept; its name may be new to the file."""
    found = sections(file, overlays)
    spec = found.draft.keys.get(alias) or _new(found, file, alias, vault)
    if not isinstance(spec, LocalKeySpec):
        fail(
            "keys.not-local",
            f"key {alias!r} is of type {spec.type}: this command keeps keys in local vaults only",
            hint="use the tools of whoever keeps it; the gateway takes a rotation up by itself",
            exit_code=Exit.USAGE,
        )
    if vault not in (None, spec.vault):
        fail("vault.other", f"{alias!r} is kept in vault {spec.vault!r}, not in {vault!r}", exit_code=Exit.USAGE)
    found.store(spec.vault)  # says what is wrong with the vault
    with answers():
        return Place(alias, spec, local_ring(alias, spec, found.draft.vaults, file.parent))


def every(file: Path, overlays: Sequence[Path] = ()) -> list[Place]:
    """Return every ring of the file that is kept in a local vault."""
    draft = sections(file, overlays).draft
    return [
        place(file, alias, overlays=overlays)
        for alias, spec in draft.keys.items()
        if isinstance(spec, LocalKeySpec) and isinstance(draft.vaults.get(spec.vault), LocalVaultSpec)
    ]


def _new(found: Sections, file: Path, alias: str, vault: str | None) -> KeySpec:
    known = found.draft.names("keys")
    if alias in known:
        where = f"{file}: keys.{alias}"
        fail("config.invalid", f"{alias!r} has mistakes", hint="`ostiary check` says which", where=where)
    guess = nearest(alias, known)
    say(f"note: {file} has no key {alias!r}" + (f"; did you mean {guess!r}?" if guess else ""))
    name = vault or found.only_local()
    found.store(name)  # says what is wrong with it, or with its name
    return LocalKeySpec(type="local", vault=name)
